"""What a clause or a part of a program cannot be read without, in three languages and in the examples."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ingest.context.surroundings import Surroundings, passages_of
from ingest.model import Companion
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.reading import read_text
from tests.shared_data import needs_shared, shared

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
FILLER = "The parties keep records of every delivery and show them to each other on request. " * 5

SUPPLY = f"""# Supply agreement

## 1. Definitions

"Goods" means the machines that Schedule A lists, with their spare parts.

"Order Date" has the meaning set forth in Section 3.

"Price" means the price of the Goods, as the price list of the Supplier says it.

## 2. Delivery

{FILLER}

{FILLER}

The Supplier shall:

(a) deliver the Goods within ten days of the Order Date. {FILLER}

(b) insure the Goods, subject to Section 4, up to the moment of delivery. {FILLER}

(c) pack them.

## 3. Orders

The day on which the Supplier receives an order is the Order Date. {FILLER}

## 4. Insurance

The insurer must be one that the Customer accepts. {FILLER}

{FILLER}

{FILLER} The last words of this section.
"""


class Read:
    """A text as ingestion leaves it, asked for the companions of its words."""

    def __init__(self, text: str, path: str) -> None:
        self.document = read_text(text, path)
        self.passages = cut_passages(self.document, find_sections(self.document))
        self.surroundings = Surroundings(self.document)

    def around(self, words: str) -> dict[tuple[str, str], str]:
        """Kind and label to the words of each companion of the passage that holds these words."""
        start = self.document.text.index(words)
        passage = next(p for p in self.passages if p.start <= start < p.end)
        found = self.surroundings.around((passage.start, passage.end), [(start, start + len(words))])
        return {(one.kind, one.label): self.document.text[one.start : one.end] for one in found}


def test_an_item_brings_the_words_that_lead_in_to_it() -> None:
    found = Read(SUPPLY, "supply.md").around("insure the Goods, subject to Section 4")

    assert found["lead_in", "(b)"] == "The Supplier shall:"


def test_a_clause_brings_the_definitions_of_its_terms() -> None:
    found = Read(SUPPLY, "supply.md").around("insure the Goods, subject to Section 4")

    assert found["definition", "Goods"].startswith('"Goods" means the machines')
    assert not any("Price" in label for _, label in found)


def test_a_definition_that_points_elsewhere_is_followed() -> None:
    found = Read(SUPPLY, "supply.md").around("deliver the Goods within ten days of the Order Date")

    assert found["definition", "Order Date"].startswith("## 3. Orders")


def test_a_clause_brings_the_clause_that_it_refers_to() -> None:
    found = Read(SUPPLY, "supply.md").around("insure the Goods, subject to Section 4")

    assert found["reference", "Section 4"].startswith("## 4. Insurance")


def test_the_ninth_item_of_a_list_is_not_its_first() -> None:
    letters = "abcdefghijk"
    items = "\n\n".join(f"({letter}) {FILLER}" for letter in letters)
    text = f"1. Delivery\n\nThe Supplier shall:\n\n{items}\n\n2. End\n\nNothing else.\n"
    read = Read(text, "a.txt")

    for letter in "hijk":
        assert read.around(f"({letter}) The parties")["lead_in", f"({letter})"] == "The Supplier shall:"


def test_what_leads_in_to_a_whole_contract_is_not_brought() -> None:
    text = (
        "# Deed\n\nThe parties agree as follows:\n\n"
        + "\n\n".join(f"({letter}) {FILLER}" for letter in "abc")
        + "\n"
    )

    assert Read(text, "deed.md").around("(c) The parties") == {}


def test_bullets_bring_the_sentence_before_them() -> None:
    bullets = "\n".join(f"* {n}: {FILLER}" for n in range(4))
    found = Read(f"# Note\n\nPlain words.\n\nThe guard must:\n\n{bullets}\n", "note.md").around("* 3: The")

    assert found["lead_in", "list item"] == "The guard must:"


def test_the_end_of_a_long_section_brings_its_heading() -> None:
    found = Read(SUPPLY, "supply.md").around("The last words of this section")

    assert found["heading", "4. Insurance"] == "## 4. Insurance"


def test_a_passage_brings_nothing_that_it_holds() -> None:
    found = Read("# Note\n\nThe sea is wide.\n", "note.md").around("The sea is wide")

    assert found == {}


def test_what_every_clause_uses_is_not_brought() -> None:
    text = 'The goods (the "Goods") are sold.\n\n' + "The Goods are heavy. " * 80 + FILLER

    assert Read(text, "a.txt").around("The Goods are heavy. " * 2) == {}


def test_a_list_of_clauses_that_survive_brings_none() -> None:
    listed = "Sections 3, 4, 5, 6, 7, 8 and 9 survive the end."
    text = "\n\n".join([f"{n}. Part {n}\n\n{FILLER}" for n in range(1, 12)]) + f"\n\n12. End\n\n{listed}\n"

    assert not [kind for kind, _ in Read(text, "a.txt").around(listed) if kind == "reference"]


def test_russian_terms_are_found_in_every_case() -> None:
    text = (
        "1. Термины\n\n«Закрытая информация» означает сведения, которые Сторона назвала закрытыми.\n\n"
        + "Стороны ведут учет поставок и показывают его друг другу. " * 12
        + "\n\n2. Обязанности\n\nПолучатель не передает Закрытой информации третьим лицам.\n"
    )
    found = Read(text, "договор.txt").around("не передает Закрытой информации")

    assert found["definition", "Закрытая информация"].startswith("«Закрытая информация» означает")


def test_chinese_terms_and_articles_are_found() -> None:
    filler = "双方应当保存全部交付记录，并且按照要求互相出示。" * 12
    text = (
        f"第一条 定义\n\n“保密资料”是指甲方书面标明的全部资料。\n\n{filler}\n\n"
        f"第二条 例外\n\n{filler}\n\n第三条 义务\n\n除第二条另有规定外，乙方不得披露保密资料。\n"
    )
    found = Read(text, "合同.txt").around("除第二条另有规定外，乙方不得披露保密资料")

    assert found["definition", "保密资料"].startswith("“保密资料”是指")
    assert found["reference", "第二条"].startswith("第二条 例外")


def test_the_examples_agreement_brings_the_clauses_around_a_service_credit() -> None:
    prose = sorted((EXAMPLES / "prose" / "msa").glob("*.md"))
    text = "\n\n".join(path.read_text(encoding="utf-8") for path in prose)
    found = Read(text, "agreement.md").around("the Customer is entitled to the Service Credit stated in")

    assert found["definition", "Service Credit"].startswith('"Service Credit" means an amount')


def test_a_method_brings_the_line_of_its_class() -> None:
    path = EXAMPLES / "corpus" / "code" / "ledgerline" / "ledgerline" / "journal.py"
    found = Read(path.read_text(encoding="utf-8"), "journal.py").around("for posting in entry.postings")

    assert found["enclosing", "class Journal"].startswith('class Journal:\n    """Entries in the order')


