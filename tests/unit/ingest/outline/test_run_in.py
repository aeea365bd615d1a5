"""Numbers of text that has lost its line breaks, as it comes out of many a PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.outline.sections import find_sections
from ingest.reading import read_text

if TYPE_CHECKING:
    from ingest.model import Document

CLAUSES = (
    "the parties agree as follows: 1. Definitions 1.1 “Batch” means what is made at once "
    "1.2 “Site” means the works in Delft. Exhibit A 2. Supply 2.1 Orders. The Buyer orders in writing "
    "within 10 Business Days under Section 1.2 The Seller confirms [page 4] "
    "2.2 The Seller delivers as Section 2.1 says; 3 Crates are a load 2.2.1 Each load is weighed "
    "2.2.2 The weight is noted 3. Price 3.1 The Buyer pays € 4.2 Million as 3.1 Agreed before."
)


def document(*blocks: str) -> Document:
    return read_text("\n\n".join(blocks), "supply.txt")


def outline(*blocks: str) -> list[tuple[int, str, str]]:
    """Depth, number and heading of every section."""
    return [(s.level, s.number, s.heading) for s in find_sections(document(*blocks))]


def test_clauses_in_one_paragraph_are_told_by_their_numbers() -> None:
    assert outline(CLAUSES) == [
        (1, "1", "1. Definitions"),
        (2, "1.1", "1.1"),
        (2, "1.2", "1.2"),
        (1, "2", "2. Supply"),
        (2, "2.1", "2.1 Orders"),
        (2, "2.2", "2.2"),
        (3, "2.2.1", "2.2.1"),
        (3, "2.2.2", "2.2.2"),
        (1, "3", "3. Price"),
        (2, "3.1", "3.1"),
    ]


def test_a_section_is_an_exact_slice_up_to_the_next_number() -> None:
    made = document("Whereas both sides wish it,", CLAUSES)
    found = {section.number: section for section in find_sections(made)}

    batch = found["1.1"]
    assert made.text[batch.start : batch.end] == "1.1 “Batch” means what is made at once "
    supply = found["2"]
    assert made.text[supply.start : supply.heading_end] == "2. Supply"
    assert supply.end == found["3"].start
    assert found["2.2.1"].path == ("2. Supply", "2.2", "2.2.1")


def test_a_few_numbers_are_no_chain() -> None:
    assert outline("We met at 1.1 Mile from here and 1.2 Miles from there, and 1.3 Miles off.") == []


def test_numbers_that_are_referred_to_are_no_sections() -> None:
    words = " ".join(f"as in Section {n}.1 The Seller says, and {n}.2 Tons" for n in range(1, 9))
    assert outline(words) == []


def test_articles_and_sections_with_their_words() -> None:
    body = (
        "it is agreed ARTICLE 1. LICENSE 1.1. Grant. The licensor grants a right under Section 2.1 Nothing "
        "more is granted ARTICLE 2. TERM 2.1. Begin. It begins today, see Article 1 Section 1.1 Grant "
        "2.2. End. It ends in May"
    )
    assert [(level, number) for level, number, _ in outline(body)] == [
        (1, "ARTICLE 1"),
        (2, "1.1"),
        (1, "ARTICLE 2"),
        (2, "2.1"),
        (2, "2.2"),
    ]


def test_a_table_of_contents_in_front_is_passed_over() -> None:
    contents = "CONTENTS 1. Definitions 3 2. Supply 5 2.1 Orders 5 2.2 Loads 6 3. Price 7 3.1 Payment 8"
    assert outline(contents, CLAUSES) == outline(CLAUSES)


def test_what_opens_blocks_and_what_stands_within_them_count_on_from_each_other() -> None:
    found = outline(
        "1. Supply. The Seller delivers 1.1 Goods are packed 1.2 Goods are marked.",
        "2. Price. The Buyer pays 2.1 Invoices come monthly 2.2 Interest is due.",
    )
    assert [number for _, number, _ in found] == ["1", "1.1", "1.2", "2", "2.1", "2.2"]


def test_russian_clauses_in_one_paragraph() -> None:
    text = (
        "стороны договорились 1. Предмет 1.1 Поставщик передаёт товар согласно пункту 2.1 Договора "
        "1.2 Покупатель принимает товар 2. Цена 2.1 Цена равна 5 рублям 2.2 Оплата в срок"
    )
    assert [number for _, number, _ in outline(text)] == ["1", "1.1", "1.2", "2", "2.1", "2.2"]
