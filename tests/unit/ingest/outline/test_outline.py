"""Sections, definitions, references, attached parts and amendments of contracts in three languages."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.outline.names import named_depth
from ingest.outline.numbering import han_value, number_at, roman_value
from ingest.outline.outline import outline
from ingest.reading import read_text

if TYPE_CHECKING:
    from ingest.model import Section
    from ingest.outline.model import Outline

CONTRACT = """SUPPLY AGREEMENT

THIS SUPPLY AGREEMENT (the "Agreement") is made as of May 1, 2020 between Acme Works, Inc., a Delaware
corporation ("Supplier"), and Birch Retail Ltd., an English company ("Buyer").

TABLE OF CONTENTS

ARTICLE I DEFINITIONS 1

ARTICLE II DELIVERY 3

ARTICLE I

DEFINITIONS

1.1 "Goods" means the goods listed in Exhibit A.

2019 was a good year.

1.2 Notices. Notices follow Section 2.2(b)(i) and Section 10(b) of the Securities Act.

ARTICLE II

DELIVERY

2.1 Place. The Supplier shall deliver to the Buyer.

2.2 Time. The Supplier shall deliver:

(a) within the period of paragraph (b) below;

(b) on days that:

(i) are working days; and

(ii) are not holidays under Articles I through II.

(c) never at night.

Exhibit A

List of Goods

1. Bolts. As Section 2 of this Exhibit says.

