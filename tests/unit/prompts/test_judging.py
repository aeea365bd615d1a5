"""The prompt of the judge and the reading of its word."""

from __future__ import annotations

from hashlib import blake2b

import pytest

from prompts.judging import VERDICTS, judging_messages, judging_rules, read_verdict
from prompts.plan import PromptMessage


def test_the_prompt_shows_question_expectation_and_answer() -> None:
    system, user = judging_messages(
        "Who\nsigns?", ["Ann Lee", "Lee, Ann"], " Ann signs.\n\nSo says the deed. "
    )
    assert system == PromptMessage("system", judging_rules())
    assert user.content == (
        "Question: Who signs?\n\nExpected, any of:\n- Ann Lee\n- Lee, Ann\n\n"
        "The answer, up to the end of this message:\nAnn signs.\n\nSo says the deed."
    )
    assert (
        "\n(The documents do not answer the question.)\n" in judging_messages("Who?", [], "Ann.")[1].content
    )


def test_the_rules_are_the_snapshot() -> None:
    digest = blake2b(judging_rules().encode(), digest_size=8).hexdigest()
    assert digest == "12c1698b14ed284f"
    assert all(f"- `{verdict}`: " in judging_rules() for verdict in VERDICTS[:-1])


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("correct", "correct"),
        (" Partly.\n", "partly"),
        ("`wrong`", "wrong"),
        ("**abstained**", "abstained"),
        ("", "unjudged"),
        ("unjudged", "unjudged"),
        ("incorrect", "unjudged"),
        ("correct, because it says so", "unjudged"),
        ("Verdict: correct", "unjudged"),
    ],
)
def test_a_verdict_is_one_word_and_nothing_else(reply: str, verdict: str) -> None:
    assert read_verdict(reply) == verdict