def test_the_middle_of_a_function_brings_its_signature() -> None:
    body = "".join(f"        total += weigh(parcel, {n}, heavy=True, by_night=False)\n" for n in range(60))
    opening = "class Scale(Base):\n    def weigh_all(self, parcels: list[str]) -> int:\n        total = 0\n"
    text = f"{opening}{body}        return total\n"
    found = Read(text, "scale.py").around("return total")

    assert list(found) == [
        ("enclosing", "def weigh_all(self, parcels: list[str]) -> int"),
        ("enclosing", "class Scale(Base)"),
    ]
    assert found["enclosing", "class Scale(Base)"] == "class Scale(Base):"


def test_a_companion_that_begins_at_the_end_of_a_passage_takes_the_next_one_too() -> None:
    read = Read(SUPPLY, "supply.md")
    goods = next(iter(read.surroundings.outline.definitions))
    [number] = passages_of(read.passages, _companion(goods.start, goods.end))
    assert read.passages[number - 1].start <= goods.start < read.passages[number - 1].end

    border = read.passages[0].end
    assert list(passages_of(read.passages, _companion(border - 4, border + 400))) == [1, 2]
    last = read.passages[-1]
    assert list(passages_of(read.passages, _companion(last.end - 2, last.end))) == [len(read.passages)]


def _companion(start: int, end: int) -> Companion:
    return Companion("reference", "", start, end)


@needs_shared
def test_passages_of_real_contracts_bring_other_ranges_of_their_text() -> None:
    with shared("cuad/documents.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in islice(lines, 4)]
    kinds: Counter[str] = Counter()
    for row in rows:
        read = Read(row["text"], row["doc_id"])
        for passage in read.passages:
            own = (passage.start, passage.end)
            for one in read.surroundings.around(own, [own]):
                kinds[one.kind] += 1
                assert 0 <= one.start < one.end <= len(row["text"])
                assert not passage.start <= one.start < passage.end
                assert one.label
    assert min(kinds[kind] for kind in ("definition", "reference", "heading", "lead_in")) >= 5


LINES = st.sampled_from(
    [
        "(a) the Goods;",
        "(b) as Section 2 says",
        '"Goods" means things.',
        "1. Part",
        "2. Other",
        "ARTICLE I",
        "The Supplier shall:",
        "* one",
        "第一条 定义",
        "“资料”是指全部资料。",
        "Пункт 2 и 3.",
        "",
        "plain words.",
    ]
)


@given(st.lists(LINES, min_size=1, max_size=40), st.integers(0, 400))
def test_companions_are_ranges_of_the_text_outside_the_passage(lines: list[str], seed: int) -> None:
    text = "\n\n".join(lines) + "\n\nend."
    read = Read(text, "a.txt")
    passage = read.passages[seed % len(read.passages)]
    for one in read.surroundings.around((passage.start, passage.end), [(passage.start, passage.end)]):
        assert 0 <= one.start < one.end <= len(text)
        assert not passage.start <= one.start < passage.end
        assert all(1 <= number <= len(read.passages) for number in passages_of(read.passages, one))