2. Nuts. See Section 2.1.
"""


def read(text: str) -> Outline:
    return outline(read_text(text, "contract.txt"))


def places(found: Outline, label: str) -> list[tuple[str, ...]]:
    wanted = next(r for r in found.references if r.label == label)
    return [found.sections[i].path for i in wanted.sections]


def paths(sections: tuple[Section, ...]) -> list[str]:
    return [" › ".join(section.path) for section in sections if section.number]


def test_numbers_tell_how_sections_nest() -> None:
    assert paths(read(CONTRACT).sections) == [
        "ARTICLE I DEFINITIONS",
        "ARTICLE I DEFINITIONS › 1.1",
        "ARTICLE I DEFINITIONS › 1.2 Notices",
        "ARTICLE II DELIVERY",
        "ARTICLE II DELIVERY › 2.1 Place",
        "ARTICLE II DELIVERY › 2.2 Time",
        "ARTICLE II DELIVERY › 2.2 Time › (a)",
        "ARTICLE II DELIVERY › 2.2 Time › (b)",
        "ARTICLE II DELIVERY › 2.2 Time › (b) › (i)",
        "ARTICLE II DELIVERY › 2.2 Time › (b) › (ii)",
        "ARTICLE II DELIVERY › 2.2 Time › (c)",
        "Exhibit A",
        "Exhibit A › 1. Bolts",
        "Exhibit A › 2. Nuts",
    ]


def test_a_run_in_heading_ends_before_what_the_clause_says() -> None:
    section = next(s for s in read(CONTRACT).sections if s.number == "2.1")
    assert CONTRACT[section.start : section.heading_end] == "2.1 Place"


@pytest.mark.parametrize(
    ("label", "path"),
    [
        ("Section 2.2(b)(i)", ("ARTICLE II DELIVERY", "2.2 Time", "(b)", "(i)")),
        ("paragraph (b)", ("ARTICLE II DELIVERY", "2.2 Time", "(b)")),
        ("Exhibit A", ("Exhibit A",)),
        ("Section 2", ("Exhibit A", "2. Nuts")),
        ("Section 2.1", ("ARTICLE II DELIVERY", "2.1 Place")),
    ],
)
def test_references_lead_to_their_sections(label: str, path: tuple[str, ...]) -> None:
    assert places(read(CONTRACT), label) == [path]


def test_a_range_leads_to_all_of_it_and_a_statute_outside() -> None:
    found = read(CONTRACT)
    assert places(found, "Articles I through II") == [("ARTICLE I DEFINITIONS",), ("ARTICLE II DELIVERY",)]
    [statute] = [r for r in found.references if r.outside]
    assert (statute.label, statute.sections) == ("Section 10(b)", ())


def test_definitions_and_parties() -> None:
    found = read(CONTRACT).definitions
    assert [(d.term, d.kind) for d in found] == [
        ("Agreement", "term"),
        ("Supplier", "party"),
        ("Buyer", "party"),
        ("Goods", "term"),
    ]
    goods = found[-1]
    assert CONTRACT[goods.term_start : goods.term_end] == "Goods"
    assert CONTRACT[goods.start : goods.end] == '1.1 "Goods" means the goods listed in Exhibit A.'


@pytest.mark.parametrize(
    ("said", "terms"),
    [
        ('"Cover", "Covering" or "Covered" means to protect.', ["Cover", "Covering", "Covered"]),
        (
            '"Controller", "Processor" and "Personal Data" have the meanings of the Law.',
            ["Controller", "Processor", "Personal Data"],
        ),
        ('"A", "B", "C", "D", "E", "F" and "G" mean notes.', list("ABCDEFG")),
        ("«Товар», «Груз» и «Вещь» означают болты.", ["Товар", "Груз", "Вещь"]),
        ('The Seller ships the "Goods" of the Buyer by any means it likes.', []),
        ('The "Term" in relation to the Lease shall be extended by all means.', []),
        ('The "Term" in relation to the Lease means a year.', ["Term"]),
        ('"Know-How" of a Party means what it knows.', ["Know-How"]),
        ('"Losses" includes fines.', ["Losses"]),
        ('Each year of the Term is hereinafter referred to as a "Contract Year".', ["Contract Year"]),
    ],
)
def test_terms_are_defined_in_many_ways(said: str, terms: list[str]) -> None:
    found = read(f"1. Terms.\n\n{said}\n\n2. End. None.").definitions
    assert [definition.term for definition in found] == terms
    assert all(definition.kind == "term" for definition in found)


def test_an_attached_part_has_a_label_and_a_title() -> None:
    [exhibit] = read(CONTRACT).exhibits
    assert (exhibit.label, exhibit.title) == ("Exhibit A", "List of Goods")
    assert (exhibit.start, exhibit.end) == (CONTRACT.index("Exhibit A\n\nList"), len(CONTRACT))


def test_clauses_inside_a_long_paragraph_are_sections() -> None:
    text = "1. Goods. The Goods. 2. Price. Ten. 2.1. Rate. In euro. See section 7. 9. False. 3. Term. A year."
    assert [s.number for s in read(text).sections] == ["1", "2", "2.1", "3"]


def test_letters_and_roman_numerals_are_told_apart() -> None:
    items = ["(g) g;", "(h) h;", "(i) i;", "(j) j:", "(i) one;", "(ii) two;", "(k) k."]
    opening = [f"({letter}) {letter};" for letter in "abcdef"]
    text = "1. Terms. These are:\n\n" + "\n\n".join(opening + items) + "\n\n2. End. None."
    levels = {s.start: s.level for s in read(text).sections}
    marks = [levels[text.index(item)] for item in ["(h) h", "(i) i;", "(j) j", "(i) one", "(ii)", "(k)"]]
    assert marks == [2, 2, 2, 3, 3, 2]


def test_lists_of_short_items_are_no_table_of_contents() -> None:
    items = "The Supplier shall:\n\n(a) plan;\n\n(b) build;\n\n(c) test;\n\n(d) mend."
    names = enumerate(("Goods", "Price", "Term"), 1)
    clauses = [f"{n}. {name}. {'Nothing is late. ' * 12}{items}" for n, name in names]
    found = read("\n\n".join([*clauses, "4. Delay. Section 1(c) and Section 2(d) apply."]))
    assert places(found, "Section 1(c)") == [("1. Goods", "(c)")]
    assert places(found, "Section 2(d)") == [("2. Price", "(d)")]


def test_a_clause_with_a_name_counts_on_over_a_long_list() -> None:
    items = [f"({numeral}) so many of them;" for numeral in "i ii iii iv v vi vii viii ix".split()]
    first, second = (
        "(a) General Duties. The Supplier shall do:",
        "(b) Special Duties. Those of Section 1(a)(ix).",
    )
    found = read("\n\n".join(["1. Duties. These are:", first, *items, second, "2. End. None."]))
    assert places(found, "Section 1(a)(ix)") == [("1. Duties", "(a) General Duties", "(ix)")]
    assert paths(found.sections)[-2:] == ["1. Duties › (b) Special Duties", "2. End"]


RUSSIAN = """ДОГОВОР

ООО «Ромашка», именуемое в дальнейшем «Поставщик», и АО «Лютик» (далее — «Покупатель») договорились.

