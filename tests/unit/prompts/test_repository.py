"""The map of a repository: the same bytes for the same files, the important ones first, inside its budget."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ingest.model import Import
from ingest.reading import read_text
from prompts.markers import parse
from prompts.outermost import outermost_names
from prompts.repository import MOST_NAMES, ProgramFile, draw_map, is_aside

LEDGERLINE = Path(__file__).resolve().parents[3] / "examples" / "corpus" / "code" / "ledgerline"


def count(text: str) -> int:
    return len(text) // 4 + 1


EXPECTED = """\
Map of the repository: 14 of 14 files, those that most others import, and what they define.
ledgerline/gateway/
  main.go: maxBodyBytes, maxLines, readTimeout, defaultAddress, Line, Invoice, Spool, main
ledgerline/ledgerline/
  __init__.py
  cli.py: EXIT_TAMPERED, main
  dunning.py: YEARLY_INTEREST, DAYS_PER_YEAR, Stage, STAGES, stage_on, late_charge
  errors.py: LedgerError, CurrencyMismatch, UnbalancedEntry, StaleRate, BrokenChain, TemporaryFailure
  invoice.py: STANDARD_TAX, DEFAULT_TERM_DAYS, ROUNDING_TOLERANCE_MINOR, InvoiceLine, Invoice, post_invoice, \
post_payment
  journal.py: Posting, Entry, Journal
  money.py: MINOR_DIGITS, DEFAULT_MINOR_DIGITS, Money, minor_digits
  rates.py: MAX_AGE, PIVOT, Rate, RateTable
  retry.py: Result, Backoff, call
  storage.py: GENESIS, Book
ledgerline/tests/
  test_books.py: coffee, test_an_invoice_enters_the_books_in_balance, \
test_three_pence_are_written_off_but_four_are_not, …
  test_money.py: NOON, test_amounts_round_half_to_even, test_yen_have_no_minor_unit, …
ledgerline/web/
  formatAmount.ts: Amount, MINOR_DIGITS, COMPACT_ABOVE, minorDigits, formatAmount, addAmounts
"""


def program(path: str, text: str) -> ProgramFile:
    document = read_text(text, path)
    return ProgramFile(path, outermost_names(document.symbols), document.imports)


def ledgerline() -> list[ProgramFile]:
    paths = sorted(path for path in LEDGERLINE.rglob("*") if path.suffix in {".py", ".go", ".ts"})
    return [
        program(path.relative_to(LEDGERLINE.parent).as_posix(), path.read_text(encoding="utf-8"))
        for path in paths
    ]


def test_the_map_of_the_example() -> None:
    drawn = draw_map(ledgerline(), count)

    assert drawn == EXPECTED


def test_a_short_map_keeps_what_is_imported_most() -> None:
    drawn = draw_map(ledgerline(), count, tokens=90)

    assert "errors.py" in drawn
    assert "money.py" in drawn
    assert "test_money.py" not in drawn
    assert count(drawn) <= 90


def test_no_room_no_map() -> None:
    assert draw_map(ledgerline(), count, tokens=10) == ""
    assert draw_map([], count) == ""


def test_of_many_names_those_that_are_taken_elsewhere_are_shown() -> None:
    names = tuple(f"name{n:02}" for n in range(40))
    taker = ProgramFile("b.py", (), (Import(0, 1, "a", ("name39", "_hidden")),))
    drawn = draw_map([ProgramFile("a.py", (*names, "_hidden", "_secret"), ()), taker], count)

    [line] = [line for line in drawn.splitlines() if "a.py" in line]
    assert "name39" in line
    assert "_hidden" in line
    assert "_secret" not in line
    assert line.count("name") == MOST_NAMES - 1
    assert line.endswith(", …")


def test_a_path_cannot_forge_a_marker_or_a_document() -> None:
    files = [ProgramFile("[D1:2] x/# D7 y.py", ("a\n# D9 b",), ())]
    drawn = draw_map(files, count)

    assert [piece for piece in parse(drawn) if not isinstance(piece, str)] == []
    assert not [line for line in drawn.splitlines() if line.lstrip().startswith("# D")]


def test_tests_and_documentation_stand_aside() -> None:
    aside = [
        "tests/a.py",
        "docs/conf.py",
        "a/test_b.py",
        "src/cart.test.ts",
        "pkg/cart_test.go",
        "CartTest.java",
    ]
    assert all(map(is_aside, aside))
    assert not any(map(is_aside, ["src/app.py", "contest/entry.py", "latest.py"]))


PATHS = st.lists(
    st.sampled_from(["a/b.py", "a/c.py", "a/__init__.py", "d.py", "tests/t.py", "web/x.ts"]), unique=True
)


@given(PATHS.flatmap(st.permutations), st.integers(0, 200))
def test_the_order_of_the_files_changes_nothing_and_the_budget_holds(paths: list[str], tokens: int) -> None:
    imports = (Import(0, 1, "a.b", ("one",)),)
    files = [ProgramFile(path, ("one", "two"), imports) for path in paths]

    drawn = draw_map(files, count, tokens=tokens)

    assert drawn == draw_map(sorted(files, key=lambda file: file.path), count, tokens=tokens)
    assert count(drawn) <= tokens or not drawn
