from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.notfound import NEARLY, Case, Remembering, are_held, cross_validate, fit_weights
from ingest.answerability import WEIGHTS, Signs, confidence
from tests.fakes.embedder import WordEmbedder


def cases(count: int, *, compared: bool) -> list[Case]:
    """What holds many of the words is answered, with some noise."""
    chance = np.random.default_rng(3)
    made: list[Case] = []
    for number in range(count):
        words, meaning, standing, likeness = chance.random(4).tolist()
        signs = Signs(words, meaning, *((standing, likeness) if compared else ()))
        answerable = words + 0.3 * chance.random() > 0.6
        made.append(Case(f"q{number % 7}", f"d{number % 11}", answerable, signs))
    return made


def test_weights_are_fitted_to_their_own_cases() -> None:
    alone, compared = cases(300, compared=False), cases(300, compared=True)
    weights = fit_weights([*alone, *compared])

    assert list(weights.alone) == list(WEIGHTS.alone)
    assert list(weights.by_words) == list(WEIGHTS.by_words)
    assert list(weights.compared) == list(WEIGHTS.compared)
    assert weights.alone["words"] > 3 > abs(weights.alone["meaning"])
    turned = [replace(case, answerable=not case.answerable) for case in compared]
    again = fit_weights([*alone, *turned])
    assert (again.alone, again.by_words) == (weights.alone, weights.by_words)
    assert again.compared["words"] < 0 < weights.compared["words"]


def test_no_case_is_judged_by_weights_that_were_fitted_to_its_group() -> None:
    """Whose group alone says the opposite of all others would be judged rightly by weights that know it."""
    told = [replace(case, answerable=not case.answerable) for case in cases(700, compared=False)[::7]]
    every = [*(case for case in cases(700, compared=False) if case.question != "q0"), *told]
    pairs = cases(60, compared=True)

    judged = cross_validate({1: every, 0: pairs}, [], lambda case: case.question)

    mine = np.array([case.question == "q0" for case in every])
    others = fit_weights([*(case for case in [*every, *pairs] if case.question != "q0")])
    assert judged[1][mine].tolist() == [confidence(case.signs, others) for case in told]


def test_what_is_not_seen_is_judged_by_the_weights_without_it() -> None:
    lone = cases(300, compared=False)
    known = {1: lone, 0: cases(60, compared=True)}

    judged = cross_validate(
        known, [], lambda case: case.question, seen=lambda signs: replace(signs, meaning=None)
    )

    mine = np.array([case.question == "q0" for case in lone])
    others = fit_weights([case for held in known.values() for case in held if case.question != "q0"])
    wanted = [confidence(replace(case.signs, meaning=None), others) for case in lone if case.question == "q0"]
    assert judged[1][mine].tolist() == wanted


def test_weights_of_another_state_are_told() -> None:
    for name in ("alone", "by_words", "compared"):
        held = getattr(WEIGHTS, name)
        moved = {**held, "words": held["words"] + 2 * NEARLY}
        assert are_held(replace(WEIGHTS, **{name: dict(held)}))
        assert not are_held(replace(WEIGHTS, **{name: moved}))


def test_a_text_is_embedded_once() -> None:
    inner = WordEmbedder()
    embedder = Remembering(inner)

    first = embedder.embed(["a b", "c", "a b"])

    assert np.array_equal(first, WordEmbedder().embed(["a b", "c", "a b"]))
    assert np.array_equal(embedder.embed(["c"]), first[1:2])
    assert embedder.embed([]).shape == (0, inner.dimensions)
    assert inner.texts == ["a b", "c"]
