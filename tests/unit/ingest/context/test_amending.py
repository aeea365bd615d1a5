"""An amendment finds the document that it amends, and the clause that each of its changes replaces."""

from __future__ import annotations

from pathlib import Path

from ingest.context.amending import amends, changed_parts
from ingest.outline.outline import outline
from ingest.reading import read_text

PROSE = Path(__file__).resolve().parents[4] / "examples" / "prose"


def test_the_examples_amendment_changes_the_clauses_it_names() -> None:
    amending = read_text((PROSE / "amendment-no-1.md").read_text(encoding="utf-8"), "amendment.md")
    parts = sorted((PROSE / "msa").glob("*.md"))
    agreement = read_text("\n\n".join(path.read_text(encoding="utf-8") for path in parts), "agreement.md")
    found = outline(amending)

    [amendment] = found.amendments
    assert amends(amendment, agreement)
    changed = {
        part.by.label: (agreement.text[part.start :], amending.text[part.by.start : part.by.end])
        for part in changed_parts(amending, found, agreement)
    }
    assert list(changed) == ["Section 5.3", "Section 12.2"]
    old, new = changed["Section 5.3"]
    assert old.startswith("## Section 5.3 Payment Term")
    assert "within thirty (30) days" in new


def test_another_agreement_is_not_amended() -> None:
    amending = read_text((PROSE / "amendment-no-1.md").read_text(encoding="utf-8"), "amendment.md")
    [amendment] = outline(amending).amendments

    assert not amends(amendment, read_text("# Lease\n\nMade on 1 March 2024.\n", "lease.md"))
    same_title = "# Master Services Agreement\n\nMade on 7 May 2019.\n"
    assert not amends(amendment, read_text(same_title, "other.md"))


def test_an_amendment_without_a_date_goes_by_its_parties() -> None:
    text = (
        'Amendment to the Supply Agreement between Acme Works Ltd (the "Supplier") and Birch Retail Ltd '
        '(the "Buyer")\n\nSection 2 of the Supply Agreement is deleted.\n'
    )
    amending = read_text(text, "amendment.txt")
    [amendment] = outline(amending).amendments
    mine = "SUPPLY AGREEMENT\n\nbetween Acme Works Ltd and Birch Retail Ltd\n\n2. Price\n\nIt is low.\n"
    other = mine.replace("Acme Works", "Crane Yard").replace("Birch Retail", "Dock Stores")

    assert amends(amendment, read_text(mine, "a.txt"))
    assert not amends(amendment, read_text(other, "a.txt"))
