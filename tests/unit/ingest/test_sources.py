"""What a collection was fed from, and which project a question is asked of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ingest.background import Background
from ingest.model import Hit, Role
from ingest.sources import DOUBT, LEAST, NONE, Sources, source_of
from ingest.store.contract import SparseVector

A, B, CONTRACTS = source_of("a/x.py"), source_of("b/x.py"), source_of("contracts/x.txt")
COMMON, OF_A, OF_B = 1, 2, 3


def hit(document: int, source: int, role: Role = Role.SOURCE) -> Hit:
    return Hit(document, 0, 0, 1, 1, 1, 0.0, role, source)


def drawn(points: list[tuple[Hit, list[int]]]) -> tuple[Sources, Background]:
    hits = [each for each, _ in points]
    vectors = [SparseVector(np.asarray(t, np.uint32), np.ones(len(t), np.float32)) for _, t in points]
    background = Background.of(list(zip([h.document for h in hits], vectors, strict=True)), len(points))
    return Sources.of(hits, hits, 3), background


def two_projects(count: int = 400) -> tuple[Sources, Background]:
    """Both hold a word, and each one of its own in every second place; contracts hold nothing."""
    return drawn(
        [(hit(1, A), [COMMON, OF_A] if n % 2 else [COMMON]) for n in range(count)]
        + [(hit(2, B), [COMMON, OF_B] if n % 2 else [COMMON]) for n in range(count)]
        + [(hit(3, CONTRACTS, Role.PROSE), [])] * 10
    )


def test_the_outermost_folder_is_the_source() -> None:
    assert source_of("a/b/c.py") == source_of("a/README.md") != source_of("b/a/c.py")
    assert source_of("README.md") == source_of("") == NONE
    assert NONE < source_of("a/b.md") < 2**32


def test_a_document_beside_the_folders_makes_them_parts_of_one() -> None:
    folders = [hit(1, A), hit(2, B)]
    assert Sources.of(folders, folders, 2).several
    assert not Sources.of(folders, [*folders, hit(3, NONE)], 3).several
    assert not Sources.of(folders, [*folders, hit(3, NONE, Role.DATA)], 3).several
    assert not Sources.of(folders[:1], folders[:1], 1).several
    assert not Sources.of([], [], 0).several


def test_texts_beside_the_folders_are_a_source_where_nothing_can_be_missing() -> None:
    folders = [hit(1, A), hit(2, B), hit(3, NONE, Role.PROSE)]
    every = Sources.of(folders, folders, 3)
    assert (every.several, every.texts, sorted(every.projects)) == (True, True, sorted((A, B)))
    assert not Sources.of(folders, folders, 4).several
    texts = [hit(3, NONE, Role.PROSE)]
    assert not Sources.of(texts, texts, 1).several


def test_of_a_few_among_many_documents_nobody_knows_what_lies_beside_the_folders() -> None:
    folders = [hit(1, A), hit(2, B)]
    assert Sources.of(folders, folders, 8).several
    assert not Sources.of(folders, folders, 9).several


def test_the_project_that_speaks_the_words_of_a_question_keeps_its_scores() -> None:
    sources, background = two_projects()
    assert (sorted(sources.projects), sources.texts) == (sorted((A, B)), True)
    standing = sources.standing({OF_A: 40.0}, background)
    assert standing[A] == 1.0
    assert standing[B] == LEAST
    assert CONTRACTS not in standing


def test_a_small_difference_puts_no_project_back() -> None:
    sources, background = two_projects()
    assert set(sources.standing({COMMON: 40.0}, background).values()) == {1.0}
    assert set(sources.standing({OF_A: 1.0}, background).values()) == {1.0}
    assert set(sources.standing({99: 40.0}, background).values()) == {1.0}


def test_beyond_that_scores_fall_with_likelihood() -> None:
    sources, background = two_projects()
    each = [sources.standing({OF_A: weight}, background)[B] for weight in np.linspace(0, 40, 50)]
    assert each == sorted(each, reverse=True)
    assert any(LEAST < share < 1.0 for share in each)
    assert DOUBT > 0


def test_one_project_among_texts_is_never_put_back() -> None:
    sources, background = drawn([(hit(1, A), [OF_A])] * 50 + [(hit(3, CONTRACTS, Role.PROSE), [COMMON])] * 50)
    assert (sources.several, sources.texts) == (True, True)
    assert sources.standing({COMMON: 40.0}, background) == {A: 1.0}
    texts, background = drawn([(hit(1, A, Role.PROSE), [COMMON]), (hit(2, B, Role.PROSE), [COMMON])])
    assert texts.standing({COMMON: 40.0}, background) == {}


@pytest.mark.parametrize(("programs", "is_project"), [(4, False), (5, True)])
def test_a_source_with_a_few_programs_is_no_project(programs: int, *, is_project: bool) -> None:
    texts = [hit(1, A, Role.PROSE)] * (50 - programs) + [hit(1, A, Role.TEST)] * programs
    points = [*texts, hit(2, B), replace(hit(4, CONTRACTS), role=Role.DATA)]
    assert (A in Sources.of(points, points, 3).projects) == is_project
