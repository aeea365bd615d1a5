"""A real server whose provider fails in every documented way at random, while clients leave.

Nobody hangs; an answer counts as whole only where the provider's reply was; each error has a documented
status and shape; memory and sockets come back to where they were.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import statistics
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import jsonschema
import pytest

from tests.fakes.command_line import CommandLine
from tests.fakes.faults import FAULTS, SAID, FaultyProvider
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import Glm5Server

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator, Iterator

    from tests.fakes.faults import Fault

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends servers by a Unix signal")

AT_ONCE = 40
BOUND = 60.0
"""Seconds after which a request counts as hung: two attempts of 5 s, a pause, and a machine that is busy."""
LEAVING = 0.1
"""Share of the clients that hang up before they have their answer."""
LIMITS = {
    "LECTERN_LLM_PROVIDER": "zai",
    "LECTERN_LLM_API_KEY": "key",
    "LECTERN_LLM_IDLE_TIMEOUT": "1",
    "LECTERN_LLM_TIMEOUT": "5",
    "LECTERN_LLM_ATTEMPTS": "2",
    "LECTERN_AGENT_STEPS": "3",
}
OPEN_FOR_EVER = {"LECTERN_LLM_CIRCUIT_FAILURES": "1000000"}
"""The breaker would hide most faults behind one."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    fault: Fault
    number: int
    path: str
    agent: bool
    stream: bool
    leaves_after: float | None

    @property
    def body(self) -> dict[str, object]:
        question = f"What is the monthly rent? (fault {self.fault.name} {self.number})"
        if self.path == "/v1/query":
            mode = "agent" if self.agent else "retrieve"
            return {"question": question, "mode": mode, "stream": self.stream}
        model = "lectern/default:agent" if self.agent else "lectern/default:retrieve"
        messages = [{"role": "user", "content": question}]
        return {"model": model, "messages": messages, "stream": self.stream}


@dataclass
class Ran:
    """What came of many requests."""

    outcomes: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])
    seconds: list[float] = field(default_factory=list[float])


