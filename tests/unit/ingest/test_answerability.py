from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ingest.answerability import LEAST_CONFIDENCE, Signs, Weights, confidence

SHARES = st.floats(0, 2)
SIGNS = st.builds(Signs, SHARES, st.floats(-1, 1) | st.none(), st.none(), st.none()) | st.builds(
    Signs, SHARES, st.floats(-1, 1), SHARES, st.floats(0, 1)
)


@given(SIGNS)
def test_it_is_a_share_and_rises_with_every_sign(signs: Signs) -> None:
    sure = confidence(signs)

    assert 0 < sure < 1
    assert confidence(replace(signs, words=signs.words + 0.1)) > sure
    if signs.standing is None or signs.likeness is None:
        assert signs.meaning is None or confidence(replace(signs, meaning=signs.meaning + 0.1)) > sure
    else:
        assert confidence(replace(signs, meaning=None)) == sure
        assert confidence(replace(signs, standing=signs.standing + 0.1)) > sure
        assert confidence(replace(signs, likeness=signs.likeness + 0.1)) > sure


def test_what_holds_no_word_and_means_something_else_is_no_answer() -> None:
    assert confidence(Signs(words=0.0, meaning=0.2)) < LEAST_CONFIDENCE
    assert confidence(Signs(words=0.0, meaning=None)) < LEAST_CONFIDENCE


def test_in_doubt_a_lone_document_answers() -> None:
    half = Signs(words=0.4, meaning=0.35)

    assert confidence(half) > LEAST_CONFIDENCE
    assert confidence(replace(half, standing=0.3, likeness=0.1)) < LEAST_CONFIDENCE


def test_what_was_not_embedded_is_not_taken_for_far_in_meaning() -> None:
    assert confidence(Signs(words=0.4, meaning=None)) > LEAST_CONFIDENCE > confidence(Signs(0.4, 0.0))


def test_other_weights_may_be_tried() -> None:
    even = Weights(alone={"constant": 0.0, "words": 0.0}, by_words={}, compared={})

    assert confidence(Signs(1.0, 0.0), even) == 0.5
