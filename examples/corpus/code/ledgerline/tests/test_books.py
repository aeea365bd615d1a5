from datetime import date
from pathlib import Path

import pytest
from ledgerline import Entry, Invoice, InvoiceLine, Journal, Money, Posting, post_invoice, post_payment
from ledgerline.cli import EXIT_TAMPERED, main
from ledgerline.dunning import late_charge, stage_on
from ledgerline.errors import BrokenChain, TemporaryFailure, UnbalancedEntry
from ledgerline.retry import Backoff, call
from ledgerline.storage import Book


def coffee() -> Invoice:
    lines = [InvoiceLine("Espresso beans", 12, Money.of("18.40", "GBP"))]
    return Invoice("INV-0042", "Harbour Café", "2025-03-01", lines)


def test_an_invoice_enters_the_books_in_balance() -> None:
    journal = Journal()
    post_invoice(journal, coffee())
    assert str(journal.balance("receivables", "GBP")) == "264.96 GBP"
    assert str(journal.balance("liabilities:tax", "GBP")) == "-44.16 GBP"


def test_three_pence_are_written_off_but_four_are_not() -> None:
    for missing, open_amount in ((3, 0), (4, 4)):
        journal = Journal()
        post_invoice(journal, coffee())
        post_payment(journal, coffee(), Money(26496 - missing, "GBP"), "2025-03-20")
        assert journal.balance("receivables", "GBP").minor == open_amount


def test_an_unbalanced_entry_is_refused() -> None:
    entry = Entry("2025-03-01", "typo", (Posting("a", Money(5, "GBP")), Posting("b", Money(-4, "GBP"))))
    with pytest.raises(UnbalancedEntry, match="out of balance"):
        Journal().post(entry)


def test_a_due_date_on_a_weekend_moves_to_monday() -> None:
    assert coffee().due == date(2025, 3, 31)


def test_reminders_follow_lateness() -> None:
    assert stage_on(coffee(), date(2025, 4, 4)) is None
    second = stage_on(coffee(), date(2025, 4, 20))
    assert second is not None
    assert second.name == "second reminder"
    assert str(late_charge(coffee(), date(2025, 4, 20))) == "13.66 GBP"
    assert late_charge(coffee(), date(2026, 4, 20)) == Money.of("66.24", "GBP")


def test_a_changed_line_breaks_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    entry = post_invoice(Journal(), coffee())
    for _ in range(2):
        Book(path).append(entry)
    assert len(Book(path).load()) == 2
    assert main([str(path)]) == 0
    path.write_text(path.read_text(encoding="utf-8").replace("INV-0042", "INV-0043", 1), encoding="utf-8")
    with pytest.raises(BrokenChain, match="line 2"):
        Book(path).load()
    assert main([str(path)]) == EXIT_TAMPERED


def test_backoff_doubles_up_to_its_cap() -> None:
    assert list(Backoff().ceilings()) == [0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 17.0]


def test_only_temporary_failures_are_retried() -> None:
    pauses: list[float] = []
    outcomes = iter([TemporaryFailure(), TemporaryFailure(), None])

    def flaky() -> str:
        if failure := next(outcomes):
            raise failure
        return "done"

    assert call(flaky, sleep=pauses.append, random_between=lambda _low, high: high) == "done"
    assert pauses == [0.4, 0.8]
