"""After a deletion no byte of the text is left: not in a file, not in any answer of the server."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from service.bots.threads import Cited, Thread, Threads
from service.ledger import Ledger
from service.settings import Settings
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live, passages_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

WORDS = ("quzzlewhark", "vrimboltane", "скрюжвельник")
"""They stand in the secret and nowhere else in the world."""
SECRET = f"# Lease\n\nThe monthly rent of the {WORDS[0]} is 4,217 {WORDS[1]}, says {WORDS[2]}.\n\n" * 30
OTHER = "# Travel\n\nTrips are booked by train, and the rent of a car needs consent.\n"
ASKED = "What is the monthly rent?"
PATIENCE = 60


def obey(request: Recorded) -> Reply:
    """Repeats what it is shown, cited."""
    passages = passages_of(request)
    marker = next((marker for marker, text in passages.items() if WORDS[0] in text), None)
    if marker is None:
        return Reply("The documents do not say.")
    return Reply(f'The rent of the {WORDS[0]} is 4,217 {WORDS[1]} [{marker} "4,217 {WORDS[1]}"].')


@pytest.fixture
def model() -> Iterator[Glm5Server]:
    with Glm5Server(obey) as running:
        yield running


@pytest.fixture
def service(tmp_path: Path, model: Glm5Server) -> Iterator[LiveService]:
    key = SecretStr("sk-test")
    settings = Settings(data=tmp_path / "data", llm_base_url=model.base_url, llm_api_key=key)
    with live(settings) as running:
        yield running


def upload(service: LiveService, **files: str) -> None:
    parts = [("file", (f"{name}.md", text.encode())) for name, text in files.items()]
    job = service.http.post("/v1/documents", files=parts, data={"collection": "default"}).json()["id"]
    await_state(service, f"/v1/jobs/{job}")


def await_state(service: LiveService, path: str) -> Any:  # noqa: ANN401 — JSON
    deadline = time.monotonic() + PATIENCE
    while (found := service.get(path))["state"] != "done":
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def used_everywhere(service: LiveService) -> tuple[str, str, str]:
    """Ask, search, review, and talk about it on a chat platform; ids of answer, conversation and review."""
    answer = service.ask(ASKED)
    assert WORDS[0] in answer["answer"]
    follow_up = service.ask("And in words?", session_id=answer["session_id"])
    assert service.post("/v1/search", {"query": WORDS[0]})["hits"]
    questions = [{"question": "What is the rent?"}, {"question": "Who says it?"}]
    review = service.post("/v1/reviews", {"questions": questions}, 202)["id"]
    await_state(service, f"/v1/reviews/{review}")
    citation = answer["citations"][0]
    place = Cited(1, citation["document_id"], citation["number"], 0, 10)
    Threads(service.services.settings.data, "telegram").keep(
        Thread("1", "default", answer["session_id"], (place,))
    )
    return follow_up["id"], answer["session_id"], review


def blobs(data: Path) -> list[bytes]:
    """A piece of each packed column of the secret, as it stands in the catalog."""
    query = (
        "SELECT c.text, c.passages, c.layout FROM contents c "
        "JOIN versions v USING (tenant, collection, number) WHERE v.title = 'Lease'"
    )
    with closing(sqlite3.connect(data / "catalog.sqlite")) as database:
        rows = database.execute(query).fetchall()
    assert rows
    return [blob[len(blob) // 2 :][:24] for row in rows for blob in row]


def traces(data: Path, pieces: list[bytes]) -> list[str]:
    """Files that hold a word of the secret in some spelling, or a piece of its packed columns."""
    spelt = [word.encode(code) for word in WORDS for code in ("utf-8", "utf-16-le", "utf-16-be")]
    spelt += [word.encode("ascii", "backslashreplace") for word in WORDS]  # as JSON writes it
    found: list[str] = []
    for path in data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [str(path.relative_to(data)) for piece in [*spelt, *pieces] if piece in content]
    return found


def delete_document(service: LiveService) -> None:
    identity = service.documents()["lease.md"]["id"]
    assert service.http.delete(f"/v1/documents/{identity}").status_code == 204
    service.get(f"/v1/documents/{identity}/text", 410)


def delete_collection(service: LiveService) -> None:
    assert service.http.delete("/v1/collections/default").status_code == 204


def prune(service: LiveService) -> None:
    wired = service.services
    folder = wired.settings.data.parent / "docs"
    (folder / "lease.md").unlink()
    ingester = Ingester(wired.catalog, wired.index, wired.embedder, InlineParser(read))
    ingester.ingest("default", "default", [folder], largest=2**20, on_progress=lambda _: None, prune=True)


@pytest.mark.parametrize("forget", [delete_document, delete_collection, prune])
def test_no_byte_of_a_deleted_text_is_left(
    service: LiveService, forget: Callable[[LiveService], None]
) -> None:
    data = service.services.settings.data
    if forget is prune:
        folder = data.parent / "docs"
        folder.mkdir()
        (folder / "lease.md").write_text(SECRET, encoding="utf-8")
        (folder / "travel.md").write_text(OTHER, encoding="utf-8")
        service.ingest(folder)
    else:
        upload(service, lease=SECRET, travel=OTHER)
    answer, session, review = used_everywhere(service)
    service.services.ledger.settle()
    pieces = blobs(data)
    before = traces(data, pieces)
    assert {path.split("-")[0] for path in before} & {"catalog.sqlite"}, before

    forget(service)

    assert traces(data, pieces) == []
    for path in (f"/v1/sessions/{session}", f"/v1/answers/{answer}/explanation", f"/v1/reviews/{review}"):
        said = service.http.get(path)
        assert said.status_code in {200, 404}
        assert not any(word in said.text for word in WORDS), path
    service.get(f"/v1/sessions/{session}", 404)
    if forget is not delete_collection:
        assert all(hit["path"] == "travel.md" for hit in service.post("/v1/search", {"query": ASKED})["hits"])
        assert WORDS[0] not in service.ask(ASKED)["answer"]


def test_a_reader_keeps_the_log_only_until_the_next_deletion(service: LiveService) -> None:
    data = service.services.settings.data
    upload(service, lease=SECRET, travel=OTHER, third="# Third\n\nNothing of note.\n")
    pieces = blobs(data)
    with closing(sqlite3.connect(data / "catalog.sqlite")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM contents").fetchone()
        delete_document(service)  # waits for a while, and does not fail
        assert traces(data, pieces)

    identity = service.documents()["third.md"]["id"]
    assert service.http.delete(f"/v1/documents/{identity}").status_code == 204

    assert traces(data, pieces) == []


def test_a_ledger_that_is_late_writes_no_details_of_what_is_gone(service: LiveService) -> None:
    """Calls wait in memory for the ledger's thread: one that is written after the deletion names nothing."""
    data = service.services.settings.data
    upload(service, lease=SECRET, travel=OTHER)
    answer = service.ask(ASKED)
    delete_document(service)
    assert isinstance(service.services.ledger, Ledger)
    service.services.ledger.settle()

    said = service.http.get(f"/v1/answers/{answer['id']}/explanation")

    assert not any(word in said.text for word in WORDS)
    assert traces(data, []) == []
