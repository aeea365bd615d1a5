"""One party asks thousands of things of a server on which a rival works, and learns nothing of it.

Whatever it asks is asked of a second server, too, that has never had the rival: but for times and ids made by
chance, both must answer the same, in every count, score, token and error. And no mark of the rival's may
stand in any answer, header, log or prompt.
"""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.fakes.parties import (
    COLLECTIONS,
    MARK,
    QUESTIONS,
    RIVAL_MARK,
    TENANT,
    admitted,
    opened_world,
)
from tests.fakes.probes import Prober
from tests.fakes.told_alike import told_by

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from pathlib import Path

    from tests.fakes.parties import Rivalry, World
    from tests.fakes.probes import Probe
    from tests.fakes.told_alike import Told

SLOW = pytest.mark.slow
SHOWN = 5


@dataclass
class Exploration:
    """What came of many requests."""

    here: World
    twin: World
    prober: Prober
    shared_tokens: bool
    findings: list[str] = field(default_factory=list[str])
    statuses: dict[int, int] = field(default_factory=dict[int, int])
    own_marks: int = 0
    """Answers with the prober's own mark: what is found here would be found there."""

    def run(self, requests: int) -> None:
        for probe in self.prober.begin():
            self.ask(probe)
        while sum(self.statuses.values()) < requests:
            self.ask(self.prober.draw())

    def ask(self, probe: Probe) -> None:
        answered, mirrored = probe.send(self.here), probe.send(self.twin)
        here, twin = (
            told_by(world, response, shared_tokens=self.shared_tokens)
            for world, response in ((self.here, answered), (self.twin, mirrored))
        )
        self.statuses[here.status] = self.statuses.get(here.status, 0) + 1
        said = f"{answered.headers} {answered.text}"
        self.own_marks += MARK in said
        if RIVAL_MARK in said:
            self.findings.append(f"the rival's mark: {probe}: {said[:2_000]}")
        if here.status >= 500:
            self.findings.append(f"an error: {probe}: {here}")
        if here != twin:
            self.findings.append(f"unlike: {probe}\n{difference(here, twin)}")
        self._remember(probe, here)

    def _remember(self, probe: Probe, told: Told) -> None:
        """What the prober may use from now on."""
        if told.status >= 400:
            return
        for kind, symbol in made_by(probe, told.body):
            if symbol.startswith(("new:", "sent:")):
                self.prober.remember(kind, symbol)
        turn = _turn(probe, told.body)
        if turn is not None:
            self.prober.turns = [*self.prober.turns, turn][-60:]


def made_by(probe: Probe, body: list[Any]) -> list[tuple[str, str]]:
    """Kind and symbol of what an answer names."""
    named: dict[str, Any] = _first_object(body)
    path = probe.path.partition("?")[0]
    if path == "/v1/query":
        return [("session", named.get("session_id", "")), ("answer", named.get("id", ""))]
    if path == "/v1/reviews" and probe.method == "POST":
        return [("review", named.get("id", ""))]
    if path == "/v1/documents":
        listed = cast("list[dict[str, str]]", named.get("documents", []))
        return [("job", named.get("id", "")), *(("doc", one["id"]) for one in listed)]
    return []


def _turn(probe: Probe, body: list[Any]) -> tuple[str, str] | None:
    """A question and its answer, as a chat client keeps them."""
    named = _first_object(body)
    if probe.path == "/v1/query" and named.get("answer"):
        return probe.body["question"], named["answer"]
    if probe.path == "/v1/chat/completions" and named.get("choices") and not probe.body["stream"]:
        return probe.body["messages"][-1]["content"], named["choices"][0]["message"]["content"]
    return None


def _first_object(body: list[Any]) -> dict[str, Any]:
    """The JSON document, or the data of a stream's first event."""
    for part in body:
        last = cast("list[object]", part)[-1] if isinstance(part, list) and part else None
        value = cast("object", part) if last is None else last
        if isinstance(value, dict):
            return cast("dict[str, Any]", value)
    return {}


def difference(here: Told, twin: Told) -> str:
    """Where two answers part."""
    if here.status != twin.status:
        return f"{here.status}: {here.body}\n{twin.status}: {twin.body}"
    one, other = repr(here), repr(twin)
    at = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return f"…{one[max(0, at - 200) : at + 200]}\n…{other[max(0, at - 200) : at + 200]}"


@contextmanager
def exploring(folder: Path, rivalry: Rivalry, seed: int) -> Generator[Exploration]:
    """Two servers with the same documents and keys, on one of which there is a rival, too."""
    limited = rivalry == "collection"
    with ExitStack() as opened:
        here = opened.enter_context(opened_world(folder / "here", rivalry, limited=limited))
        twin = opened.enter_context(opened_world(folder / "twin", None, limited=limited))
        assert here.rival is not None
        foreign: Mapping[str, list[str]] = here.rival.ids
        for world in (here, twin):
            world.foreign = {identity for ids in foreign.values() for identity in ids}
        prober = Prober(Random(seed), sorted(here.clients), foreign)
        prober.turns = list(here.rival.turns)
        for symbol in here.names:
            kind = symbol.partition(":")[0]
            if kind in prober.own:
                prober.remember(kind, symbol)
        yield Exploration(here, twin, prober, shared_tokens=limited)


