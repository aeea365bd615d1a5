"""What of a question is searched for."""

from __future__ import annotations

import pytest

from ingest.asking import FADING, FENCED, asked_terms, faded, question_vector
from ingest.fields import Field
from ingest.terms import Analyzer, term_id

RENT, LEASE, TENANT = term_id("rent"), term_id("leas"), term_id("tenant")


def test_a_term_counts_once_however_often_it_is_said() -> None:
    assert asked_terms(Analyzer(), "Rent, rent and rent in the lease") == {RENT: 1.0, LEASE: 1.0}


def test_earlier_turns_fade_and_add_up() -> None:
    said = ("And the rent?", "What does the tenant pay?", "Is the rent in the lease?")
    asked = faded(asked_terms(Analyzer(), turn) for turn in said)
    assert asked == pytest.approx(
        {RENT: 1 + FADING**2, TENANT: FADING, term_id("pay"): FADING, LEASE: FADING**2}
    )


def test_what_a_fence_shows_counts_less_than_what_is_asked() -> None:
    asked = asked_terms(Analyzer(), "Why is the rent wrong?\n\n```js\nconst rent = tenant\n```\n")
    assert asked[RENT] == 1.0
    assert asked[TENANT] == FENCED


def test_a_fence_that_never_ends_hides_nothing_before_it() -> None:
    assert asked_terms(Analyzer(), "The rent\n```\ntenant") == {RENT: 1.0, TENANT: FENCED}


def test_fields_are_asked_at_weights_of_their_own() -> None:
    vector = question_vector(({RENT: 1.0, LEASE: 0.5}, Field.TEXT, 1.0), ({RENT: 1.0}, Field.HEADING, 0.5))
    assert dict(zip(vector.indices.tolist(), vector.values.tolist(), strict=True)) == {
        RENT: 1.0,
        LEASE: 0.5,
        RENT ^ Field.HEADING: 0.5,
    }
    assert vector.indices.tolist() == sorted(vector.indices.tolist())


def test_the_same_term_of_two_parts_is_asked_once() -> None:
    vector = question_vector(({RENT: 1.0}, Field.TEXT, 1.0), ({RENT: 0.25}, Field.TEXT, 1.0))
    assert (vector.indices.tolist(), vector.values.tolist()) == ([RENT], [1.25])


def test_nothing_asked_is_nothing_searched() -> None:
    assert len(question_vector(({}, Field.TEXT, 1.0)).indices) == 0
