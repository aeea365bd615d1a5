"""The page's files and every answer's headers, over a real socket."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from typing import TYPE_CHECKING

import httpx2
import pytest
from fastapi import FastAPI

from service.http import problems
from service.http.description import hash_of
from service.http.headers import API_HEADERS, API_POLICY, PAGE_POLICY, SecurityHeaders
from service.settings import Settings
from tests.fakes.glm5 import Glm5Server, Hang, Reply
from tests.fakes.live_service import live

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

KEY = "an-access-key"


@pytest.fixture(scope="module")
def model() -> Generator[Glm5Server]:
    with Glm5Server(answer) as server:
        yield server


def answer(request: Recorded) -> Reply | Hang:
    """To one question a model writes half of its answer, and then nothing more."""
    if "silence" in request.question:
        half = Reply("The fees are 40 euros [D1:1].\n\nThey are due every month.\n\nAnd", chunk=1_000)
        return Hang(after=2, reply=half)
    return Reply("# Fees\n\nThey are 40 euros [D1:1].\n\n- <b>more</b>")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, model: Glm5Server) -> Generator[LiveService]:
    folder: Path = tmp_path_factory.mktemp("page")
    (folder / "fees.md").write_text("The fees are 40 euros.", encoding="utf-8")
    settings = Settings.model_validate(
        {
            "data": folder / "data",
            "llm_base_url": model.base_url,
            "llm_api_key": "key",
            "llm_provider": "zai",
            "access_key": KEY,
        }
    )
    with live(settings) as service:
        service.ingest(folder / "fees.md")
        yield service


@pytest.fixture
def stranger(service: LiveService) -> Generator[httpx2.Client]:
    """A browser that has no key."""
    with httpx2.Client(base_url=service.url, trust_env=False, timeout=30) as client:
        yield client


def test_the_page_is_open_and_names_only_files_that_are_there(stranger: httpx2.Client) -> None:
    page = stranger.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == PAGE_POLICY
    named = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(named) >= 4
    for path in named:
        found = stranger.get(path)
        assert found.status_code == 200, path
        assert found.headers["content-security-policy"] == PAGE_POLICY


@pytest.mark.parametrize(
    ("path", "kind"),
    [("main.js", "text/javascript"), ("style.css", "text/css"), ("icon.svg", "image/svg+xml")],
)
def test_files_have_their_kind_and_are_sent_small(stranger: httpx2.Client, path: str, kind: str) -> None:
    plain = stranger.get(f"/web/{path}", headers={"Accept-Encoding": "identity"})
    assert plain.headers["content-type"].startswith(kind)
    assert plain.headers["x-content-type-options"] == "nosniff"
    with stranger.stream("GET", f"/web/{path}") as response:
        sent = b"".join(response.iter_raw())
    assert response.headers["content-encoding"] == "gzip"
    assert gzip.decompress(sent) == plain.content
    assert len(sent) < len(plain.content)


def test_what_the_browser_has_is_not_sent_again(stranger: httpx2.Client) -> None:
    first = stranger.get("/web/main.js")
    again = stranger.get("/web/main.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "no-cache"
    assert stranger.head("/web/main.js").headers["etag"] == first.headers["etag"]
    strong = first.headers["etag"].removeprefix("W/")
    assert stranger.get("/web/main.js", headers={"If-None-Match": f'"x", {strong}'}).status_code == 304


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("br, gzip", True),
        ("gzip;q=0.5", True),
        ("gzip;q=0, br", False),
        ("gzip; q=0.0", False),
        ("br", False),
    ],
)
def test_compression_is_the_browsers_choice(
    stranger: httpx2.Client, accepted: str, *, compressed: bool
) -> None:
    told = stranger.head("/web/main.js", headers={"Accept-Encoding": accepted}).headers
    assert (told.get("content-encoding") == "gzip") is compressed
    assert told["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["nothing.js", "../settings.py", "..%2fsettings.py", "%2e%2e/wiring.py", ""])
def test_there_is_nothing_else(stranger: httpx2.Client, path: str) -> None:
    missing = stranger.get(f"/web/{path}")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


def test_every_answer_says_what_a_browser_must_not_do(service: LiveService, stranger: httpx2.Client) -> None:
    answers = [stranger.get("/v1/collections"), service.http.get("/v1/collections"), stranger.get("/nothing")]
    assert [answer.status_code for answer in answers] == [401, 200, 404]
    for answer in answers:
        assert answer.headers["content-security-policy"] == API_POLICY
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_an_answer_that_nobody_foresaw_has_them_too() -> None:
    app = FastAPI()
    problems.install(app)
    app.add_middleware(SecurityHeaders)
    app.add_api_route("/broken", lambda: 1 // 0)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)

    async def ask() -> httpx2.Response:
        async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get("/broken")

    answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert API_HEADERS.items() <= {name: answer.headers.get(name) for name in API_HEADERS}.items()


def test_the_description_of_the_api_runs_its_own_script_only(stranger: httpx2.Client) -> None:
    page = stranger.get("/docs")
    policy = page.headers["content-security-policy"].split("; ")
    inline = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    assert "SwaggerUIBundle" in inline[0]
    assert f"script-src 'self' {hash_of(inline[0])}" in policy
    for path in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert stranger.get(path).status_code == 200, path


def test_an_answer_is_rendered_where_that_is_asked_for(service: LiveService) -> None:
    answer = service.ask("What are the fees?", html=True)
    citation = answer["citations"][0]
    place = f"#/document/{citation['document_id']}/1/{citation['start_char']}-{citation['end_char']}"
    assert f'<a class="citation" data-citation="1" href="{place}">1</a>' in answer["html"]
    assert "<h3>" in answer["html"]
    assert "&lt;b&gt;more&lt;/b&gt;" in answer["html"]
    assert service.ask("What are the fees?")["html"] is None


def test_a_stream_gives_its_parts_as_they_are_complete(service: LiveService) -> None:
    events = service.events("What are the fees?", html=True)
    blocks = [body for name, body in events if name == "block"]
    done = events[-1][1]
    assert "".join(block["html"] for block in blocks) == done["html"]
    assert [done["answer"][block["start"] : block["end"]].strip()[:6] for block in blocks] == [
        "# Fees",
        "They a",
        "- <b>m",
    ]
    names = [name for name, _ in events]
    assert names.index("block") < len(names) - 3
    assert not any(name == "block" for name, _ in service.events("What are the fees?"))


def test_what_is_complete_comes_while_the_model_is_silent(service: LiveService) -> None:
    """Nothing on the way keeps a stream back: the answer never ends, and its first part is there."""
    body = {"question": "What are the fees before the silence?", "stream": True, "html": True}
    with service.http.stream("POST", "/v1/query", json=body) as response:
        lines = response.iter_lines()
        names = [line for line in iter(lambda: next(lines), "event: block") if line.startswith("event: ")]
        block = json.loads(next(lines).removeprefix("data: "))
    assert "event: delta" in names
    assert block["html"].startswith('<p><span class="claim supported" data-claim="0">The fees are 40 euros ')
