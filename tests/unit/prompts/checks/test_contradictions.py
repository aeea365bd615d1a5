"""Bounds, opposites, numbers in their place, overstatement, and what programs say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.checks.absolutes import overstated
from prompts.checks.actors import misattributed
from prompts.checks.bindings import misbound
from prompts.checks.code import contrary_guard, contrary_order, contrary_switch, looks_like_code
from prompts.checks.limits import contrary_limits
from prompts.checks.opposites import contrary_prefix, contrary_words, lacks_condition

TIERS = (
    "A royalty of eight percent (8%) of Net Sales up to $10 million, and six percent (6%) above that amount."
)
UPTIME = (
    "It is available 95% of the time during any 7 day period and 98% of the time during any 30 day period."
)


@pytest.mark.parametrize(
    ("claim", "source", "contrary"),
    [
        ("at least 30 days", "not more than 30 days", True),
        ("at least 30 days", "no fewer than thirty (30) days", False),
        ("up to 30 days", "a minimum of 30 days", True),
        ("within 30 days", "no later than 30 days after", False),
        ("more than 50%", "at least 50%", True),
        ("less than ten days", "more than 10 days", True),
        ("at least 60 days before the end", "no later than 60 days before the end", False),
        ("no later than 60 days after the end", "at least 60 days after the end", True),
        ("not earlier than five days before Closing", "not more than five days prior to Closing", False),
        ("Netzee cannot ask for more than 5%", "adjustments not to exceed 5%", False),
        ("ten or more days", "not less than ten days", False),
        ("at least 5 days", "the goods, for 5 days", False),
        ("не менее 30 дней", "не более 30 дней", True),
        ("минимум за 14 дней", "не позднее чем за 14 дней", False),
        ("至少三十日", "不超过三十日", True),
        ("it shall exceed the fees", "in no event shall it exceed the fees", True),
    ],
)
def test_a_number_is_bounded_as_in_the_source(claim: str, source: str, *, contrary: bool) -> None:
    assert contrary_limits(claim, [source]) is contrary


@pytest.mark.parametrize(
    ("claim", "source", "contrary"),
    [
        ("five days after the event", "five days prior to the event", True),
        ("five days before the event", "five days prior to the event", False),
        (
            "after delivery of the goods, before payment",
            "before payment and after delivery of the goods",
            False,
        ),
        ("an increase in charges", "any decrease in charges", True),
        ("the lesser of $5 and $9", "the greater of (i) $5 and (ii) $9", True),
        ("whichever is later", "whichever is the later", False),
        ("the monthly fee", "an annual fee of $5", True),
        ("a fee every month", "a monthly fee", False),
        ("It commences on May 1, 2024.", "It commences on May 1, 2023 and expires on May 1, 2024.", True),
        ("It expires on May 1, 2024.", "It commences on May 1, 2023 and expires on May 1, 2024.", False),
        ("in addition to other warranties", "in lieu of all other warranties", True),
        ("期满后六十日内通知", "应在期满前六十日通知", True),
    ],
)
def test_opposites_are_found_beside_the_same_word(claim: str, source: str, *, contrary: bool) -> None:
    assert contrary_words(claim, [source]) is contrary


def test_prefixes_turn_a_word_around() -> None:
    assert contrary_prefix("a non-exclusive licence", "an exclusive licence")
    assert not contrary_prefix("a non-exclusive licence", "a non- exclusive licence")
    assert contrary_prefix("unpaid leave", "25 days of paid leave")
    assert not contrary_prefix("in the union", "by an ion")


def test_a_condition_that_is_asked_for_is_not_absent() -> None:
    assert lacks_condition("It may end this without notice.", "It may end this upon 60 days' notice.")
    assert not lacks_condition("It may end this without cause on notice.", "It may end this without cause.")
    law = "It shall comply with applicable laws, including, without limitation applicable environmental laws."
    assert not lacks_condition(law, law), "that lists, and lacks nothing"


@pytest.mark.parametrize(
    ("claim", "source", "missing"),
    [
        ("The royalty is 8% of Net Sales up to $10 million.", TIERS, []),
        ("The royalty is 6% of Net Sales up to $10 million.", TIERS, ["number 6%"]),
        ("It is available 98% of the time during any 30 day period.", UPTIME, []),
        ("It is available 98% of the time during any 7 day period.", UPTIME, ["number 98%"]),
        ("Payment is now due in 45 days.", 'Replace "30 days" by "45 days" for the payment that is due.', []),
        ("It takes 5 days.", "Nothing of the kind.", []),
    ],
)
def test_a_number_belongs_to_the_words_around_it(claim: str, source: str, missing: list[str]) -> None:
    assert misbound(claim, [source]) == missing


@pytest.mark.parametrize(
    ("claim", "source", "words"),
    [
        ("NAI pays in every case.", "NAI pays unless a discrepancy is found.", ["in every case"]),
        ("NAI pays in every case.", "NAI pays at any time.", []),
        ("It may be disclosed to anyone.", "It may be disclosed only to employees.", ["to anyone"]),
        ("It renews automatically.", "It may be renewed by mutual agreement.", ["automatically"]),
        ("It renews automatically.", "It shall renew automatically unless they mutually agree.", []),
        ("It may be amended orally.", "It is amended in writing.", ["orally"]),
        ("Only the Buyer may end it.", "Either party may end it.", ["Only the Buyer may"]),
        (
            "No consent is required.",
            "It shall not be assigned without prior consent.",
            ["No consent is required"],
        ),
        ("It may not be assigned without consent.", "It shall not be assigned without prior consent.", []),
    ],
)
def test_a_claim_adds_no_absolute(claim: str, source: str, words: list[str]) -> None:
    assert list(overstated(claim, source, source)) == words


def test_programs_say_what_is_on_and_what_comes_first() -> None:
    code = (
        "def save(doc, strict: bool = True):\n    if not doc.path.exists():\n        raise Lost\n"
        "    check(doc)\n    write(doc)\n"
    )
    assert looks_like_code(code)
    assert not looks_like_code("The fee is due in May.\nIt is paid in June.\n")
    assert contrary_switch("It is not strict by default.", code)
    assert not contrary_switch("It is strict by default.", code)
    assert contrary_guard("It raises Lost if the path of the doc exists.", code)
    assert not contrary_guard("It raises Lost if the path of the doc does not exist.", code)
    assert contrary_order("It will write the doc before it will check it.", code)
    assert not contrary_order("It will check the doc before it will write it.", code)


PIECES = st.sampled_from(
    "Supplier may shall not , ; . ( ) 's of by to before after 5% 30 days $9 甲方 不得 without consent either"
    " party if unless at least no more than Acme pays is paid Покупатель не только \n".split(" ")
)


@given(st.lists(PIECES, max_size=40).map(" ".join), st.lists(PIECES, max_size=40).map(" ".join))
def test_no_text_stops_a_check(claim: str, source: str) -> None:
    contrary_limits(claim, [source])
    contrary_words(claim, [source])
    contrary_prefix(claim, source)
    lacks_condition(claim, source)
    misbound(claim, [source])
    misattributed(claim, [source], source)
    list(overstated(claim, source, source))
    contrary_guard(claim, source)
    contrary_order(claim, source)
    contrary_switch(claim, source)
