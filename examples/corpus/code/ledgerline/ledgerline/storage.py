"""A book on disk: one JSON object a line, each carrying the hash of the line before it."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

from ledgerline.errors import BrokenChain
from ledgerline.journal import Entry, Journal, Posting
from ledgerline.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GENESIS = "0" * 64


class Book:
    """An append-only file of entries. One writer at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, entry: Entry) -> str:
        """Write an entry, wait until it is on the disk, and return its hash."""
        line = json.dumps(
            {"previous": self._last_hash(), **_to_json(entry)}, ensure_ascii=False, sort_keys=True
        )
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        return _hash(line)

    def load(self) -> Journal:
        """Check the whole chain and post every entry.

        Raises:
            BrokenChain: with the number of the first line that does not follow from its predecessor.
        """
        journal, expected = Journal(), GENESIS
        for number, line in enumerate(self._lines(), start=1):
            record = json.loads(line)
            if record["previous"] != expected:
                raise BrokenChain(f"line {number} of {self._path.name}")
            journal.post(_from_json(record))
            expected = _hash(line)
        return journal

    def _last_hash(self) -> str:
        last = GENESIS
        for line in self._lines():
            last = _hash(line)
        return last

    def _lines(self) -> Iterator[str]:
        if self._path.exists():
            with self._path.open(encoding="utf-8") as file:
                yield from (line.rstrip("\n") for line in file)


def _hash(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def _to_json(entry: Entry) -> dict[str, object]:
    postings = [[p.account, p.amount.minor, p.amount.currency] for p in entry.postings]
    return {"day": entry.day, "text": entry.text, "postings": postings}


def _from_json(record: dict) -> Entry:
    postings = tuple(
        Posting(account, Money(minor, currency)) for account, minor, currency in record["postings"]
    )
    return Entry(record["day"], record["text"], postings)
