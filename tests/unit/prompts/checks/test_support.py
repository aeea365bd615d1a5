from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.checks.sources import Evidence, Source
from prompts.checks.support import SUPPORTED, Judge, Support
from prompts.quotes import Quotable

TEXT = (
    "Either party may terminate this Agreement upon thirty (30) days' prior written notice. "
    "The Supplier shall not assign this Agreement without the prior written consent of the Customer. "
    "The Supplier shall indemnify the Customer against third party claims. "
    "In no event shall the liability of either party exceed USD 5,000."
)


def evidence(text: str, quote: str = "") -> Evidence:
    found = Quotable(text).locate(quote)
    return Evidence(Source(text), found.quoted, found.start, found.end)


def judge(claim: str, text: str = TEXT, quote: str = "") -> Support:
    return Judge(claim).judge([evidence(text, quote)])


@pytest.mark.parametrize(
    ("claim", "missing"),
    [
        ("Each party can cancel the agreement with 30 days' written notice.", ()),
        ("Each party can cancel with 60 days' written notice.", ("number 60 days",)),
        ("The Supplier may assign with the Customer's prior written consent.", ()),
        ("The Supplier may not assign the agreement without consent.", ()),
        ("The Supplier may assign the agreement.", ("negation",)),
        ("The Supplier may assign the agreement without consent.", ("negation",)),
        ("Neither party may terminate this Agreement.", ("negation",)),
        ("The Supplier shall not indemnify the Customer against claims.", ("negation",)),
        ("The Customer shall indemnify the Supplier against claims.", ("role customer",)),
        ("Liability is capped at $5,000.", ()),
        ("Liability shall exceed USD 5,000.", ("limit",)),
        ("The warehouse is painted green every spring.", ("words",)),
    ],
)
def test_claims_are_supported_or_told_what_they_lack(claim: str, missing: tuple[str, ...]) -> None:
    support = judge(claim)
    assert support.missing == missing
    assert support.supported == (not missing)


def test_without_evidence_there_is_no_support() -> None:
    assert Judge("The fee is due.").judge([]) == Support(0.0, ("citation",))


def test_citations_support_a_claim_together() -> None:
    claim = "The fee of $500 is due within 30 days."
    parts = ["The monthly fee is $500.", "Every fee is due within thirty days."]
    assert not any(judge(claim, part).supported for part in parts)
    assert Judge(claim).judge([evidence(part) for part in parts]).supported


def test_a_found_quote_helps_and_an_invented_one_hurts() -> None:
    claim = "A thrifty supplier transfers its warehouse with approval by the buyer."
    plain, quoted, invented = (
        judge(claim, quote=quote).score for quote in ("", "prior written consent", "as it pleases")
    )
    assert quoted > plain > invented


def test_a_translated_claim_rests_on_its_facts_and_its_quote() -> None:
    assert judge("Договор можно расторгнуть за 30 дней.").supported
    assert judge("Договор можно расторгнуть.", quote="may terminate this Agreement").supported
    assert judge("Договор можно расторгнуть за 45 дней.", quote="thirty (30) days").missing == (
        "number 45 дней",
    )
    assert judge("Поставщик вправе уступить договор.", quote="shall not assign this Agreement").missing == (
        "negation",
    )
    assert judge("Договор можно расторгнуть.").missing == ("words",)


def test_a_duty_made_of_a_right_counts_for_less() -> None:
    assert (
        judge("Either party must terminate this Agreement.").score
        < judge("Either party may terminate this Agreement.").score
    )


@pytest.mark.parametrize(
    "text", ["It is not unlawful not to pay.", "не не", "不不不", "no no no", "unless without except", "Not."]
)
def test_strange_negations_get_a_verdict(text: str) -> None:
    assert 0.0 <= judge(text, text).score <= 1.0


WORDS = st.lists(
    st.sampled_from(
        """The Supplier shall may not no pay assign 30 days $5 Acme never without consent
        не вправе 不得 转让 . , ;""".split()
    ),
    max_size=20,
).map(" ".join)


@given(WORDS, WORDS)
def test_a_score_says_supported_exactly_where_nothing_is_missing(claim: str, text: str) -> None:
    support = judge(claim, text)
    assert 0.0 <= support.score <= 1.0
    assert support.supported == (support.score >= SUPPORTED) == (not support.missing)


@given(WORDS, WORDS, st.integers(10, 99_999))
def test_a_number_that_is_not_there_is_never_supported(claim: str, text: str, number: int) -> None:
    support = judge(f"{claim} {number} kg", text.replace(str(number), ""))
    assert not support.supported


CAP = "Except for fraud, the liability of the Seller shall in no event exceed the price paid by the Buyer."


@given(st.integers(0, len(CAP.split()) - 4), st.integers(4, len(CAP.split())))
def test_a_copy_is_refused_only_where_its_no_was_cut_off(first: int, length: int) -> None:
    words = CAP.split()[first : first + length]
    copy = " ".join(words).rstrip(".,")
    is_reversed = "exceed" in words and "no" not in words
    assert judge(f"The contract says {copy}", CAP, copy).supported is not is_reversed


def test_a_denied_infinitive_denies_nothing_of_what_the_clause_around_it_states() -> None:
    text = (
        "Any change in the terms of the offer after we have elected not to purchase the shares will be a new "
        "offer subject to the same right."
    )
    copied = "Any change in the terms of the offer"
    assert judge(f"The contract says {copied}.", text, quote=copied).missing == ()
    assert judge("A change after we have elected not to purchase will be a new offer.", text).missing == ()
    assert "negation" in judge("A change after we have elected to purchase the shares.", text).missing


def test_a_verb_without_an_object_denies_nothing_of_the_clause_behind_it() -> None:
    text = (
        "All rights of the Developer shall cease and all unapplied or unused Fees paid under Section 3 shall "
        "be forfeited to the Franchisor."
    )
    copied = "all unapplied or unused Fees paid under Section 3"
    assert judge(f"The contract says {copied}.", text, copied).missing == ()
    assert (
        "negation"
        in judge("The Developer shall use the marks.", "The Developer shall cease to use the marks.").missing
    )


@pytest.mark.parametrize(
    ("before", "copied", "behind", "denied"),
    [
        (
            "Disagreements among the members will be resolved in good faith; provided, that in the event of",
            "a disagreement that cannot be resolved within thirty days",
            "the executives resolve the disagreement",
            False,
        ),
        (
            "The Director is under no order prohibiting service; or the Director has declared to the Bank or",
            "the Board of Directors that she or he is",
            "an advisor of a competitor",
            False,
        ),
        (
            "No waiver by a Party of any term shall be deemed to be or",
            "construed as a waiver of the same term",
            "of this Agreement",
            True,
        ),
        ("The Service is provided without", "warranty of any kind by the Provider", "", True),
        ("The Developer does", "not sell or lease the premises", "to others", False),
    ],
)
def test_a_copy_is_denied_by_what_stands_around_it(
    before: str, copied: str, behind: str, *, denied: bool
) -> None:
    support = judge(f"The contract says {copied}.", f"{before} {copied} {behind}.", copied)
    assert ("negation" in support.missing) is denied


def test_a_denial_before_a_copy_is_the_claims_own() -> None:
    copied = "a disagreement that cannot be resolved within ten days"
    text = f"Both decide in the event of {copied}."
    assert judge(f"Both decide in the event of {copied}.", text, copied).missing == ()
    assert "negation" in judge(f"Both never decide in the event of {copied}.", text, copied).missing