Раздел 1. Термины

1.1. «Товар» означает продукцию по Приложению № 1, названную здесь.

Раздел 2. Оплата

2.1. Срок. Покупатель платит:

а) аванс по пункту 1.1 настоящего Договора;

б) остаток по подпункту «а» пункта 2.1 и ст. 450 ГК РФ.

Приложение № 1

Перечень
"""


def test_russian() -> None:
    found = read(RUSSIAN)
    assert [s.number for s in found.sections if s.number] == [
        "Раздел 1", "1.1", "Раздел 2", "2.1", "а)", "б)", "Приложение № 1",
    ]  # fmt: skip
    assert [(d.term, d.kind) for d in found.definitions] == [
        ("Поставщик", "party"), ("Покупатель", "party"), ("Товар", "term"),
    ]  # fmt: skip
    assert places(found, "подпункту «а»")[0][-1] == "а)"
    assert places(found, "Приложению № 1") == [("Приложение № 1",)]
    assert [r.label for r in found.references if r.outside] == ["ст. 450"]


CHINESE = """采购合同

甲方：北京某某有限公司

第一章 总则

第一条 定义

本合同所称“设备”，是指附件一所列设备。

第二条 价款

（一）首付款三成；

（二）余款依照《民法典》第五百条办理。

第三条 交货

甲方按第二条付款。

附件一

设备清单
"""


def test_chinese() -> None:
    found = read(CHINESE)
    assert [s.number for s in found.sections if s.number] == [
        "第一章", "第一条", "第二条", "（一）", "（二）", "第三条", "附件一",
    ]  # fmt: skip
    assert [(d.term, d.kind) for d in found.definitions] == [("甲方", "party"), ("设备", "term")]
    assert places(found, "第二条") == [("第一章 总则", "第二条 价款")]
    assert places(found, "附件一") == [("附件一",)]
    assert [r.label for r in found.references if r.outside] == ["第五百条"]
    assert [(e.label, e.title) for e in found.exhibits] == [("附件一", "设备清单")]


ATTACHED_PARTS = """LEASE

1. Premises. As in Schedule 1, paragraph 2, and Section 2 of Schedule 2.

2. Rent. As Section 1 of Annex 1 says. Not Section 9 of Schedule 1. Clauses 1.2 through 2.1 apply.

2.1 Time. Monthly.

2.2 Place. As paragraph 1 of this Lease and Section B say, not Section 3.1 of the applicable Loan Agreement.

Schedule 1

Clauses of the Landlord

1. Care. As clause 2 of this Lease says.

2. Noise. As clause 1 says.

Schedule 2

Fees

1. Late fee.

2. Cleaning of the windows. All of them.

Annex 2

Keys

1. Front door.

2. Back door.
"""


@pytest.mark.parametrize(
    ("label", "path"),
    [
        ("paragraph 2", [("Schedule 1", "2. Noise")]),
        ("Section 2", [("Schedule 2", "2. Cleaning of the windows")]),
        ("Section 1", []),
        ("Section 9", []),
        ("paragraph 1", [("1. Premises",)]),
        ("Section B", []),
        ("Section 3.1", []),
        ("clause 2", [("2. Rent",)]),
        ("clause 1", [("Schedule 1", "1. Care")]),
    ],
)
def test_attached_parts_and_the_main_document_are_told_apart(label: str, path: list[tuple[str, ...]]) -> None:
    assert places(read(ATTACHED_PARTS), label) == path


def test_a_range_over_two_clauses_leads_to_its_first_and_is_not_exact() -> None:
    found = read(ATTACHED_PARTS.replace("2.1 Time", "1.2 Size. Two rooms.\n\n2.1 Time"))
    [across] = [r for r in found.references if r.label == "Clauses 1.2 through 2.1"]
    assert not across.exact


def test_attached_parts_of_one_number_are_told_by_their_words() -> None:
    found = read("1. Goods. Bolts.\n\n2. Price. Ten.\n\nSchedule 1\n\nBolts\n\nAnnex 1\n\nNuts\n")
    assert [(e.label, e.title) for e in found.exhibits] == [("Schedule 1", "Bolts"), ("Annex 1", "Nuts")]


@pytest.mark.parametrize("heading", ["EXHIBITS", "ARTICLES", "SCHEDULES", "PARTS"])
def test_a_word_in_the_plural_has_no_number(heading: str) -> None:
    found = read(f"1. Goods. Bolts.\n\n2. Price. Ten.\n\n{heading}\n\n3. Term. As {heading} say. One year.\n")
    assert paths(found.sections) == ["1. Goods", "2. Price", "3. Term"]
    assert found.exhibits == found.references == ()


def test_a_line_of_many_labels_attaches_nothing() -> None:
    listed = "Schedule A - Names Schedule B - Fees Schedule C - Keys"
    assert read(f"{listed}\n\n{'Nothing is late. ' * 20}\n\n1. Goods.\n\n2. Price.").exhibits == ()


RUSSIAN_REFERENCES = """ДОГОВОР

