"""Values read from answers: English, Russian, Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from prompts.reviewing import ANSWER_TYPES
from prompts.typed_values import absent_value, is_absent, read_value, uncited, unsupported

if TYPE_CHECKING:
    from prompts.reviewing import AnswerType


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Yes. It renews for a year.", "yes"),
        ("**Yes**, it renews.", "yes"),
        ("Yes", "yes"),
        ("No. The tenant may not sublet.", "no"),
        ("no", "no"),
        ("No assignment is permitted without consent.", None),
        ("Notwithstanding the above, it renews.", None),
        ("Yesterday", None),
        ("Да, договор продлевается.", "yes"),
        ("Нет, не продлевается.", "no"),
        ("Данный договор продлевается.", None),
        ("是的，合同自动续期。", "yes"),
        ("是。", "yes"),
        ("否。", "no"),
        ("没有。", "no"),
        ("是指双方的约定。", None),
    ],
)
def test_yes_or_no(text: str, verdict: str | None) -> None:
    value = read_value(text, "yes/no")

    assert value.verdict == verdict
    assert (value.note == "") is (verdict is not None)


@pytest.mark.parametrize(
    ("text", "iso", "words"),
    [
        ("January 5, 2024", "2024-01-05", "January 5, 2024"),
        ("the 5th day of January, 2024", "2024-01-05", "5th day of January, 2024"),
        ("It ends on 13.02.2024.", "2024-02-13", "13.02.2024"),
        ("«5» января 2024 года", "2024-01-05", "«5» января 2024 года"),
        ("二〇二四年一月五日", "2024-01-05", "二〇二四年一月五日"),
        ("2024年3月5日签订", "2024-03-05", "2024年3月5日"),
        ("January 2024", "2024-01", "January 2024"),
        ("On March 1 of each year, first on 1 March 2025", "2025-03-01", "1 March 2025"),
        ("31 February 2024", None, ""),
        ("March 1", None, ""),
        ("five years after the Effective Date", None, ""),
    ],
)
def test_dates(text: str, iso: str | None, words: str) -> None:
    value = read_value(text, "date")

    assert (value.date, value.words) == (iso, words)
    assert value.shown == (iso or text)
    assert (value.note == "") is (iso is not None)


def test_a_date_with_two_readings_is_not_chosen() -> None:
    value = read_value("01/05/2024", "date")

    assert (value.date, value.shown) == (None, "01/05/2024")
    assert value.readings == ("2024-01-05", "2024-05-01")


def test_amounts_have_number_currency_and_words() -> None:
    value = read_value("The price is US$2.5 million.", "amount")

    assert (value.shown, value.number, value.currency) == ("USD 2,500,000", "2500000", "USD")
    assert value.words == "US$2.5 million"
    twofold = read_value("€1.500", "amount")
    assert (twofold.number, twofold.readings) == ("1500", ("1.5", "1500"))
    assert twofold.note == "can be read as 1.5 or 1500"
    assert read_value("10%", "amount").shown == "10%"
    assert read_value("5,000", "amount").note == "no currency"
    assert read_value("as agreed", "amount").note == "no amount"


def test_lists_are_items_without_bullets() -> None:
    assert read_value("Here:\n- rent\n  and heating\n* taxes\n1. repairs", "list").items == (
        "rent and heating",
        "taxes",
        "repairs",
    )
    assert read_value("rent\n\ntaxes", "list").items == ("rent", "taxes")


def test_citations_are_taken_out() -> None:
    assert uncited('4,200 euros [D1:4 "4,200 euros"] [D1:5].') == "4,200 euros."
    assert uncited('- rent [D1:4 "rent"]\n- tax [D1:5]') == "- rent\n- tax"


@pytest.mark.parametrize(
    "text",
    [
        "The documents do not say.",
        "- The documents do not say.",
        "**The document does not say.**",
        "Not stated",
        "N/A",
        "В документе не указано.",
        "Документы не содержат ответа.",
        "Не указано.",
        "文件中没有说明。",
        "文档中没有提到。",
        "未提及",
        "本合同未约定。",
    ],
)
def test_that_the_document_does_not_say_is_an_answer(text: str) -> None:
    assert is_absent(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The agreement does not renew.",
        "The documents do not say. The term is two years.",
        "未约定续期期限为两年",
    ],
)
def test_what_says_something_is_not_absent(text: str) -> None:
    assert not is_absent(text)


def test_an_absent_cell_of_every_type_says_so() -> None:
    assert {kind: absent_value(kind).shown for kind in ANSWER_TYPES} == {
        kind: "not stated" if kind == "yes/no" else "not in the document" for kind in ANSWER_TYPES
    }
    assert absent_value("yes/no").verdict == "not stated"


@pytest.mark.parametrize(
    ("answer", "kind", "cited", "missing"),
    [
        ("January 5, 2024", "date", "signed on 2024-01-05", None),
        ("January 5, 2024", "date", "signed on 6 January 2024", "date January 5, 2024"),
        ("01/05/2024", "date", "as of 01/05/2024", None),
        ("01/05/2024", "date", "as of today", "date 01/05/2024"),
        ("$5,000", "amount", "a fee of five thousand dollars", None),
        ("$5,000", "amount", "a fee of $6,000", "amount $5,000"),
        ("anything", "text", "", None),
        ("as agreed", "amount", "", None),
    ],
)
def test_a_value_must_stand_in_the_cited_text(
    answer: str, kind: AnswerType, cited: str, missing: str | None
) -> None:
    assert unsupported(read_value(answer, kind), [cited]) == missing
