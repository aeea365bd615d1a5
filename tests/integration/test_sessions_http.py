"""Conversations as people saw them, over a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.sessions import Session, Sessions, StoredTurn
from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.live_service import live_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.live_service import LiveService

TURNS = (
    StoredTurn(
        "Rent?", "[D1:2] … Rent?", '4,200 [D1:2 "r"].', ((1, 2),), at=86_400.5, mode="pin", shown="4,200 [1]."
    ),
    StoredTurn("Кто?", "", "Никто.", ()),
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, {"lease.md": LEASE})
    with live_in_memory(Settings(data=tmp_path_factory.mktemp("data"))) as running:
        running.ingest(folder)
        running.ingest(folder, collection="others")
        yield running


def begin(service: LiveService, identity: str, collection: str = "default") -> str:
    wired = service.services
    sessions = Sessions(wired.catalog, wired.library)
    sessions.save(wired.library.collection("default", collection), Session(identity, TURNS))
    return f"/v1/sessions/{identity}"


def test_a_conversation_reads_as_it_was_shown(service: LiveService) -> None:
    told = service.get(begin(service, "first"))

    created = told.pop("created_at")
    assert created
    assert told == {
        "id": "first",
        "collection": "default",
        "question": "Rent?",
        "count": 2,
        "turns": [
            {
                "question": "Rent?",
                "answer": "4,200 [1].",
                "mode": "pin",
                "answered_at": "1970-01-02T00:00:00.500000Z",
            },
            {"question": "Кто?", "answer": "Никто.", "mode": "", "answered_at": None},
        ],
    }


def test_they_are_listed_the_newest_first(service: LiveService) -> None:
    for identity in ("older", "newer"):
        begin(service, identity, "others")

    listed = service.get("/v1/sessions?collection=others")["sessions"]

    assert [(one["id"], one["question"], one["count"]) for one in listed] == [
        ("newer", "Rent?", 2),
        ("older", "Rent?", 2),
    ]
    assert service.get("/v1/sessions?limit=1")["sessions"] == listed[:1]
    service.get("/v1/sessions?collection=absent", 404)


def test_one_that_is_deleted_is_not_known_any_more(service: LiveService) -> None:
    gone, kept = begin(service, "gone"), begin(service, "kept")

    assert service.http.delete(gone).status_code == 204

    service.get(gone, 404)
    assert service.http.delete(gone).status_code == 404
    service.post("/v1/query", {"question": "Rent?", "session_id": "gone"}, 404)
    service.get(kept)
