"""Double-entry bookkeeping: an entry is a set of postings that add up to zero."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledgerline.errors import UnbalancedEntry
from ledgerline.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Posting:
    """A positive amount is a debit, a negative one a credit."""

    account: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Entry:
    day: str
    text: str
    postings: tuple[Posting, ...]

    def reversed(self, day: str) -> Entry:
        """The entry that undoes this one."""
        postings = tuple(Posting(posting.account, -posting.amount) for posting in self.postings)
        return Entry(day, f"Reversal of: {self.text}", postings)


class Journal:
    """Entries in the order in which they were posted."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def post(self, entry: Entry) -> None:
        """Append an entry.

        Raises:
            UnbalancedEntry: it has fewer than two postings, or some currency does not add up to zero.
        """
        if len(entry.postings) < 2:
            raise UnbalancedEntry("an entry needs at least two postings")
        sums: defaultdict[str, int] = defaultdict(int)
        for posting in entry.postings:
            sums[posting.amount.currency] += posting.amount.minor
        wrong = {currency: minor for currency, minor in sums.items() if minor}
        if wrong:
            raise UnbalancedEntry(f"{entry.text!r} is out of balance by {wrong}")
        self._entries.append(entry)

    def balance(self, account: str, currency: str) -> Money:
        """The sum of an account and of everything below it: ``assets`` includes ``assets:bank``."""
        total = Money(0, currency)
        for entry in self._entries:
            for posting in entry.postings:
                inside = posting.account == account or posting.account.startswith(account + ":")
                if inside and posting.amount.currency == currency:
                    total += posting.amount
        return total

    def accounts(self) -> list[str]:
        return sorted({posting.account for entry in self._entries for posting in entry.postings})
