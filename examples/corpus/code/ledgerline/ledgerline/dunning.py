"""When to remind a customer, and what lateness costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from ledgerline.money import Money

if TYPE_CHECKING:
    from datetime import date

    from ledgerline.invoice import Invoice

YEARLY_INTEREST = Decimal("0.08")
DAYS_PER_YEAR = 365


@dataclass(frozen=True, slots=True)
class Stage:
    days_late: int
    name: str
    fee: str


STAGES = (
    Stage(5, "friendly reminder", "0"),
    Stage(19, "second reminder", "12.50"),
    Stage(40, "final notice", "40.00"),
    Stage(61, "collection agency", "70.00"),
)


def stage_on(invoice: Invoice, today: date) -> Stage | None:
    """The furthest stage that the invoice has reached, or None while it is not late enough."""
    days_late = (today - invoice.due).days
    reached = [stage for stage in STAGES if stage.days_late <= days_late]
    return reached[-1] if reached else None


def late_charge(invoice: Invoice, today: date) -> Money:
    """The stage's fee plus simple interest of 8% a year; never more than a quarter of the invoice."""
    stage = stage_on(invoice, today)
    if stage is None:
        return Money(0, invoice.currency)
    days_late = (today - invoice.due).days
    interest = invoice.gross.times(YEARLY_INTEREST * days_late / DAYS_PER_YEAR)
    return min(Money.of(stage.fee, invoice.currency) + interest, invoice.gross.times(Decimal("0.25")))
