"""What a collection was fed from, and which project a question is asked of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ingest.background import Holders
from ingest.fields import Field, in_field
from ingest.model import Hit, Role
from ingest.sources import DOUBT, LEAST, NONE, Sources, source_of
from ingest.store.contract import SparseVector

A, B, CONTRACTS = source_of("a/x.py"), source_of("b/x.py"), source_of("contracts/x.txt")
COMMON, OF_A, OF_B, OTHER = 1, 2, 3, 4


def hit(document: int, source: int, role: Role = Role.SOURCE) -> Hit:
    return Hit(document, 0, 0, 1, 1, 1, 0.0, role, source)


def alone(hits: list[Hit]) -> list[tuple[Hit, SparseVector]]:
    """Documents without words."""
    return [(each, SparseVector(np.zeros(0, np.uint32), np.zeros(0, np.float32))) for each in hits]


def drawn(documents: list[tuple[Hit, list[int]]]) -> tuple[Sources, Holders]:
    """Documents of one point each, with the terms that they hold."""
    hits = [each for each, _ in documents]
    terms = [np.sort(in_field(held, Field.WHOLE)).astype(np.uint32) for _, held in documents]
    vectors = [SparseVector(each, np.ones(len(each), np.float32)) for each in terms]
    holders = Holders.of(list(zip([each.document for each in hits], vectors, strict=True)))
    return Sources.of(hits, list(zip(hits, vectors, strict=True)), len(hits)), holders


def two_projects(count: int = 100) -> tuple[Sources, Holders]:
    """Both hold a word, and each one of its own in every second document; contracts hold nothing."""
    return drawn(
        [(hit(n, A), [COMMON, OF_A] if n % 2 else [COMMON, OTHER]) for n in range(count)]
        + [(hit(count + n, B), [COMMON, OF_B] if n % 2 else [COMMON, OTHER]) for n in range(count)]
        + [(hit(2 * count + n, CONTRACTS, Role.PROSE), []) for n in range(10)]
    )


def test_the_outermost_folder_is_the_source() -> None:
    assert source_of("a/b/c.py") == source_of("a/README.md") != source_of("b/a/c.py")
    assert source_of("README.md") == source_of("") == NONE
    assert NONE < source_of("a/b.md") < 2**32


def test_a_document_beside_the_folders_makes_them_parts_of_one() -> None:
    folders = [hit(1, A), hit(2, B)]
    assert Sources.of(folders, alone(folders), 2).several
    assert not Sources.of(folders, alone([*folders, hit(3, NONE)]), 3).several
    assert not Sources.of(folders, alone([*folders, hit(3, NONE, Role.DATA)]), 3).several
    assert not Sources.of(folders[:1], alone(folders[:1]), 1).several
    assert not Sources.of([], [], 0).several


def test_texts_beside_the_folders_are_a_source_where_nothing_can_be_missing() -> None:
    folders = [hit(1, A), hit(2, B), hit(3, NONE, Role.PROSE)]
    every = Sources.of(folders, alone(folders), 3)
    assert (every.several, every.texts, sorted(every.projects)) == (True, True, sorted((A, B)))
    assert not Sources.of(folders, alone(folders), 4).several
    texts = [hit(3, NONE, Role.PROSE)]
    assert not Sources.of(texts, alone(texts), 1).several


def test_of_a_few_among_many_documents_nobody_knows_what_lies_beside_the_folders() -> None:
    folders = [hit(1, A), hit(2, B)]
    assert Sources.of(folders, alone(folders), 8).several
    assert not Sources.of(folders, alone(folders), 9).several


def test_the_project_that_speaks_the_words_of_a_question_keeps_its_scores() -> None:
    sources, holders = two_projects()
    assert (sorted(sources.projects), sources.texts) == (sorted((A, B)), True)
    standing = sources.standing({OF_A: 40.0}, holders)
    assert standing[A] == 1.0
    assert standing[B] == LEAST
    assert CONTRACTS not in standing


def test_a_small_difference_puts_no_project_back() -> None:
    sources, holders = two_projects()
    assert set(sources.standing({COMMON: 40.0}, holders).values()) == {1.0}
    assert set(sources.standing({OF_A: 1.0}, holders).values()) == {1.0}
    assert set(sources.standing({99: 40.0}, holders).values()) == {1.0}


def test_beyond_that_scores_fall_with_likelihood() -> None:
    sources, holders = two_projects()
    each = [sources.standing({OF_A: weight}, holders)[B] for weight in np.linspace(0, 40, 50)]
    assert each == sorted(each, reverse=True)
    assert any(LEAST < share < 1.0 for share in each)
    assert DOUBT > 0


def test_long_documents_are_no_sign_of_a_language() -> None:
    """Of a project of few long files each word is in a larger share than of one of many short files."""
    words = [*range(10, 60)]
    sources, holders = drawn(
        [(hit(n, A), words) for n in range(20)]
        + [(hit(20 + n, B), words[n % 50 : n % 50 + 2]) for n in range(500)]
    )
    assert sources.standing(dict.fromkeys(words, 1.0), holders) == {A: 1.0, B: 1.0}


def test_texts_beside_projects_change_nothing_between_them() -> None:
    texts = [(hit(900 + n, CONTRACTS, Role.PROSE), [OF_A, COMMON]) for n in range(500)]
    projects = [
        (hit(n, source), [COMMON, own]) for n, (source, own) in enumerate([(A, OF_A), (B, OF_B)] * 50)
    ]
    (sources, holders), (beside, of_all) = drawn(projects), drawn(projects + texts)
    asked = {OF_A: 3.0}
    assert beside.standing(asked, of_all) == sources.standing(asked, holders)
    assert sources.standing(asked, holders)[B] < 1.0


def test_a_project_none_of_whose_documents_was_drawn_is_as_likely_as_any() -> None:
    points = [hit(1, A), hit(2, B), hit(3, CONTRACTS, Role.PROSE)]
    documents = [(hit(1, A), SparseVector(np.asarray([5], np.uint32), np.ones(1, np.float32)))]
    sources = Sources.of(points, documents, 3)
    assert sources.standing({5 ^ int(Field.WHOLE): 40.0}, Holders.of([(1, documents[0][1])]))[B] == 1.0


def test_one_project_among_texts_is_never_put_back() -> None:
    sources, holders = drawn([(hit(1, A), [OF_A])] * 50 + [(hit(3, CONTRACTS, Role.PROSE), [COMMON])] * 50)
    assert (sources.several, sources.texts) == (True, True)
    assert sources.standing({COMMON: 40.0}, holders) == {A: 1.0}
    texts, holders = drawn([(hit(1, A, Role.PROSE), [COMMON]), (hit(2, B, Role.PROSE), [COMMON])])
    assert texts.standing({COMMON: 40.0}, holders) == {}


@pytest.mark.parametrize(("programs", "is_project"), [(4, False), (5, True)])
def test_a_source_with_a_few_programs_is_no_project(programs: int, *, is_project: bool) -> None:
    texts = [hit(1, A, Role.PROSE)] * (50 - programs) + [hit(1, A, Role.TEST)] * programs
    points = [*texts, hit(2, B), replace(hit(4, CONTRACTS), role=Role.DATA)]
    assert (A in Sources.of(points, alone(points), 3).projects) == is_project
