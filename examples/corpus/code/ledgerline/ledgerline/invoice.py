"""Invoices: what was sold, the tax on it, when it is due, and how it enters the books."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from ledgerline.journal import Entry, Posting
from ledgerline.money import Money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledgerline.journal import Journal

STANDARD_TAX = Decimal("0.20")
DEFAULT_TERM_DAYS = 28
ROUNDING_TOLERANCE_MINOR = 3
"""A payment that misses the total by at most this many minor units settles the invoice."""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    text: str
    quantity: int
    unit_price: Money
    tax_rate: Decimal = STANDARD_TAX

    @property
    def net(self) -> Money:
        return self.unit_price.times(self.quantity)


@dataclass(frozen=True, slots=True)
class Invoice:
    number: str
    customer: str
    issued: str
    lines: Sequence[InvoiceLine] = field(default_factory=list)
    term_days: int = DEFAULT_TERM_DAYS

    @property
    def currency(self) -> str:
        return self.lines[0].unit_price.currency

    @property
    def net(self) -> Money:
        return sum((line.net for line in self.lines), Money(0, self.currency))

    @property
    def tax(self) -> Money:
        """Tax is rounded once per rate over the whole invoice, not once per line."""
        total = Money(0, self.currency)
        for rate in sorted({line.tax_rate for line in self.lines}):
            taxed = sum((line.net for line in self.lines if line.tax_rate == rate), Money(0, self.currency))
            total += taxed.times(rate)
        return total

    @property
    def gross(self) -> Money:
        return self.net + self.tax

    @property
    def due(self) -> date:
        """The last day for payment; one that falls on a weekend moves to the following Monday."""
        day = date.fromisoformat(self.issued) + timedelta(days=self.term_days)
        days_past_friday = max(0, day.weekday() - 4)
        return day + timedelta(days=3 - days_past_friday) if days_past_friday else day


def post_invoice(journal: Journal, invoice: Invoice) -> Entry:
    """Debit receivables, credit sales and the tax owed."""
    entry = Entry(
        invoice.issued,
        f"Invoice {invoice.number} to {invoice.customer}",
        (
            Posting(f"receivables:{invoice.customer}", invoice.gross),
            Posting("income:sales", -invoice.net),
            Posting("liabilities:tax", -invoice.tax),
        ),
    )
    journal.post(entry)
    return entry


def post_payment(journal: Journal, invoice: Invoice, paid: Money, day: str) -> Entry:
    """Debit the bank, credit receivables; a difference within the tolerance is written off."""
    difference = invoice.gross - paid
    written_off = difference if abs(difference.minor) <= ROUNDING_TOLERANCE_MINOR else Money(0, paid.currency)
    postings = [
        Posting("assets:bank", paid),
        Posting(f"receivables:{invoice.customer}", -(paid + written_off)),
    ]
    if written_off.minor:
        postings.append(Posting("expenses:rounding", written_off))
    entry = Entry(day, f"Payment of {invoice.number}", tuple(postings))
    journal.post(entry)
    return entry
