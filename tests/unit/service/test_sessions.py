from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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

DUE = StoredTurn("Due?", "[D1:3] … Question: Due?", "On the 3rd [D1:3].", ((1, 3),), shown="On the 3rd [1].")
WHO = StoredTurn("Who?", "[D1:1] … Question: Who?", "Ann [D1:1].", ((1, 1),), shown="Ann [1].")


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
    with pytest.raises(UnknownName, match="document"):
        library.chosen(docs, [foreign])


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


class TestTwoQuestionsAtOnce:
    """In one session: neither prompt holds the other's turn."""

    def test_both_turns_are_kept(self, library: Library, sessions: Sessions) -> None:
        docs = library.collection("default", "docs")
        sessions.save(docs, Session("s1", TURNS[:1]))
        one, other = sessions.open(docs, "s1"), sessions.open(docs, "s1")

        sessions.save(docs, grown(one, DUE))
        sessions.save(docs, grown(other, WHO))

        kept = sessions.open(docs, "s1")
        assert kept.turns[:2] == (TURNS[0], DUE)
        assert [turn.question for turn in kept.turns] == ["Rent?", "Due?", "Who?"]
        assert [turn.shown for turn in kept.turns[1:]] == ["On the 3rd [1].", "Ann [1]."]
        assert library.catalog.session("default", "s1").documents == (1,)

    def test_the_next_prompt_goes_on_from_the_first_and_has_the_words_of_the_second(
        self, library: Library, sessions: Sessions
    ) -> None:
        docs = library.collection("default", "docs")
        sessions.save(docs, Session("s1", TURNS[:1]))
        one, other = sessions.open(docs, "s1"), sessions.open(docs, "s1")
        sessions.save(docs, grown(one, replace(DUE, begins=True, instructions="Be terse.")))
        sessions.save(docs, grown(other, replace(WHO, begins=True, instructions="Be kind.")))

        kept = sessions.open(docs, "s1")
        due, who = sessions.history(docs, kept)

        assert (due.user, due.answer) == (DUE.user, DUE.answer)
        assert (who.user, who.answer) == ("\nQuestion: Who?", "Ann.")
        assert (len(due.passages), who.passages) == (1, ()), "what it had read, no prompt holds from here on"
        assert kept.instructions == "Be terse.", "as the prompt has them that is gone on from"

    def test_of_an_extract_nothing_was_sent_that_the_other_would_lack(
        self, library: Library, sessions: Sessions
    ) -> None:
        docs = library.collection("default", "docs")
        sessions.save(docs, Session("s1", TURNS[:1]))
        one, other = sessions.open(docs, "s1"), sessions.open(docs, "s1")
        sessions.save(docs, grown(one, TURNS[1]))
        sessions.save(docs, grown(other, WHO))
        assert sessions.open(docs, "s1").sent == (TURNS[0], WHO)

    def test_of_many_at_once_none_is_lost(self, library: Library, sessions: Sessions) -> None:
        docs = library.collection("default", "docs")
        sessions.save(docs, Session("s1", TURNS[:1]))
        asked = [(sessions.open(docs, "s1"), replace(DUE, question=f"Due {n}?")) for n in range(8)]
        with ThreadPoolExecutor(8) as threads:
            saving = [threads.submit(sessions.save, docs, grown(*one)) for one in asked]
        assert [one.result() for one in saving] == [None] * 8

        kept = sessions.open(docs, "s1")
        assert {turn.question for turn in kept.turns[1:]} == {turn.question for _, turn in asked}
        assert {turn.user for turn in kept.turns[2:]} == {f"\nQuestion: {t.question}" for t in kept.turns[2:]}
        assert {turn.answer for turn in kept.turns[2:]} == {"On the 3rd."}

    def test_one_that_was_deleted_meanwhile_does_not_come_back(
        self, library: Library, sessions: Sessions
    ) -> None:
        docs = library.collection("default", "docs")
        sessions.save(docs, Session("s1", TURNS[:1]))
        one = sessions.open(docs, "s1")
        library.catalog.delete_session("default", "s1")
        sessions.save(docs, grown(one, DUE))
        with pytest.raises(UnknownName):
            sessions.open(docs, "s1")


def grown(session: Session, turn: StoredTurn) -> Session:
    return replace(session, turns=(*session.turns, turn))