1. ПРЕДМЕТ

1.1. Товар. Поставщик поставляет товар.

2. ЦЕНА

2.1. Срок. Согласно пунктам 1.1 и 2.2, разделам 1, 2, в подпунктах 1.1, статьями 1, приложениями № 1.

2.2. Пени. По п. 2 ч. 1 ст. 93 Закона, по п. 2.1 Договора аренды от 1 мая 2020 г., п. 3.2 Приложения № 1.

3. ПРОЧЕЕ

3.1. Общее. По ст. 3, п. 3.2 настоящего Договора.

3.2. Прочее. Нет.

Приложение № 1

Перечень

3.1. Болты. По пункту 3.2 Договора и пункту 3.2 выше.

3.2. Гайки. Нет.
"""


def test_russian_references_in_every_case_and_number() -> None:
    found = read(RUSSIAN_REFERENCES)
    shown = [
        (r.label, "" if r.outside else " ".join(found.sections[i].path[-1].split()[0] for i in r.sections))
        for r in found.references
    ]
    assert shown == [
        ("пунктам 1.1", "1.1."), ("2.2", "2.2."), ("разделам 1", "1."), ("2", "2."),
        ("подпунктах 1.1", "1.1."), ("статьями 1", "1."), ("приложениями № 1", "Приложение"),
        ("п. 2", ""), ("ст. 93", ""), ("п. 2.1", ""), ("п. 3.2", "3.2."), ("Приложения № 1", "Приложение"),
        ("ст. 3", "3."), ("п. 3.2", "3.2."), ("пункту 3.2", "3.2."), ("пункту 3.2", "3.2."),
    ]  # fmt: skip
    in_part = [found.sections[r.sections[0]].path[0] for r in found.references if r.label.endswith("3.2")]
    assert in_part == ["Приложение № 1", "3. ПРОЧЕЕ", "3. ПРОЧЕЕ", "Приложение № 1"]


CHINESE_REFERENCES = """采购合同

第一条 定义

设备见附件一第二条。本条第一款适用。

第二条 交付

第一款 甲方交付。

第二款 乙方验收。

第三条 付款

第二条第二款适用。第四条（二）适用。第四条第（一）项适用。民法典第五条适用。

第四条 其他

（一）首付；

（二）尾款。

附件一

第一条 清单

第二条 规格
"""


@pytest.mark.parametrize(
    ("label", "path", "exact"),
    [
        ("第二条", ("附件一", "第二条 规格"), True),
        ("第一款", ("第一条 定义",), False),
        ("第二条第二款", ("第二条 交付", "第二款 乙方验收"), True),
        ("第四条（二）", ("第四条 其他", "（二）尾款"), True),
        ("第四条第（一）项", ("第四条 其他", "（一）"), True),
    ],
)
def test_chinese_paragraphs_and_items(label: str, path: tuple[str, ...], exact: bool) -> None:
    found = read(CHINESE_REFERENCES)
    assert places(found, label) == [path]
    assert next(r.exact for r in found.references if r.label == label) == exact
    assert [r.label for r in found.references if r.outside] == ["第五条"]


ENGLISH_AMENDMENT = """AMENDMENT NO. 1

to the Master Services Agreement dated as of March 1, 2024, between Acme Inc. and Birch Ltd.

1. Section 4.2 of the Agreement is hereby amended and restated in its entirety.

2. Section 7.1 is hereby deleted.

3. No provision of Section 9 may be amended without consent.
"""
RUSSIAN_AMENDMENT = """ДОПОЛНИТЕЛЬНОЕ СОГЛАШЕНИЕ № 1