def check(found: Exploration, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing was learnt, and it could have been."""
    here, rival = found.here, found.here.rival
    assert rival is not None
    assert rival.failures == []
    assert rival.rounds > 0
    assert rival.turns
    assert found.findings[:SHOWN] == []
    assert RIVAL_MARK not in caplog.text
    prompts = _prompts(here)
    assert [prompt for prompt in prompts if MARK in prompt and RIVAL_MARK in prompt] == []
    assert any(MARK in prompt for prompt in prompts)
    assert any(RIVAL_MARK in prompt for prompt in prompts)
    asked = sum(found.statuses.values())
    assert found.own_marks > asked / 20
    assert {200, 202, 403, 404} <= found.statuses.keys()


@pytest.mark.parametrize(
    ("rivalry", "requests", "seed"),
    [
        pytest.param("tenant", 180, 1, id="another tenant"),
        pytest.param("collection", 100, 2, id="another collection"),
        pytest.param("tenant", 10_000, 3, id="another tenant, 10,000 requests", marks=SLOW),
        pytest.param("collection", 3_000, 4, id="another collection, 3,000 requests", marks=SLOW),
    ],
)
def test_a_rival_at_work_changes_no_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rivalry: Rivalry, requests: int, seed: int
) -> None:
    caplog.set_level(logging.INFO)
    with exploring(tmp_path, rivalry, seed) as exploration:
        rival = exploration.here.rival
        assert rival is not None
        with rival.at_work():
            exploration.run(requests)
        check(exploration, caplog)


def test_nothing_is_told_of_another_keys_conversations(tmp_path: Path) -> None:
    """The documents are shared, but not what somebody else has asked about them."""
    with (
        opened_world(tmp_path, None, limited=True) as world,
        admitted(world, TENANT, COLLECTIONS) as rival,
    ):
        rival.converse()
        assert rival.failures == []
        told = [prompt for prompt in _prompts(world) if RIVAL_MARK in prompt]
        assert len(told) >= len(COLLECTIONS) * len(QUESTIONS)
        prober = Prober(Random(5), sorted(world.clients), {"doc": ["0" * 16], **rival.ids})
        found: list[str] = []
        for probe in [*prober.begin(), *(prober.draw() for _ in range(80))]:
            answer = probe.send(world)
            if RIVAL_MARK in f"{answer.headers} {answer.text}":
                found.append(f"{probe}: {answer.text[:1_000]}")
        for client in world.clients.values():
            for kind, path in (("session", "/v1/sessions/{}"), ("answer", "/v1/answers/{}/explanation")):
                for identity in rival.ids[kind]:
                    nobodys = "0" * len(identity)
                    theirs, unknown = (client.get(path.format(one)) for one in (identity, nobodys))
                    assert theirs.status_code == unknown.status_code == 404
                    assert theirs.text.replace(identity, nobodys) == unknown.text

        assert found == []
        assert [prompt for prompt in _prompts(world) if RIVAL_MARK in prompt] == told


def _prompts(world: World) -> list[str]:
    return [request.prompt for request in world.glm5.requests]


@SLOW
@pytest.mark.parametrize("path", ["/v1/documents/{}", "/v1/jobs/{}", "/v1/reviews/{}", "/v1/sessions/{}"])
def test_a_404_takes_as_long_for_what_is_a_rivals_as_for_what_nobody_has(
    tmp_path: Path, path: str, record_property: Callable[[str, object], None]
) -> None:
    kind = path.split("/")[2].removesuffix("s").replace("document", "doc")
    with opened_world(tmp_path, "tenant", limited=False) as world:
        assert world.rival is not None
        theirs = world.rival.ids[kind]
        nobodys = [f"{number:0{len(theirs[0])}x}" for number in range(len(theirs))]
        times: dict[bool, list[float]] = {True: [], False: []}
        rng = Random(6)
        for _ in range(600):
            is_theirs = rng.random() < 0.5
            asked = path.format(rng.choice(theirs if is_theirs else nobodys))
            began = time.perf_counter()
            answer = world.clients["admin"].get(asked)
            times[is_theirs].append(time.perf_counter() - began)
            assert answer.status_code == 404
    share = _share_of_slower(times[True], times[False])
    for is_theirs, taken in times.items():
        record_property("theirs" if is_theirs else "nobody's", f"median {1_000 * median(taken):.2f} ms")
    record_property("theirs slower", round(share, 3))
    # Half, where nothing can be told; for so many pairs chance alone stays within 0.45 and 0.55.
    assert 0.4 < share < 0.6


def _share_of_slower(some: Sequence[float], others: Sequence[float]) -> float:
    """The chance that one of the first took longer than one of the others (Mann and Whitney's U)."""
    slower = sum((one > other) + (one == other) / 2 for one in some for other in others)
    return slower / (len(some) * len(others))