@dataclass(frozen=True)
class Process:
    """A server as the system sees it."""

    pid: int

    @property
    def megabytes(self) -> float:
        """Resident."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * 4_096 / 2**20

    @property
    def sockets(self) -> int:
        """Open ones of TCP, to clients and to the provider; those to the index process are a pool."""
        tables = (Path(f"/proc/{self.pid}/net/{name}") for name in ("tcp", "tcp6"))
        rows = [row.split() for table in tables for row in table.read_text(encoding="ascii").splitlines()[1:]]
        known = {f"socket:[{row[9]}]" for row in rows}
        count = 0
        for descriptor in Path(f"/proc/{self.pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                count += str(descriptor.readlink()) in known
        return count


@contextmanager
def serving(line: CommandLine, **environment: str) -> Generator[tuple[str, subprocess.Popen[str]]]:
    """A server, which must end well; what it logs is not looked at."""
    server = line.start("serve", "--port", "0", **environment)
    assert server.stdout is not None
    told = server.stdout.readline()
    assert told.startswith("Lectern answers at "), server.communicate(timeout=60)[1]
    try:
        yield told.split()[3], server
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)
    assert server.returncode == 0


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    folder = tmp_path_factory.mktemp("faults")
    write_texts(folder / "docs", {"lease.md": LEASE})
    made = CommandLine(folder / "data", folder)
    made.ok("ingest", "docs")
    return made


@pytest.fixture
def faults() -> FaultyProvider:
    return FaultyProvider()


@pytest.fixture
def provider(faults: FaultyProvider) -> Iterator[Glm5Server]:
    with Glm5Server(faults.script) as server:
        yield server


def drawn(count: int, seed: int) -> list[Asked]:
    """Requests at random; every fault is among the first ones. No two have a number in common."""
    chance = random.Random(seed)
    names = [*FAULTS, *chance.choices([*FAULTS], k=count)][:count]
    chance.shuffle(names)
    asked: list[Asked] = []
    for number, name in enumerate(names, start=10_000 * (seed + 1)):
        fault = FAULTS[name]
        agent = fault.agent if fault.agent is not None else chance.random() < 0.3
        path = chance.choice(["/v1/query", "/v1/chat/completions"])
        leaves = chance.uniform(0, 1.5) if chance.random() < LEAVING else None
        asked.append(Asked(fault, number, path, agent, chance.random() < 0.5, leaves))
    return asked


async def run(url: str, faults: FaultyProvider, requests: list[Asked]) -> Ran:
    """Ask them all, so many at a time."""
    ran, places = Ran(), asyncio.Semaphore(AT_ONCE)
    limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx2.AsyncClient(base_url=url, timeout=BOUND, limits=limits, trust_env=False) as http:
        described = (await http.get("/openapi.json")).json()

        async def ask(asked: Asked) -> None:
            async with places:
                began = time.monotonic()
                outcome, wrong = await judged(http, asked, described, faults)
                ran.seconds.append(time.monotonic() - began)
                ran.outcomes[outcome] += 1
                ran.wrong += [
                    f"{asked.fault.name} {asked.path} {asked.stream=} {asked.agent=}: {w}" for w in wrong
                ]

        await asyncio.gather(*map(ask, requests))
    return ran


async def judged(
    http: httpx2.AsyncClient,
    asked: Asked,
    described: Any,  # noqa: ANN401 — JSON
    faults: FaultyProvider,
) -> tuple[str, list[str]]:
    """What came of a request, and what is wrong with that."""
    try:
        async with asyncio.timeout(asked.leaves_after):
            response = await http.post(asked.path, json=asked.body)
    except TimeoutError:
        return "left", []
    except httpx2.TimeoutException:
        return "hung", [f"no end within {BOUND:g} s"]
    except httpx2.HTTPError as error:
        return "broken", [f"the connection broke: {error!r}"]
    reply = read(asked, response)
    wrong = [*undocumented(asked, response, described)]
    if asked.fault.does == "recover" and reply.status == 502 and faults.attempts[str(asked.number)] == 1:
        return UNRETRIED, wrong
    return reply.outcome, [*wrong, *reply.wrong_for(asked)]


@dataclass(frozen=True)
class Told:
    """A response as its client understands it."""

    status: int
    """Of the error, in the stream's last frame or of the response; 200 where there is none."""
    text: str = ""
    grounded: bool | None = None
    wrong: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        named = {200: "answered", UNTOLD: "ended by an error"}
        return named.get(self.status, str(self.status))

    def wrong_for(self, asked: Asked) -> Iterator[str]:
        """In which way it is not what the fault asks for."""
        yield from self.wrong
        if isinstance(asked.fault.expected, int):
            yield from self._wrong_error(asked, asked.fault.expected)
        elif self.status != 200:
            yield f"{self.status} in place of an answer: {self.text}"
        elif asked.fault.expected == "empty":
            if self.text or self.grounded is not False:
                yield f"nothing was said, and it is {self.text!r}, {self.grounded=}"
        elif not self.text.startswith(SAID):
            yield f"it is not what the provider said: {self.text!r}"
        elif asked.fault.expected == "unproven" and self.grounded is not False:
            yield "what was cut short counts as proven"

    def _wrong_error(self, asked: Asked, expected: int) -> Iterator[str]:
        if self.status == UNTOLD:
            if not asked.fault.begun:
                yield f"no status, though nothing had been said: {self.text}"
            return
        allowed = {400 if asked.path == "/v1/chat/completions" and expected == 422 else expected}
        if TURNED_AWAY in self.text:
            allowed.add(503)
        if self.status not in allowed:
            yield f"{self.status} in place of {expected}: {self.text}"


TURNED_AWAY = "has failed too often"
"""In the words of an open circuit."""
UNRETRIED = "not retried"
"""What comes of a question whose provider would recover: the retries of all together are bounded."""
UNTOLD = 0
"""The status of an error in the middle of a chat client's stream, whose frame has none."""


def read(asked: Asked, response: httpx2.Response) -> Told:
    """As clients of this path read it."""
    chat = asked.path == "/v1/chat/completions"
    if response.status_code != 200:
        body = response.json()
        return Told(response.status_code, body["error"]["message"] if chat else body["detail"])
    if asked.stream:
        return read_chunks(response.text) if chat else read_events(response.text)
    body = response.json()
    if chat:
        return Told(200, body["choices"][0]["message"]["content"], body["lectern"]["grounded"])
    return Told(200, body["answer"], body["grounded"])


