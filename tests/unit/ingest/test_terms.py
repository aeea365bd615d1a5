"""The vocabulary that documents and questions share."""

from __future__ import annotations

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
        "getusername", "get", "user", "name", "httpserver", "http", "server", "snake_case", "snake", "case"
    )


def test_numbers_lose_their_thousands_separator() -> None:
    assert Analyzer().document_terms("1,000 and 4.2") == ids("1000", "4.2")


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
