from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.checks.dates import dates
from prompts.checks.facts import ClaimFacts, SourceFacts

EQUAL = [
    ("30", "thirty"),
    ("30 days", "thirty (30) days"),
    ("30 days", "thirty-day"),
    ("30 days", "a 30 day period"),
    ("30 days", "thirty (30) to sixty (60) days"),
    ("1,000", "1000"),
    ("1000", "1 000"),
    ("1000", "1.000"),
    ("1.5 million", "1,500,000"),
    ("$1.5M", "USD 1,500,000.00"),
    ("10%", "ten percent (10%)"),
    ("10 per cent", "10%"),
    ("$5,000", "5,000 US dollars"),
    ("€5,000", "EUR 5.000"),
    ("14 days", "two weeks"),
    ("48 hours", "two days"),
    ("12 months", "one (1) year"),
    ("12 months", "a year"),
    ("one year", "annually"),
    ("100 рублей", "сто рублей"),
    ("двадцать дней", "20 (двадцати) календарных дней"),
    ("1,5 млн руб.", "1 500 000 рублей"),
    ("15日", "十五日"),
    ("1000元", "人民币一千元"),
    ("120万元", "一百二十万元"),
    ("10%", "百分之十"),
    ("2024", "January 5, 2024"),
    ("2024年", "in 2024"),
    ("2 parties", "both parties"),
]
DIFFERENT = [
    ("30 days", "30 months"),
    ("30 days", "30 business days"),
    ("30 business days", "30 days"),
    ("$5", "€5"),
    ("$5", "5 rubles"),
    ("45", "30 days, 4 5, 450, 1.45"),
    ("10%", "1%"),
    ("one year", "one month"),
    ("5 дней", "5 рабочих дней"),
    ("三年", "三个月"),
    ("1,500", "15,000"),
]


def missing(claim: str, source: str) -> list[str]:
    return ClaimFacts(claim).missing(SourceFacts(source))


@pytest.mark.parametrize(("claim", "source"), EQUAL)
def test_equal_quantities_agree_in_any_format(claim: str, source: str) -> None:
    assert len(ClaimFacts(f"It is {claim}.")) == 1
    assert missing(f"It is {claim}.", f"This is {source}, as agreed.") == []


@pytest.mark.parametrize(("claim", "source"), DIFFERENT)
def test_other_values_and_units_do_not_agree(claim: str, source: str) -> None:
    assert len(missing(f"It is {claim}.", f"This is {source}, as agreed.")) == 1


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("January 5, 2024", "2024-01-05"),
        ("5 January 2024", "the 5th day of January, 2024"),
        ("5 января 2024 г.", "05.01.2024"),
        ("2024年1月5日", "January 5th, 2024"),
        ("01/05/2024", "January 5, 2024"),
        ("01/05/2024", "1 May 2024"),
        ("January 2024", "January 5, 2024"),
        ("二〇二四年一月五日", "2024-01-05"),
        ("January 5, 2024", "fifth day of January in the year 2024"),
    ],
)
def test_equal_dates_agree_in_any_format(claim: str, source: str) -> None:
    assert missing(f"It starts on {claim}.", f"It starts on {source}.") == []


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("January 5, 2024", "January 6, 2024"),
        ("2024-01-05", "2023-01-05"),
        ("5 января 2024", "5 июня 2024"),
        ("January 5, 2024", "January 2024"),
    ],
)
def test_other_dates_do_not_agree(claim: str, source: str) -> None:
    assert [fact.split()[0] for fact in missing(f"It starts on {claim}.", f"It starts on {source}.")] == [
        "date"
    ]


@pytest.mark.parametrize("text", ["3.11.2", "you may 30 times", "13/13/2024", "1.2"])
def test_what_is_no_date_is_not_read_as_one(text: str) -> None:
    assert dates(text) == []


@pytest.mark.parametrize(
    ("claim", "lost"),
    [
        ("It is owed to Acme Ltd.", ["name Acme Ltd"]),
        ("It is owed to IBM.", ["name IBM"]),
        ("Payable in New Zealand.", ["name New Zealand"]),
        ("The Receiving Party and the Supplier agree.", []),
        ("It calls `parse_date()` and raises ValueError.", ["name ValueError", "name parse_date"]),
        ("See `client/send.py`.", []),
        ("Section 7.1 applies.", ["section 7.1"]),
        ("The number is 45.", ["number 45"]),
        ("The fee is $45.", ["amount USD 45"]),
        ("One of the parties pays.", []),
    ],
)
def test_missing_facts_are_named(claim: str, lost: list[str]) -> None:
    assert missing(claim, "9.1 Nothing of it stands here.") == lost


def test_an_acronym_stands_for_its_words_and_they_for_it() -> None:
    assert missing("It is filed with the FAA.", "filed with the Federal Aviation Administration") == []
    assert missing("It is filed with the Federal Aviation Administration.", "filed with the FAA") == []


@given(st.text(max_size=100))
def test_any_text_holds_its_own_facts(text: str) -> None:
    assert [fact for fact in missing(text, text) if not fact.startswith("name ")] == []


@given(st.integers(1, 9_999_999))
def test_grouping_does_not_change_a_number(value: int) -> None:
    grouped = f"{value:,}"
    assert missing(f"It is {grouped} days.", f"It is {value} days.") == []
    assert missing(f"It is {value} days.", f"It is {grouped.replace(',', ' ')} days.") == []
    assert missing(f"It is {value} days.", f"It is {value + 1} days.") != []