def read_events(text: str) -> Told:
    frames = [frame.split("\n", 1) for frame in text.strip().split("\n\n")]
    events = [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in frames
    ]
    ends = [name for name, _ in events if name in ("done", "error")]
    name, body = events[-1]
    wrong = () if ends == [name] else (f"it ends {len(ends)} times, with {ends} and {name}",)
    if name == "error":
        return Told(body["status"], body["detail"], wrong=wrong)
    if name == "done":
        return Told(200, body["answer"], body["grounded"], wrong=wrong)
    return Told(200, wrong=(f"the stream ends in {name}",))


def read_chunks(text: str) -> Told:
    frames = [frame.removeprefix("data: ") for frame in text.strip().split("\n\n")]
    chunks: list[Any] = [json.loads(frame) for frame in frames if frame != "[DONE]"]
    if "error" in chunks[-1]:
        wrong = ("an error and the end of an answer",) if frames[-1] == "[DONE]" else ()
        return Told(UNTOLD, chunks[-1]["error"]["message"], wrong=wrong)
    wrong = () if frames[-1] == "[DONE]" else ("it never says that it is done",)
    written = "".join(
        chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"]
    )
    proofs = [chunk["lectern"] for chunk in chunks if chunk.get("lectern")]
    return Told(200, written, proofs[-1]["grounded"] if proofs else None, wrong)


def undocumented(asked: Asked, response: httpx2.Response, described: Any) -> Iterator[str]:  # noqa: ANN401 — JSON
    """What the description of the API does not say of a response."""
    status, media = str(response.status_code), response.headers["content-type"].partition(";")[0]
    responses = described["paths"][asked.path]["post"]["responses"]
    if status not in responses:
        yield f"{status} is not documented"
        return
    content = responses[status]["content"]
    if media not in content:
        yield f"{status} as {media} is not documented"
        return
    if "retry-after" in response.headers and "Retry-After" not in responses[status].get("headers", {}):
        yield f"Retry-After of {status} is not documented"
    if media != "text/event-stream":
        schema = {**content[media]["schema"], "components": described["components"]}
        try:
            jsonschema.validate(response.json(), schema, jsonschema.Draft202012Validator)
        except jsonschema.ValidationError as error:
            yield f"not the documented shape: {error.message}"


def test_some_faults(line: CommandLine, provider: Glm5Server, faults: FaultyProvider) -> None:
    """Some of each kind, with the breaker off and then as it is set by default."""
    address = {"LECTERN_LLM_BASE_URL": provider.base_url}
    for more in (OPEN_FOR_EVER, {}):
        with serving(line, **LIMITS, **address, **more) as (url, _):
            first_question(url)
            ran = asyncio.run(run(url, faults, drawn(60, seed=len(more))))
        assert ran.wrong == []
        assert ran.outcomes.total() == 60
        assert ran.outcomes[UNRETRIED] == 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads memory and sockets from /proc")
def test_a_thousand_faults(line: CommandLine, provider: Glm5Server, faults: FaultyProvider) -> None:
    address = {"LECTERN_LLM_BASE_URL": provider.base_url}
    with serving(line, **LIMITS, **address, **OPEN_FOR_EVER) as (url, server):
        process = Process(server.pid)
        first_question(url)
        warm = asyncio.run(run(url, faults, drawn(200, seed=1)))
        before = settled(url, process)
        ran = asyncio.run(run(url, faults, drawn(1_000, seed=2)))
        after = settled(url, process)
    slowest, median = max(ran.seconds), statistics.median(ran.seconds)
    figures = (
        f"outcomes {dict(ran.outcomes)}; median {median:.2f} s, slowest {slowest:.1f} s; "
        f"memory {before[0]:.0f} → {after[0]:.0f} MB, sockets {before[1]} → {after[1]}; "
        f"the provider was asked {len(provider.requests)} times, and left {provider.left} times\n"
    )
    sys.stdout.write(figures)
    assert warm.wrong + ran.wrong == []
    assert ran.outcomes.total() == 1_000
    assert after[0] < before[0] + 32
    assert after[1] <= before[1]


def first_question(url: str) -> None:
    """It loads what the others share."""
    with httpx2.Client(base_url=url, timeout=BOUND, trust_env=False) as http:
        answer = http.post("/v1/query", json={"question": "What is the monthly rent? (fault none 0)"})
        assert answer.status_code == 200, answer.text


def settled(url: str, process: Process) -> tuple[float, int]:
    """Megabytes and sockets once the connections that are kept for later have expired."""
    time.sleep(8)
    first_question(url)
    time.sleep(1)
    return process.megabytes, process.sockets
