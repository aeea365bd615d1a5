"""What a viewer of sources asks for, over a real server: parts of a text, and where a range stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.settings import Settings
from tests.fakes.files import write_texts
from tests.fakes.live_service import live_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.live_service import LiveService

NOTES = "# Notes\n\nКошка спит. \U0001f600 The rent is due.\n\n## Later\n\nNothing else is due.\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, {"notes.md": NOTES})
    with live_in_memory(Settings(data=tmp_path_factory.mktemp("data"))) as running:
        running.ingest(folder)
        yield running


@pytest.fixture(scope="module")
def notes(service: LiveService) -> str:
    return f"/v1/documents/{service.documents()['notes.md']['id']}"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("", 0, len(NOTES)),
        ("start=9&end=20", 9, 20),
        ("start=21", 21, len(NOTES)),
        ("end=3", 0, 3),
        ("start=20&end=100000", 20, len(NOTES)),
        ("start=100000", len(NOTES), len(NOTES)),
        ("start=20&end=10", 20, 20),
    ],
)
def test_a_part_of_a_text_tells_how_much_there_is(
    service: LiveService, notes: str, asked: str, start: int, end: int
) -> None:
    told = service.get(f"{notes}/text?{asked}")

    assert (told["text"], told["start"], told["end"]) == (NOTES[start:end], start, end)
    assert told["length"] == len(NOTES)


def test_a_range_is_placed_by_code_points(service: LiveService, notes: str) -> None:
    start = NOTES.index("Nothing")

    place = service.get(f"{notes}/place?start={start}&end={start + 7}&number=1")

    assert (place["cited_text"], place["start_char"], place["end_char"]) == ("Nothing", start, start + 7)
    assert (place["section"], place["line_start"], place["line_end"]) == (["Notes", "Later"], 7, 7)
    assert (place["path"], place["number"], place["page_start"], place["boxes"]) == ("notes.md", 1, None, [])


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("start=5&end=5", 422),
        ("start=0&end=100000", 422),
        ("start=-1&end=2", 422),
        ("end=2", 422),
        ("start=0&end=2&number=99", 404),
    ],
)
def test_a_range_that_is_none_is_refused(service: LiveService, notes: str, asked: str, status: int) -> None:
    service.get(f"{notes}/place?{asked}", status)


@pytest.mark.parametrize("part", ["text", "place?start=0&end=1", "pages", "pages/1/image"])
def test_a_number_that_no_database_holds_is_refused(service: LiveService, part: str) -> None:
    sign = "&" if "?" in part else "?"
    refused = service.http.get(f"/v1/documents/none/{part}{sign}number={2**64}")

    assert refused.status_code == 422
