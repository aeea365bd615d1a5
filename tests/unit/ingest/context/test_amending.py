"""An amendment finds the document that it amends, and the clause that each of its changes replaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.context.amending import amends, changed_parts, edition
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


LICENSE = """LICENSE AGREEMENT

between Acme Works Ltd and Birch Retail Ltd

1. Grant. A license is granted.

2. Fees. As follows.

2.1 Amount. Ten pounds.

2.2 Time. Fees are due in 30 days.

3. Term. A year.

Exhibit A

Support

1. Hours. By day.

2. Reply. Within a day.
"""


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ("Section 2.2 of the Agreement is hereby deleted.", ["2.2 Time."]),
        ("Section 2.2 of the License Agreement is hereby deleted.", ["2.2 Time."]),
        ("Section 2 of Exhibit A to the Agreement is hereby deleted and replaced.", ["2. Reply."]),
        ("Section 2 (Reply) of Exhibit A is hereby deleted.", ["2. Reply."]),
        ("Section 2 of Exhibit B is hereby deleted.", []),
        ("Section 2.1 of the Loan and Security Agreement is hereby amended.", []),
        ("Section 2.1 of the Loan Agreement is hereby amended.", []),
        ("Section 2.1 of Amendment No. 1 is hereby deleted.", []),
        ("Section 2.1 of this Amendment is hereby deleted.", []),
        ("Section 2.1 of this Agreement is hereby deleted.", ["2.1 Amoun"]),
        ("Sections 2.1 and 3 of the Agreement are hereby deleted.", ["2.1 Amoun", "3. Term."]),
        ("Sections 2.1 through 2.2 are hereby deleted.", ["2.1 Amoun", "2.2 Time."]),
        ("Section 3 is hereby amended by replacing Section 2.1 with Section 2.2.", ["3. Term."]),
    ],
)
def test_a_change_leads_to_every_place_that_it_names_and_no_other(change: str, changed: list[str]) -> None:
    head = "Amendment to the License Agreement between Acme Works Ltd and Birch Retail Ltd"
    amending = read_text(f"{head}\n\n{change}\n", "amendment.txt")
    document = read_text(LICENSE, "license.txt")
    parts = list(changed_parts(amending, outline(amending), document))
    assert [LICENSE[part.start : part.start + 9].strip() for part in parts] == changed


def test_an_article_is_no_provision() -> None:
    said = "Section 3 and A new Section 5 is hereby deleted."
    amending = read_text(f"Amendment to the License Agreement dated May 1, 2020\n\n{said}\n", "amendment.txt")
    [amendment] = outline(amending).amendments
    assert [change.provision for change in amendment.changes] == ["Section 3"]


def test_what_is_deleted_for_something_else_is_replaced() -> None:
    said = "Section 3 is deleted in its entirety and the following is inserted in lieu thereof: two years."
    amending = read_text(f"Amendment to the License Agreement dated May 1, 2020\n\n{said}\n", "amendment.txt")
    [amendment] = outline(amending).amendments
    assert [change.kind for change in amendment.changes] == ["replaced"]


@pytest.mark.parametrize(
    ("title", "number"),
    [
        ("2021-06 Amendment No. 2.txt", 2),
        ("Amendment No. 1 (2020).txt", 1),
        ("amendment-no-12.md", 12),
        ("Third Amendment to the Lease", 3),
        ("Дополнительное соглашение № 4", 4),
        ("补充协议（二）", 2),
        ("补充协议之三", 3),
        ("第二补充协议", 2),
        ("2nd Amendment", 2),
        ("Twenty-First Amendment", 21),
        ("Eleventh Amendment", 11),
        ("AMENDMENT NO. TWO", 2),
        ("Amendment II", 2),
        ("Lease_Amendment_No_2_signed.pdf", 2),
        ("Acme_Third_Amendment.pdf", 3),
        ("Forty-First Amendment", 0),
        ("Amendment 12 March 2020.pdf", 0),
        ("Amendment 3.4.2020.pdf", 0),
        ("Amendment 2020", 0),
        ("amendment in part", 0),
        ("补充协议 2020", 0),
        ("Lease", 0),
    ],
)
def test_a_title_tells_which_amendment_it_is(title: str, number: int) -> None:
    assert edition(title) == number
