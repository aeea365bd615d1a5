"""The vocabulary that documents and questions share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.terms import Analyzer, term_id


def ids(*terms: str) -> list[int]:
    return [term_id(term) for term in terms]


def test_ids_are_those_of_qdrants_bm25() -> None:
    """Seen from ``qdrant_edge.Bm25(language="english").embed_query("termination agreements")``."""
    assert ids("agreement", "termin") == [1878497936, 2076640414]


def test_words_are_stemmed_by_their_script() -> None:
    assert Analyzer().document_terms("The Agreements of поставки") == ids("agreement", "поставк")


def test_chinese_becomes_bigrams() -> None:
    assert Analyzer().document_terms("保密协议 a 条") == ids("保密", "密协", "协议", "条")


def test_identifiers_are_kept_whole_and_split() -> None:
    assert Analyzer().document_terms("getUserName HTTPServer snake_case") == ids(
        "getusernam", "get", "user", "name", "httpserver", "http", "server", "snake_cas", "snake", "case"
    )


def test_numbers_lose_their_thousands_separator() -> None:
    assert Analyzer().document_terms("1,000 and 4.2") == ids("1000", "4.2")


def common(one: str, other: str) -> set[int]:
    analyzer = Analyzer()
    return {*analyzer.document_terms(one)} & {*analyzer.document_terms(other)}


@pytest.mark.parametrize(
    ("written", "asked", "shared"),
    [
        ("YouTube", "youtube", {"youtub"}),
        ("APIs", "API", {"api"}),
        ("iOS", "ios", {"io"}),
        ("$100,000.00", "100000", {"100000"}),
        ("0,15 %", "0.15", {"0.15"}),
        ("1,5 млн", "1.5", {"1.5"}),
        ("USD3,750,000", "3,750,000", {"3750000"}),
        ("March 14,2023", "2023", {"2023"}),
        ("Sections 4,5,6", "5", {"5"}),
        ("1 250 000 руб.", "1,250,000", {"1250000"}),
        ("1.000.000 EUR", "1000000", {"1000000"}),
        ("合同编号：ＨＴ－２０２４－００１", "HT-2024-001", {"ht", "2024", "001"}),
        ("know\u00adhow", "knowhow", {"knowhow"}),
        ("oﬃce", "office", {"offic"}),
        ("Приложение №2", "№ 2", {"2"}),
        ("the Frito™ snack", "Frito", {"frito"}),
        ("4 марта 2024 г.", "March 4, 2024", {"4", "2024", "2024-03-04"}),
    ],
)
def test_what_is_written_in_several_ways_is_found_by_each(written: str, asked: str, shared: set[str]) -> None:
    assert common(written, asked) == {*ids(*shared)}


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("EXHIBIT A", ("exhibit", "a")),
        ("read exhibit a", ("read", "exhibit", "a")),
        ("Class A shares", ("class", "a", "share")),
        ("Приложение В", ("приложен", "в")),
        ("Section 2(a)(i)", ("section", "2", "a", "i")),
        (
            "A party exhibits a habit; I schedule a meeting",
            ("parti", "exhibit", "habit", "schedul", "a", "meet"),
        ),
        ("to provide IT in the US", ("provid", "it", "us")),
        ("it is for us", ()),
    ],
)
def test_letters_that_are_labels_are_no_function_words(text: str, terms: tuple[str, ...]) -> None:
    assert [*dict.fromkeys(Analyzer().document_terms(text))] == ids(*terms)


def test_columns_of_numbers_are_no_amount() -> None:
    assert Analyzer().document_terms("100 200 300 400 500 600") == ids(
        "100", "200", "300", "400", "500", "600"
    )


def test_the_day_of_a_question_is_asked_for_as_one_more_word() -> None:
    assert Analyzer().question_words("paid on 04.03.2024")[-1] == (term_id("2024-03-04"),)


def test_a_chinese_noun_keeps_its_last_sign() -> None:
    assert Analyzer().question_terms("合同的目的是什么") == ids("合同", "目的", "的是")


def test_a_question_keeps_what_it_is_about() -> None:
    analyzer = Analyzer()
    assert analyzer.question_terms("What is the expiration date of this contract?") == ids("expir", "date")
    assert analyzer.question_terms("Каков срок оплаты?") == ids("срок", "оплат")
    assert analyzer.question_terms("保密期限是多少？") == ids("保密", "密期", "期限", "限是")


def test_a_question_of_question_words_alone_is_still_searched() -> None:
    assert Analyzer().question_terms("What about?") == ids("what", "about")


@given(st.text(max_size=200))
def test_any_text_has_ids_in_range(text: str) -> None:
    assert all(0 <= term <= 2**31 for term in Analyzer().document_terms(text))


def test_relatives_of_a_russian_word_share_its_root() -> None:
    analyzer = Analyzer()
    assert analyzer.terms("кодирование") == (ids("кодирован"), ids("коди…"))
    assert analyzer.terms("кодировать").loose == analyzer.terms("Кодирование").loose
    assert analyzer.terms("срок lease 42").loose == []


def test_the_signs_of_a_chinese_bigram_stand_beside_it() -> None:
    assert Analyzer().terms("保密期 a 条") == (ids("保密", "密期", "条"), ids("保", "密", "密", "期"))


def test_a_question_tells_the_looser_terms_of_each_exact_one() -> None:
    assert Analyzer().loose_terms("Срок кодирования?") == {term_id("кодирован"): ids("коди…")}
    assert Analyzer().loose_terms("保密期") == {
        term_id("保密"): ids("保", "密"),
        term_id("密期"): ids("密", "期"),
    }
    assert Analyzer().loose_terms("Who pays the rent?") == {}
