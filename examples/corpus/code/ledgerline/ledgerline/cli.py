"""Print the trial balance of a book: ``python -m ledgerline.cli BOOK [--currency GBP]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ledgerline.errors import BrokenChain
from ledgerline.storage import Book

EXIT_TAMPERED = 3


def main(arguments: list[str] | None = None) -> int:
    """Return 0, or 3 when the chain of hashes is broken."""
    parser = argparse.ArgumentParser(prog="ledgerline", description=__doc__)
    parser.add_argument("book", type=Path)
    parser.add_argument("--currency", default="GBP")
    options = parser.parse_args(arguments)
    try:
        journal = Book(options.book).load()
    except BrokenChain as broken:
        print(f"the book was tampered with: {broken}", file=sys.stderr)
        return EXIT_TAMPERED
    for account in journal.accounts():
        print(f"{account:<40}{journal.balance(account, options.currency)!s:>20}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