к Договору поставки № 5 от 12 марта 2021 г.

1. Пункт 4.2 Договора изложить в следующей редакции: «Оплата».
"""
CHINESE_AMENDMENT = """补充协议

鉴于双方于2020年1月1日签订的《设备采购合同》，现约定：

一、第三条修改为：“十日内交货”。

二、删除第五条。
"""


@pytest.mark.parametrize(
    ("text", "title", "date", "changes"),
    [
        (
            ENGLISH_AMENDMENT,
            "Master Services Agreement",
            "March 1, 2024",
            [("replaced", "Section 4.2"), ("deleted", "Section 7.1")],
        ),
        (RUSSIAN_AMENDMENT, "Договору поставки № 5", "12 марта 2021 г.", [("replaced", "Пункт 4.2")]),
        (CHINESE_AMENDMENT, "设备采购合同", "2020年1月1日", [("replaced", "第三条"), ("deleted", "第五条")]),
    ],
)
def test_amendments(text: str, title: str, date: str, changes: list[tuple[str, str]]) -> None:
    [amendment] = read(text).amendments
    assert (amendment.title, amendment.date) == (title, date)
    assert [(c.kind, c.provision) for c in amendment.changes] == changes


def test_an_amendment_names_the_parties_and_refers_to_the_other_document() -> None:
    found = read(ENGLISH_AMENDMENT)
    assert found.amendments[0].parties == ("Acme Inc.", "Birch Ltd")
    assert next(r for r in found.references if r.label == "Section 4.2").outside


def test_a_contract_amends_nothing() -> None:
    assert read(CONTRACT).amendments == ()


def test_numerals() -> None:
    assert [roman_value(n) for n in ("iv", "XII", "xcix", "iix", "abc")] == [4, 12, 99, 0, 0]
    assert [han_value(n) for n in ("三", "十", "二十一", "一百零五", "12")] == [3, 10, 21, 105, 12]
    assert number_at("E.L.F. Beauty", 0, 13) is None


def test_a_label_without_a_name_gives_way_to_the_one_around_it() -> None:
    assert named_depth(("Article 4", "4.2 Term", "(b)")) == 2
    assert named_depth(("(b)",)) == 1
    assert named_depth(()) == 0


CLAUSES = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "ARTICLE {}",
                "Section {}.1",
                "{}.{}",
                "{}.",
                "({})",
                "(a)",
                "(i)",
                "Exhibit {}",
                "第{}条",
                "а)",
                "Статья {}",
            ]
        ),
        st.integers(1, 12),
        st.sampled_from(
            ["", " TERM", " Term. The parties agree.", " agree with Section 2 and (b)", ' "X" means y.']
        ),
        st.sampled_from(["\n\n", "\n", " "]),
    ),
    min_size=1,
    max_size=25,
)


@given(CLAUSES)
def test_an_outline_is_consistent(clauses: list[tuple[str, int, str, str]]) -> None:
    text = "".join(number.format(n, n) + words + end for number, n, words, end in clauses)
    found = read(text)
    for before, after in pairwise(found.sections):
        assert before.start < after.start
        assert before.end <= after.start or before.end >= after.end
    for section in found.sections:
        assert 0 <= section.start < section.heading_end <= section.end <= len(text)
        assert len(section.path) == section.level
        assert section.path[-1] == section.heading
        assert section.number in " ".join(text[section.start : section.heading_end].split())
    for one in (*found.definitions, *found.references, *found.exhibits):
        assert 0 <= one.start < one.end <= len(text)
    for definition in found.definitions:
        assert " ".join(text[definition.term_start : definition.term_end].split()) == definition.term
    for reference in found.references:
        assert " ".join(text[reference.start : reference.end].split()) == reference.label
        assert all(0 <= index < len(found.sections) for index in reference.sections)
    for exhibit in found.exhibits:
        assert found.sections[exhibit.section].start == exhibit.start


@pytest.mark.parametrize("unit", [" ", "(", '"a', "1.", ". ", "一、", '("', "to the ", "IVXLC", "\n"])
def test_garbage_costs_little(unit: str) -> None:
    text = "AMENDMENT " + unit * (100_000 // len(unit)) + "x"
    document = read_text(text, "garbage.txt")
    began = time.process_time()
    outline(document)
    assert time.process_time() - began < 1.0
