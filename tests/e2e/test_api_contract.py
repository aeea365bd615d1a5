"""The description of the API against the service, by schemathesis: all its checks, right and wrong data.

Whatever it sends, nothing but what is described may come back, and never 500. What must be known beforehand,
such as the id of a document, is told to it, so that more than refusals are seen.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import httpx2
import pytest
from pydantic import SecretStr

from service.access.keys import make_key
from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import CutStream, ErrorReply, Glm5Server, MalformedFrame, Reply
from tests.fakes.live_service import live, passages_of

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

CONFIGURATION = Path(__file__).parents[1] / "schemathesis.toml"
TEXTS = {"lease.md": LEASE, "policy.txt": "Travel policy\n\nEmployees shall book trains.\n"}
KeyKind = Literal["none", "admin", "read", "write", "limited", "expired", "revoked"]
_COVERAGE = ("--phases", "coverage", "--exclude-method", "DELETE")
_OPEN = ("--exclude-path", "/v1/keys")
"""Where no key is needed: the first one that is made closes the server to whoever has none."""
"""Every border of every field, right and wrong; what the test needs stays."""
_FAILING = ("2xx", "3xx", "4xx", "502", "503", "504")
"""What a client may see where the provider is at fault."""


def answer(request: Recorded) -> Step:
    """Cite the first passage of a prompt."""
    shown = passages_of(request)
    marker = next(iter(shown), None)
    said = (
        "The documents do not say."
        if marker is None
        else f'It is so [{marker} "{shown[marker].splitlines()[0][:40]}"].'
    )
    return Reply(said, chunk=400)


@dataclass
class Failing:
    """A provider with a different fault each time."""

    asked: int = 0

    def __call__(self, _: Recorded) -> Step:
        faults: tuple[Step, ...] = (
            ErrorReply(400, code="1210"),
            ErrorReply(401, code="1001"),
            ErrorReply(429, code="1113"),
            ErrorReply(500, body="<html>bad gateway</html>", content_type="text/html"),
            CutStream(2),
            MalformedFrame(1),
        )
        self.asked += 1
        return faults[self.asked % len(faults)]


@contextmanager
def serving(folder: Path, script: object = answer) -> Generator[LiveService]:
    """A service with two documents, a conversation, a job and a review."""
    write_texts(folder / "docs", TEXTS)
    with Glm5Server(script) as glm5:  # pyright: ignore[reportArgumentType] — a function of the request
        settings = Settings(
            data=folder / "data",
            llm_base_url=glm5.base_url,
            llm_provider="zai",
            llm_api_key=SecretStr("key"),
            ingest_roots=(folder / "docs",),
        )
        with live(settings) as service:
            service.ingest(folder / "docs")
            yield service


def known(service: LiveService) -> Mapping[str, str]:
    """Values of parameters that lead to something."""
    job = service.post("/v1/ingests", {"paths": [str(service.services.settings.ingest_roots[0])]}, 202)
    asked = {"question": "What is the rent?"}
    response = service.http.post("/v1/query", json=asked)
    found: dict[str, str] = response.json() if response.status_code == 200 else {}
    review = service.post("/v1/reviews", {"questions": [{"question": "What is the rent?"}]}, 202)
    deadline = time.monotonic() + 30
    while service.get(f"/v1/reviews/{review['id']}")["state"] in {"queued", "running"}:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return {
        "document_id": service.documents()["lease.md"]["id"],
        "job_id": job["id"],
        "review_id": review["id"],
        "session_id": found.get("session_id", "none"),
        "answer_id": found.get("id", "none"),
        "model": "lectern/default",
    }


def make(service: LiveService, kind: KeyKind) -> str:
    """A key of this kind; none where none is needed."""
    if kind == "none":
        return ""
    catalog, soon = service.services.catalog, datetime.now(UTC) + timedelta(seconds=1)
    made = {
        "admin": lambda: make_key(catalog, "default", "", permissions=["admin"]),
        "read": lambda: make_key(catalog, "default", "", permissions=["read"]),
        "write": lambda: make_key(catalog, "default", "", permissions=["write"]),
        "limited": lambda: make_key(
            catalog, "default", "", permissions=["read", "write"], collections=frozenset({"others"})
        ),
        "expired": lambda: make_key(catalog, "default", "", expires_at=soon),
        "revoked": lambda: make_key(catalog, "default", ""),
    }
    make_key(catalog, "default", "so that one is needed")
    key, record = made[kind]()
    if kind == "revoked":
        catalog.revoke_key("default", record.id)
    if kind == "expired":
        time.sleep(1.1)
    return key


def check(
    service: LiveService,
    folder: Path,
    key: str,
    *options: str,
    parameters: Mapping[str, str] | None = None,
    statuses: tuple[str, ...] = (),
) -> str:
    """Run all checks; what it prints, if nothing was found."""
    written = CONFIGURATION.read_text(encoding="utf-8")
    if statuses:
        written += f"\n[checks.not_a_server_error]\nexpected-statuses = {list(statuses)}\n"
    if parameters:
        lines = (f'"path.{name}" = "{value}"\n' for name, value in parameters.items())
        written += "\n[parameters]\n" + "".join(lines)
    configuration = folder / "schemathesis.toml"
    configuration.write_text(written, encoding="utf-8")
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(configuration)]
    command += [
        "run",
        f"{service.url}/openapi.json",
        "--continue-on-failure",
        "--no-color",
    ]
    command += ["--seed", "7", "--request-timeout", "20", *options]
    command += ["--header", f"Authorization: Bearer {key}"] if key else []
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-30_000:] + done.stderr[-2_000:]
    return done.stdout


def assert_whole(told: str, *phases: str) -> None:
    """These phases were gone through, and each request that they made passed."""
    summary = told.partition(" SUMMARY ")[2]
    assert all(f"✅ {phase}\n" in summary for phase in phases), summary
    counted = re.search(r"([0-9,]+) generated, ([0-9,]+) passed", summary)
    assert counted, summary
    assert counted[1] == counted[2] != "0"


def test_nothing_comes_back_that_is_not_described(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        parameters = known(service)
        told = check(service, tmp_path, "", *_COVERAGE, *_OPEN, parameters=parameters)
    assert_whole(told, "Coverage")


@pytest.mark.parametrize("kind", ["expired", "revoked"])
def test_a_key_that_opens_nothing_is_told_so_everywhere(tmp_path: Path, kind: KeyKind) -> None:
    with serving(tmp_path) as service:
        key = make(service, kind)
        headers = {"Authorization": f"Bearer {key}"}
        with httpx2.Client(base_url=service.url, headers=headers, timeout=60, trust_env=False) as client:
            described = client.get("/openapi.json").json()
            asked = [
                (path, client.request(method, path.replace("{", "").replace("}", "")))
                for path, operations in described["paths"].items()
                for method in operations
            ]
    assert len(asked) > 40
    for path, response in asked:
        guarded = path.startswith("/v1/") or path == "/metrics"
        assert response.status_code == (401 if guarded else 200), path
    assert all(
        operation.get("security")
        for path, operations in described["paths"].items()
        for operation in operations.values()
        if path.startswith("/v1/")
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["none", "admin", "read", "write", "limited"])
def test_nor_with_any_key_nor_with_random_data(tmp_path: Path, kind: KeyKind) -> None:
    with serving(tmp_path) as service:
        parameters = known(service)
        key = make(service, kind)
        left_out = () if key else _OPEN
        told = check(service, tmp_path, key, *_COVERAGE, *left_out, parameters=parameters)
        assert_whole(told, "Coverage")
        told = check(
            service, tmp_path, key, "--phases", "fuzzing,stateful", "--max-examples", "60", *left_out
        )
        assert_whole(told, "Fuzzing", "Stateful")


@pytest.mark.slow
def test_nor_where_the_provider_fails(tmp_path: Path) -> None:
    with serving(tmp_path, Failing()) as service:
        parameters = known(service)
        told = check(
            service,
            tmp_path,
            "",
            *("--phases", "coverage,fuzzing", "--max-examples", "20", "--exclude-method", "DELETE"),
            *_OPEN,
            *("--include-path-regex", "query|chat|reviews|warm|search"),
            parameters=parameters,
            statuses=_FAILING,
        )
    assert_whole(told, "Coverage", "Fuzzing")
