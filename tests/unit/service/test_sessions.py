from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.catalog.catalog import open_catalog
from ingest.errors import UnknownName
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from service.library import Library
from service.sessions import CLIENT, Session, Sessions, StoredTurn
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import LEASE, write_texts
from tests.fakes.memory_index import MemoryIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TURNS = (
    StoredTurn("Rent?", "[D1:2] … Question: Rent?", "4,200 [D1:2].", ((1, 2), (1, 1))),
    StoredTurn("Unasked?", "", "an extract", ((1, 3),)),
    StoredTurn("Кто?", "Question: Кто?", "Никто.", ()),
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """One document in each of two collections."""
    write_texts(tmp_path / "docs", {"lease.md": LEASE})
    with open_catalog(tmp_path / "catalog.sqlite") as catalog:
        ingester = Ingester(catalog, MemoryIndex(), WordEmbedder(), InlineParser(read))
        for name in ("docs", "others"):
            ingester.ingest("default", name, [tmp_path / "docs"], largest=2**20, on_progress=lambda _: None)
        yield Library(catalog)


@pytest.fixture
def sessions(library: Library) -> Sessions:
    return Sessions(library.catalog, library)


def test_new_ones_have_ids_that_nobody_guesses(library: Library, sessions: Sessions) -> None:
    docs = library.collection("default", "docs")

    made = [sessions.open(docs, None) for _ in range(20)]

    assert len({session.id for session in made}) == 20
    assert all(len(session.id) >= 16 and session.turns == () for session in made)


def test_what_is_saved_is_read_back_whole(library: Library, sessions: Sessions) -> None:
    docs = library.collection("default", "docs")
    kept = Session("s1", TURNS)

    sessions.save(docs, kept)

    assert sessions.open(docs, "s1") == kept
    assert kept.questions == ("Кто?", "Unasked?", "Rent?")


def test_history_is_what_a_model_was_sent(library: Library, sessions: Sessions) -> None:
    docs = library.collection("default", "docs")

    history = sessions.history(docs, Session("s1", TURNS))

    assert [turn.user for turn in history] == [TURNS[0].user, TURNS[2].user]
    assert [passage.marker for passage in history[0].passages] == ["D1:1", "D1:2"]
    for passage in history[0].passages:
        assert LEASE[passage.start : passage.start + len(passage.text)] == passage.text


def test_it_belongs_to_its_collection(library: Library, sessions: Sessions) -> None:
    sessions.save(library.collection("default", "docs"), Session("s1", TURNS))

    with pytest.raises(UnknownName, match="session"):
        sessions.open(library.collection("default", "others"), "s1")
    with pytest.raises(UnknownName, match="session"):
        sessions.open(library.collection("default", "docs"), "s2")


def test_documents_of_another_collection_are_unknown(library: Library) -> None:
    docs, others = (library.collection("default", name) for name in ("docs", "others"))
    foreign = library.version(others, 1).document

    assert library.numbers(docs, [library.version(docs, 1).document]) == (1,)
    with pytest.raises(UnknownName, match="document"):
        library.numbers(docs, [foreign])


def test_contents_are_read_once(library: Library) -> None:
    version = library.version(library.collection("default", "docs"), 1)

    assert library.content(version) is library.content(version)
    whole = library.whole([version])
    assert "".join(passage.text for passage in whole) == LEASE
    assert [passage.number for passage in whole] == list(range(1, version.passages + 1))


def test_the_instructions_of_a_prompt_are_those_that_its_last_turn_of_ours_was_under() -> None:
    first = StoredTurn("Rent?", "Question: Rent?", "4,200.", (), instructions="Be terse.")
    told = StoredTurn("Hm?", "Question: Hm?", "Hm.", (), mode=CLIENT)
    session = Session("s1", (first, told))

    assert session.instructions == "Be terse."
    assert [session.restates(said) for said in ("Be terse.", "Be kind.", "")] == [False, True, True]
    assert Session("s2", (told,)).instructions is None
    assert not Session("s3").restates("Be kind.")
