from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ingest.answerability import LEAST_CONFIDENCE
from ingest.catalog.records import VersionRecord
from ingest.model import Hit
from prompts.model import ContextPassage, PromptPassage
from service.extracting import EXTRACTS, LONGEST_EXTRACT, NOTHING_FOUND, extract
from service.searching import Evidence

VERSION = VersionRecord(
    *("default", "docs", 7, "a1", 1, "a.md", "ready", "", 1, 1, "text/markdown", "A", "", "", "", 1, 0, 1, 1),
    created_at=datetime.now(UTC),
)
TEXTS = st.lists(st.text(st.sampled_from("ab \n"), min_size=1, max_size=900), min_size=1, max_size=6)


def found(texts: list[str]) -> tuple[list[Evidence], list[PromptPassage]]:
    """Passages that follow one another, each with a hit in its middle."""
    passages: list[PromptPassage] = []
    evidence: list[Evidence] = []
    start = 0
    for number, text in enumerate(texts, start=1):
        passages.append(PromptPassage(7, number, start, text))
        middle = start + len(text) // 3
        evidence.append(Evidence(Hit(7, number, middle, middle + 40, number, number, 1 / number), VERSION))
        start += len(text)
    return evidence, passages


def test_nothing_found_is_said() -> None:
    answer = extract("Who signs?", [], [])

    assert (answer.text, answer.citations, answer.claims) == (NOTHING_FOUND, (), ())


def test_a_long_passage_is_cut_to_its_best_hit() -> None:
    evidence, passages = found(["word " * LONGEST_EXTRACT])

    [citation] = extract("Which word?", evidence, passages).citations

    hit = evidence[0].hit
    assert hit.start <= citation.start < citation.end <= hit.end


@given(TEXTS.map(lambda texts: [f"word {text}x" for text in texts]))
def test_every_extract_is_the_text_at_its_place(texts: list[str]) -> None:
    evidence, passages = found(texts)
    whole = "".join(texts)

    answer = extract("Which word?", evidence, passages)

    assert 1 <= len(answer.citations) <= EXTRACTS
    assert answer.grounded
    for citation, claim in zip(answer.citations, answer.claims, strict=True):
        assert whole[citation.start : citation.end] == citation.quote
        [mark] = citation.answer_spans
        assert answer.text[mark.start : mark.end] == f"[{citation.index}]"
        assert claim.citations == (citation.index,)
        said = answer.text[claim.start : claim.end].removesuffix(f" [{citation.index}]")
        assert said == " ".join(citation.quote.split())


def test_what_shares_no_word_with_the_question_is_no_answer() -> None:
    evidence, passages = found(["The rent is due in May.", "Аренда платится в мае."])

    for question in ("asdkjhqwe zxcmnb?", "?!", "hi"):
        assert extract(question, evidence[:1], passages[:1]).text == NOTHING_FOUND
    assert (
        len(extract("Which rents are due?", evidence, passages).citations) == 2
    )  # a translation may share none
    assert len(extract("Когда платится аренда?", evidence, passages).citations) == 2


def test_the_number_of_a_page_is_no_answer() -> None:
    evidence, passages = found([f"The rent. {' ' * LONGEST_EXTRACT}", "The rent is due in May."])
    assert not passages[0].text[evidence[0].hit.start : evidence[0].hit.end].strip()
    page = passages[0].text.replace("   ", " -8- ")

    answer = extract("When is rent due?", evidence, [PromptPassage(7, 1, 0, page), passages[1]])

    assert answer.text == "The rent is due in May. [1]"


def test_what_the_search_is_not_sure_of_is_not_said() -> None:
    evidence, passages = found(["The rent is due in May.", "Аренда платится в мае."])
    doubt = LEAST_CONFIDENCE - 0.01

    for sure in (None, LEAST_CONFIDENCE, 1.0):
        assert extract("Is rent due?", evidence[:1], passages[:1], confidence=sure).citations
    assert extract("Is rent due?", evidence[:1], passages[:1], confidence=doubt).text == NOTHING_FOUND


def test_of_another_script_the_words_tell_nothing() -> None:
    evidence, passages = found(["The rent is due in May.", "Аренда платится в мае."])

    [citation] = extract("Is rent due?", evidence, passages, confidence=0.0).citations

    assert citation.quote.startswith("Аренда")


def test_the_words_that_lead_in_stand_before_and_what_amends_stands_behind() -> None:
    texts = ["The Supplier shall:\n", "(b) pay the word.\n", "The word is cut.\n"]
    evidence, passages = found(texts)
    lead_in = ContextPassage(passages[0], "lead_in", "(b)", 0, 19, "D7:2")
    amendment = ContextPassage(
        passages[2], "amendment", "Section 1", passages[2].start, passages[2].start + 16, "D7:2"
    )
    definition = ContextPassage(
        passages[2], "definition", "word", passages[2].start, passages[2].start + 3, "D7:2"
    )
    context = {"D7:2": (definition, lead_in, amendment)}

    answer = extract("Who will pay?", evidence[1:2], passages[1:2], context)

    assert answer.text == "The Supplier shall: [1] (b) pay the word. [2] The word is cut. [3]"
    assert [citation.marker for citation in answer.citations] == ["D7:1", "D7:2", "D7:3"]
    whole = "".join(texts)
    for citation, claim in zip(answer.citations, answer.claims, strict=True):
        assert whole[citation.start : citation.end] == citation.quote
        assert citation.quote in answer.text[claim.start : claim.end]


def test_what_leads_in_to_two_items_is_one_citation() -> None:
    evidence, passages = found(["The Supplier shall:\n", "(a) bill the rent.\n", "(b) pay the rent.\n"])
    context = {
        marker: (ContextPassage(passages[0], "lead_in", "", 0, 19, marker),) for marker in ("D7:2", "D7:3")
    }

    answer = extract("Who will pay the rent?", evidence[1:], passages[1:], context)

    lead_in, *items = answer.citations
    assert [claim.citations for claim in answer.claims] == [(1,), (2,), (1,), (3,)]
    assert [item.index for item in items] == [2, 3]
    assert [answer.text[span.start : span.end] for span in lead_in.answer_spans] == ["[1]", "[1]"]
    assert answer.text.count(lead_in.quote) == 2
