"""Weights are learnt from some questions and told on others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.weights import EXAMS, NEUTRAL, PARTS, VALUES, Asked, Scores, held_out, idle, measured, parts
from ingest.found import Closer, Findings, Found
from ingest.model import Hit, Role
from service.evaluation.dataset import Gold, LabelledQuery

if TYPE_CHECKING:
    from ingest.ranking import Weights


def hit(document: int, score: float, role: Role = Role.PROSE) -> Hit:
    return Hit(document, 0, 0, 4, 1, 1, score, role)


def query(name: str, gold: str) -> LabelledQuery:
    return LabelledQuery(name, name, name, (), "", "", "", (Gold(gold, 0, None),), (), in_paragraph=False)


def asked(exam: int, name: str, found: Found, gold: str = "right") -> Asked:
    names = {1: "wrong", 2: "right"} | {number: f"other {number}" for number in range(3, 20)}
    return Asked(exam, query(name, gold), Findings(None, found), names, name, tuple(idle([found])))


WRONG = {True: replace(NEUTRAL, dense=0.0), False: replace(NEUTRAL, dense=1.3)}
OTHERS = (1, *range(3, 14))


def by_meaning(exam: int, name: str) -> Asked:
    """Eleven documents hold the words better than the right one, whose meaning is nearer."""
    words = [*(hit(number, 10.0) for number in OTHERS), hit(2, 9.0)]
    return asked(exam, name, Found(words, [hit(2, 0.9), hit(1, 0.0)], {}, 100))


def by_words(exam: int, name: str) -> Asked:
    """Eleven documents are nearer in meaning than the right one, which holds the words."""
    near = [*(hit(number, 0.9) for number in OTHERS), hit(2, 0.0)]
    words = [hit(2, 10.0), *(hit(number, 9.0) for number in OTHERS)]
    return asked(exam, name, Found(words, near, {}, 100))


def found_among_ten(asked: Asked, weights: Weights) -> float:
    conversations = next(number for number, exam in enumerate(EXAMS) if exam.name == "mtrag")
    return measured(replace(asked, exam=conversations), weights, {})


def scores(questions: list[Asked]) -> Scores:
    return Scores(questions, found_among_ten)


def everything(questions: list[Asked]) -> np.ndarray:
    return np.ones(len(questions), dtype=np.bool_)


def test_what_finds_the_answers_is_learnt() -> None:
    for found, dense in ((by_meaning, True), (by_words, False)):
        questions = [found(0, str(number)) for number in range(4)]
        table = scores(questions)
        learnt = table.learn(everything(questions), WRONG[dense])
        assert table.of(WRONG[dense]).tolist() == [0.0] * 4
        assert table.of(learnt).tolist() == [1.0] * 4
        assert bool(learnt.dense) == dense


def test_every_set_counts_alike_however_many_questions_it_has() -> None:
    questions = [by_meaning(0, "rare"), by_meaning(1, "seldom")]
    questions += [by_words(2, str(number)) for number in range(9)]
    table = scores(questions)
    assert table.of(table.learn(everything(questions))).tolist() == [1.0, 1.0] + [0.0] * 9


def test_a_question_is_told_by_weights_that_never_saw_its_part() -> None:
    questions = [by_meaning(0, str(number)) for number in range(PARTS)]
    seen: list[set[str]] = []

    class Watched(Scores):
        def learn(self, chosen: np.ndarray, start: Weights = NEUTRAL) -> Weights:
            seen.append({each.document for each, mine in zip(questions, chosen, strict=True) if mine})
            return super().learn(chosen, start)

    part = parts([each.document for each in questions])
    reached = held_out(Watched(questions, found_among_ten), part)
    assert reached.tolist() == [1.0] * PARTS
    assert sorted(map(len, seen)) == [PARTS - 1] * PARTS
    assert {frozenset(names) for names in seen} == {
        frozenset(each.document for each in questions) - {left.document} for left in questions
    }


def test_equal_keys_share_a_part_and_parts_are_about_equal() -> None:
    keys = [f"document {number % 23}" for number in range(500)]
    part = parts(keys)
    assert {key: set(part[[k == key for k in keys]]) for key in keys} == {
        key: {part[keys.index(key)]} for key in keys
    }
    assert set(np.bincount(part[:23], minlength=PARTS).tolist()) <= {4, 5}


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (
            Found([hit(1, 1.0)], [hit(1, 0.5)], {}, 9, closer=Closer({}, {})),
            {"dense_learnt", "opening", "prose", "test", "other", "asked"},
        ),
        (
            Found([hit(1, 1.0)], [hit(1, 0.5)], {}, 9, openings={1: 0.5}),
            {"dense_learnt", "passage", "prose", "test", "other", "asked"},
        ),
        (
            Found([hit(1, 1.0)], [hit(1, 0.5)], {}, 9, learnt=True),
            {"dense", "opening", "passage", "prose", "test", "other", "asked"},
        ),
        (
            Found([hit(1, 1.0, Role.SOURCE)], [], {}, 9),
            {"dense_learnt", "dense", "opening", "passage", "asked"},
        ),
        (
            Found([hit(1, 1.0, Role.SOURCE)], [], {}, 9, asked=frozenset({Role.TEST})),
            {"dense_learnt", "dense", "opening", "passage"},
        ),
    ],
)
def test_idle_weights_change_no_order(found: Found, names: set[str]) -> None:
    assert set(idle([found])) == names
    assert set(VALUES) >= names
