"""One order out of words, meaning and whole documents."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.asking import asked_roles
from ingest.chances import FEW
from ingest.found import Closer, Findings, Found, SearchedSources
from ingest.model import Hit, Role
from ingest.ranking import (
    COMPETES,
    DIGITS,
    LEADING,
    PER_OTHER,
    SOONER,
    WEIGHTS,
    Weights,
    best_hit,
    led,
    ordered,
    rank,
)
from ingest.rivalry import ANSWERING, STRANGE

POOL = 100


def hit(document: int, ordinal: int, score: float, role: Role = Role.PROSE) -> Hit:
    return Hit(document, ordinal, 0, 1, 1, 1, score, role)


def scores(found: Found, weights: Weights = WEIGHTS) -> dict[tuple[int, int], float]:
    return {(h.document, h.ordinal): h.score for h in rank(found, POOL, weights)}


def near_enough(score: float) -> object:
    """But for the rounding of scores."""
    return pytest.approx(score, abs=0.51 * 10**-DIGITS)


def test_the_score_is_the_sum_of_its_parts() -> None:
    places = [hit(1, 0, 8.0), hit(1, 1, 4.0), hit(2, 0, 2.0)]
    near = [hit(2, 0, 0.9), hit(1, 1, 0.5)]
    found = scores(Found(places, near, {1: 3.0, 2: 6.0}, POOL))
    assert found[1, 0] == near_enough(1.0 + WEIGHTS.document / 2 + WEIGHTS.dense * 0.5)
    assert found[1, 1] == near_enough(0.5 + WEIGHTS.document / 2 + WEIGHTS.dense * 0.5)
    assert found[2, 0] == near_enough(0.25 + WEIGHTS.document + WEIGHTS.dense * 0.9)


def test_what_a_document_treats_counts_for_all_its_places() -> None:
    places = [hit(1, 0, 8.0), hit(1, 1, 8.0), hit(2, 0, 8.0), hit(3, 0, 8.0)]
    openings = {1: 0.7, 2: 0.1}
    found = scores(Found(places, [], {}, 9, openings=openings))
    assert found[1, 0] == found[1, 1] == near_enough(1.0 + WEIGHTS.opening * 0.7)
    assert found[2, 0] == near_enough(1.0 + WEIGHTS.opening * 0.1)
    assert found[3, 0] == near_enough(1.0)
    assert scores(Found(places, [], {}, 2, openings=openings))[3, 0] == found[2, 0]  # no nearer than the last
    assert scores(Found(places, [], {}, 9, openings={1: -0.3}))[1, 0] == near_enough(1.0)


def test_where_programs_answer_it_does_not_count_what_a_text_treats() -> None:
    places = [hit(1, 0, 8.0), hit(2, 0, 8.0, Role.SOURCE)]
    texts = [hit(number, 0, 0.5) for number in (1, 3, 4, 5)]
    openings = {1: 0.9, 3: 0.1}
    assert scores(Found(places, [], {}, POOL, openings=openings)) == scores(Found(places, [], {}, POOL))
    told, untold = (scores(Found(places, texts, {}, POOL, openings=each))[1, 0] for each in (openings, {}))
    share = 0.13  # how far programs answer here
    assert told - untold == pytest.approx(
        WEIGHTS.opening * (1 - share) ** SOONER * 0.9 * WEIGHTS.prose**share, abs=0.01
    )


def test_a_best_place_that_shares_too_little_is_not_worth_a_whole_one() -> None:
    places, near = [hit(1, 0, 2.0)], [hit(2, 0, 0.9)]
    assert scores(Found(places, near, {}, POOL, least=8.0))[1, 0] == near_enough(0.25 + WEIGHTS.dense * 0.9)
    assert scores(Found(places, near, {}, POOL, least=1.0))[1, 0] == near_enough(1.0 + WEIGHTS.dense * 0.9)


def test_a_closer_look_orders_the_places_of_one_text_and_moves_no_other() -> None:
    places = [hit(1, 0, 8.0), hit(2, 0, 7.0), hit(1, 1, 6.0)]
    closer = Closer({(1, 0): -4.0, (1, 1): -1.0, (1, 9): 0.0}, {(1, 0): 0.5, (1, 1): 0.5, (1, 9): 1.0})
    before, after = (scores(Found(places, (), {}, POOL, closer=look)) for look in (None, closer))
    assert after == {
        (1, 1): before[1, 0],
        (2, 0): before[2, 0],
        (1, 0): near_enough(before[1, 0] - ((0.75 - 0.125) - (1.0 - 0.5))),
    }


def test_a_closer_look_counts_the_meaning_of_the_passage() -> None:
    places = [hit(1, 0, 8.0), hit(1, 1, 8.0)]
    closer = Closer({(1, 0): 0.0, (1, 1): 0.0}, {(1, 0): 0.25, (1, 1): 0.75})
    found = scores(Found(places, (), {}, POOL, closer=closer))
    assert found[1, 1] - found[1, 0] == near_enough(0.5 * WEIGHTS.passage)


def test_the_leading_hit_is_told_from_the_first_ones() -> None:
    places = [hit(number, 0, 10.0 - number / 20) for number in range(1, POOL + 1)]
    near = [hit(2, 0, 0.9), hit(1, 0, 0.5)]
    found = Found(places, near, {3: 0.1}, POOL)
    assert best_hit(found) == rank(found, 1)[0]
    assert best_hit(Found((), (), {}, POOL)) is None


def test_what_a_full_pool_leaves_out_may_score_as_much_as_its_last() -> None:
    places = [hit(1, 0, 10.0), hit(2, 0, 5.0)]
    near = [hit(3, 0, 0.5)]
    assert scores(Found(places, near, {}, pool=2))[3, 0] == near_enough(0.5 + WEIGHTS.dense * 0.5)
    assert scores(Found(places, near, {}, pool=3))[3, 0] == near_enough(WEIGHTS.dense * 0.5)


def test_programs_that_answer_come_before_what_is_said_about_them() -> None:
    places = [hit(1, 0, 10.0, Role.TEST), hit(2, 0, 10.0 * COMPETES, Role.SOURCE)]
    found = scores(Found(places, [], {}, POOL))
    assert found[1, 0] == near_enough(WEIGHTS.test * 1.0)
    assert found[2, 0] == near_enough(COMPETES)


def test_where_no_program_answers_prose_is_not_put_back() -> None:
    places = [hit(1, 0, 10.0, Role.PROSE), hit(2, 0, 9.9 * COMPETES, Role.SOURCE)]
    assert scores(Found(places, [], {}, POOL))[1, 0] == near_enough(1.0)


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Which tests cover the parser?", {Role.TEST}),
        ("Где тесты для разбора?", {Role.TEST}),
        ("解析器的测试在哪里？", {Role.TEST}),
        ("What does the documentation say about an example?", {Role.PROSE, Role.EXAMPLE}),
        ("How is the latest protest parsed?", set[Role]()),
        ("What does test_round_trip prove?", {Role.TEST}),
        ("What does parser_test.go prove?", {Role.TEST}),
        ("What does the attest_key of a contest_entry prove?", set[Role]()),
    ],
)
def test_a_question_about_tests_or_documentation_wants_them(question: str, asked: set[Role]) -> None:
    assert asked_roles(question) == asked
    for role in Role:
        usual = WEIGHTS.prior(role, ())
        assert WEIGHTS.prior(role, asked) == (max(usual, WEIGHTS.asked) if role in asked else usual)


def test_a_role_that_is_asked_for_is_put_back_less() -> None:
    places = [hit(1, 0, 10.0, Role.TEST), hit(2, 0, 10.0, Role.SOURCE)]
    asked = Found(places, [], {}, POOL, asked=frozenset({Role.TEST}))
    assert scores(asked)[1, 0] == near_enough(WEIGHTS.asked * 1.0)


def test_where_the_wording_is_known_meaning_counts_less() -> None:
    found = scores(Found([hit(1, 0, 8.0)], [hit(1, 0, 0.5)], {}, POOL, learnt=True))
    assert found[1, 0] == near_enough(1.0 + WEIGHTS.dense_learnt * 0.5)


def test_other_weights_give_another_order() -> None:
    found = Found([hit(1, 0, 10.0), hit(2, 0, 9.0)], [hit(2, 0, 0.9), hit(1, 0, 0.1)], {}, POOL)
    lexical = Weights(document=0.0, dense=0.0)
    assert [h.document for h in ordered(Findings(None, found), POOL, lexical)] == [1, 2]
    assert [h.document for h in ordered(Findings(None, found), POOL, Weights(dense=2.0))] == [2, 1]


@pytest.mark.parametrize(
    ("source", "share"), [(0.2, 0.0), (0.4, 0.286), (0.6, 0.674), (1.0, 1.0), (2.0, 1.0)]
)
def test_prose_is_put_back_as_far_as_programs_answer_as_well(source: float, share: float) -> None:
    places = [hit(1, 0, 10.0, Role.PROSE), hit(1, 1, 9.0, Role.PROSE), hit(2, 0, 10.0 * source, Role.SOURCE)]
    found = scores(Found(sorted(places, key=lambda h: -h.score), [], {}, POOL))
    assert found[1, 0] == near_enough(WEIGHTS.prose**share * min(1.0, 1 / source))


def test_programs_put_back_the_prose_of_their_own_source_alone() -> None:
    places = [
        replace(hit(1, 0, 10.0, Role.SOURCE), source=5),
        replace(hit(2, 0, 8.0), source=5),
        hit(3, 0, 8.0),
    ]
    several = scores(Found(places, [], {}, POOL, sources=SearchedSources(several=True)))
    assert several[2, 0] == near_enough(0.8 * WEIGHTS.prose)
    assert several[3, 0] == near_enough(0.8)
    one = scores(Found(places, [], {}, POOL))
    assert one[2, 0] == one[3, 0] < 0.79


@pytest.mark.parametrize(("texts", "first"), [(1, 1.0), (3, 10 / 34 / ANSWERING), (12, 10 / 106 / ANSWERING)])
def test_in_a_project_beside_other_sources_prose_stands_behind_programs_sooner(
    texts: int, first: float
) -> None:
    own = [hit(1, 0, 10.0, Role.SOURCE), *(hit(2 + number, 0, 8.0) for number in range(texts))]
    places = [replace(each, source=5) for each in own]
    several = scores(Found(places, [], {}, POOL, sources=SearchedSources(several=True)))
    assert several[2, 0] == near_enough(0.8 * WEIGHTS.prose**first)
    assert several[2, 0] <= scores(Found(places, [], {}, POOL))[2, 0]


def test_what_a_source_stands_for_counts_for_all_that_it_holds() -> None:
    places = [replace(hit(1, 0, 10.0), source=5), replace(hit(2, 0, 8.0), source=6), hit(3, 0, 8.0)]
    found = scores(Found(places, [], {}, POOL, sources=SearchedSources(standing={5: 0.7, 6: 1.0})))
    assert [found[1, 0], found[2, 0], found[3, 0]] == [near_enough(0.7), near_enough(0.8), near_enough(0.8)]


@pytest.mark.parametrize(("score", "least"), [(0.5, 0.66), (2.0, 0.82), (10.0, 1.0)])
def test_beside_texts_programs_are_put_back_as_far_as_they_are_not_found_first(
    score: float, least: float
) -> None:
    places = [hit(2, 0, 10.0), replace(hit(1, 0, score, Role.SOURCE), source=5)]
    found = Found(places, [], {}, POOL, sources=SearchedSources(several=True, texts=True, standing={5: 1.0}))
    put_back = STRANGE + (1 - STRANGE) * min(score / (10 + score) / ANSWERING, 1.0)
    assert put_back == pytest.approx(least, abs=0.01)
    assert scores(found) == {(2, 0): 1.0, (1, 0): near_enough(score / 10 * put_back)}
    alone = replace(found, sources=replace(found.sources, texts=False))
    assert scores(alone)[1, 0] == near_enough(score / 10)


def test_one_program_among_many_texts_puts_none_back() -> None:
    places = [hit(1, 0, 10.0, Role.SOURCE), *(hit(number, 0, 8.0) for number in range(2, 7))]
    assert scores(Found(places, [], {}, POOL))[2, 0] == near_enough(0.8)


def test_tests_tell_of_programs() -> None:
    places = [
        hit(1, 0, 10.0, Role.SOURCE),
        *(hit(number, 0, 8.0, Role.PROSE if number < 6 else Role.TEST) for number in range(2, 8)),
    ]
    assert scores(Found(places, [], {}, POOL))[2, 0] < 0.99 * 0.8


def test_what_is_near_in_meaning_tells_whether_programs_answer() -> None:
    places = [hit(1, 0, 10.0), hit(2, 0, 10.0, Role.SOURCE)]
    texts = [hit(number, 0, 0.5) for number in (1, 3, 4, 5)]
    by_words = scores(Found(places, [], {}, POOL))
    by_both = scores(Found(places, texts, {}, POOL))
    nothing_near = scores(Found(places, [hit(1, 0, 0.0)], {}, POOL))
    assert by_words[1, 0] == nothing_near[1, 0] == near_enough(WEIGHTS.prose)
    assert by_both[1, 0] == near_enough((1.0 + WEIGHTS.dense * 0.5) * WEIGHTS.prose**0.13)


def test_a_long_text_owes_to_chance_what_a_short_one_does_not() -> None:
    places = [hit(1, 0, 10.0), hit(2, 0, 9.9), hit(3, 0, 5.0)]
    counts = {1: 20 * FEW, 2: 1, 3: 1}
    assert [h.document for h in rank(Found(places, [], {}, POOL), POOL)] == [1, 2, 3]
    assert [h.document for h in rank(Found(places, [], {}, POOL, counts=counts), POOL)] == [2, 3, 1]


def test_equals_stand_in_the_order_of_documents_and_places() -> None:
    places = [hit(2, 1, 1.0), hit(1, 5, 1.0), hit(1, 2, 1.0)]
    assert [(h.document, h.ordinal) for h in rank(Found(places, [], {1: 1.0, 2: 1.0}, POOL), POOL)] == [
        (1, 2),
        (1, 5),
        (2, 1),
    ]


def test_nothing_found_is_nothing_ranked() -> None:
    assert rank(Found([], [], {}, POOL), POOL) == []


def test_the_named_document_leads_and_others_are_soon_among_its_hits() -> None:
    leading = [hit(1, i, 1.0) for i in range(LEADING + 3 * PER_OTHER)]
    order = led(leading, [hit(1, 0, 9.0), *(hit(2, i, 9.0) for i in range(5))], 1_000)
    assert {h.document for h in order[:LEADING]} == {1}
    assert [h.document for h in order[LEADING : LEADING + PER_OTHER + 2]] == [2, *[1] * PER_OTHER, 2]
    assert len(order) == len({(h.document, h.ordinal) for h in order}) == len(leading) + 5


@given(st.lists(st.floats(0, 3), max_size=40), st.lists(st.floats(0, 3), max_size=40))
def test_a_score_never_rises_down_the_list(inside: list[float], outside: list[float]) -> None:
    leading = [hit(1, i, score) for i, score in enumerate(sorted(inside, reverse=True))]
    others = [hit(2, i, score) for i, score in enumerate(sorted(outside, reverse=True))]
    order = led(leading, others, 1_000)
    assert len(order) == len(leading) + len(others)
    assert [h.score for h in order] == sorted((h.score for h in order), reverse=True)


def test_what_differs_by_less_than_rounding_stands_by_its_place() -> None:
    places = [hit(2, 0, 1.0 + 1e-7), hit(1, 0, 1.0)]
    assert [h.document for h in rank(Found(places, [], {}, POOL), POOL)] == [1, 2]


def test_the_limit_keeps_the_best() -> None:
    places = [hit(1, ordinal, 10.0 - ordinal) for ordinal in range(8)]
    assert [h.ordinal for h in rank(Found(places, [], {}, POOL), 3)] == [0, 1, 2]
    assert len(led(places, [hit(2, 0, 1.0)], 5)) == 5
