from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.claims import split_claims
from prompts.model import Span


def split(text: str) -> list[str]:
    return [text[claim.start : claim.end] for claim in split_claims(text, spans(text))]


def spans(text: str) -> list[Span]:
    return [Span(*match.span()) for match in re.finditer(r"\[\d\]", text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The fee is $5 [1]. It is due. [2] Next.", ["The fee is $5 [1].", "It is due. [2]", "Next."]),
        (
            "It applies, e.g. to Acme Inc. on Jan. 5 of Sec. 4.2, No. 5. [1]",
            ["It applies, e.g. to Acme Inc. on Jan. 5 of Sec. 4.2, No. 5. [1]"],
        ),
        ("Paid by Acme Inc. The rest is 3.5 percent.", ["Paid by Acme Inc.", "The rest is 3.5 percent."]),
        (
            "См. ст. 5 и п. 3.1 договора. Срок до 01.02.2024 г. [1] Далее.",
            ["См. ст. 5 и п. 3.1 договора.", "Срок до 01.02.2024 г. [1]", "Далее."],
        ),
        ("合同期限为一年。[1]供应商不得转让。[2]", ["合同期限为一年。[1]", "供应商不得转让。[2]"]),
        ("- One. Two. [1]\n- Three\n  goes on [2]", ["One.", "Two. [1]", "Three\n  goes on [2]"]),
        ("1. First item. [1]\n2. Second.", ["First item. [1]", "Second."]),
        ("# Title\nText.", ["# Title", "Text."]),
        ("| a | b |\n|---|---|\n| x | 5 [1] |", ["| a | b |", "| x | 5 [1] |"]),
        ("```py\nx = 1. Y\n```\n[1]\nAfter.", ["```py\nx = 1. Y\n```\n[1]", "After."]),
        ("One soft\nwrapped sentence. Two.", ["One soft\nwrapped sentence.", "Two."]),
        ("Yes. The fee is due. [1]", ["Yes. The fee is due. [1]"]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("One! [1] Two?", ["One! [1]", "Two?"]),
        ("", []),
    ],
)
def test_claims_are_sentences_items_and_rows(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "# Fees of $5",
        "**Payment terms**",
        "The terms are:",
        "Hello!",
        "Sure!",
        "Would you like more?",
        "The documents do not say who signs.",
        "The provided documents do not contain information about penalties.",
        "I could not find an answer in the documents.",
        "There is no information about the renewal term.",
        "В документах не указано, кто подписывает.",
        "К сожалению, в предоставленных документах нет информации о штрафах.",
        "文件中没有说明违约金。",
        "I'm sorry, but the documents do not mention it.",
        "It is not stated in the documents.",
        "The passages contain no answer.",
        "The agreement is silent on this point.",
        "Thank you for your question!",
        "Let me know if you need more.",
        "很抱歉，提供的文档中未提及该问题。",
    ],
)
def test_what_states_nothing_is_not_substantive(text: str) -> None:
    assert [claim.substantive for claim in split_claims(text, [])] == [False]


@pytest.mark.parametrize(
    "text",
    [
        "The fee is $5.",
        "The documents do not say when, but the fee is $5.",
        "The agreement does not renew.",
        "The agreement does not include taxes.",
        "The code does not handle timeouts.",
        "No information may be disclosed to third parties.",
        "This is not covered by the warranty.",
        "Sure, the supplier may terminate at will.",
        "Итак, поставщик может расторгнуть договор.",
        "合同未生效。",
        "Договор не продлевается.",
        "Hello, the fee is 5 dollars.",
        "合同期限为一年。",
        "```py\nx = 1\n```",
        "# Pay at https://pay.example/",
        "Would you like to write to a@b.example?",
        "**![x](//b.example/?q=5)**",
        "The documents do not say, see www.b.example",
        "Here is more: [click](data:text/html,x)",
    ],
)
def test_what_states_something_is_substantive(text: str) -> None:
    assert [claim.substantive for claim in split_claims(text, [])] == [True]


def test_a_reply_does_not_negate_what_follows() -> None:
    (claim,) = split_claims("No. The Supplier may assign.", [])
    assert claim.words == "The Supplier may assign."


LINES = st.sampled_from(
    [
        "The fee is $5 [1]. ",
        "Next one",
        "\n",
        "\n\n",
        "- item ",
        "# head",
        "```",
        "| a | b |",
        "|---|",
        "e.g. ",
        "[2]",
        "。",
        "No. ",
        "Да. ",
        "1. ",
    ]
)


@given(st.lists(st.one_of(LINES, st.text(max_size=5)), max_size=15).map("".join))
def test_claims_are_ordered_disjoint_and_trimmed(text: str) -> None:
    done = 0
    for claim in split_claims(text, spans(text)):
        assert done <= claim.start < claim.end <= len(text)
        assert text[claim.start : claim.end].strip()
        done = claim.end


@given(st.lists(st.one_of(LINES, st.text(max_size=5)), max_size=15).map("".join))
def test_every_citation_after_words_belongs_to_a_claim(text: str) -> None:
    claims = split_claims(text, spans(text))
    for span in spans(text):
        inside = [claim for claim in claims if claim.start <= span.start and span.end <= claim.end]
        assert len(inside) <= 1
        assert inside or not any(claim.end <= span.start for claim in claims) or "|---|" in text
