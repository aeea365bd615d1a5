"""Whole searches over the embedded store: fused, filtered, routed to the document that a question names."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pytest

from ingest.answerability import LEAST_CONFIDENCE
from ingest.embedding import UniversalSentenceEncoder
from ingest.index import LocalIndex, Question
from ingest.model import Role, Scope
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.ranking import rank
from ingest.readers.plain import read_plain
from ingest.reading import read_text
from ingest.sources import LEAST, NONE, source_of
from ingest.store.edge import EdgeStore
from ingest.writing import Writer, Written
from tests.fakes.embedder import WordEmbedder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCOPE = Scope("default", "leases")
EMBEDDER = WordEmbedder()
SYLLABLES = ("bar", "dol", "fen", "gim", "kut", "lor", "mep")
PARTIES = {
    number: (one + two + "ia").capitalize()
    for number, (one, two) in enumerate(product(SYLLABLES, repeat=2), start=1)
}
NAMED = 20
PARTY = PARTIES[NAMED]
BOTH = f"{PARTY} Holdings and {PARTY[::-1]} of Mount {PARTY}berg {NAMED}00"
FILLER = "The premises are kept clean. Keys are handed over in good order. Pets are welcome in the yard.\n\n"


def lease(number: int) -> str:
    """A lease whose opening names its parties; only its last clause tells the rent."""
    party = PARTIES[number]
    return (
        f"LEASE AGREEMENT\n\n"
        f"This lease is made between {party} Holdings and {party[::-1]} of Mount {party}berg {number}00.\n\n"
        f"{FILLER * 100}The rent is {number} thousand pounds a month."
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a lease for every party; tests work on copies."""
    folder = tmp_path_factory.mktemp("leases")
    local = LocalIndex(EdgeStore.open(folder, dimensions=EMBEDDER.dimensions), EMBEDDER)
    for number in PARTIES:
        add(local, number, lease(number))
    local.close()
    return folder


@pytest.fixture
def index(written: Path, tmp_path: Path) -> Iterator[LocalIndex]:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    local = LocalIndex(EdgeStore.open(tmp_path, dimensions=EMBEDDER.dimensions), EMBEDDER)
    yield local
    local.close()


def add(index: LocalIndex, number: int, text: str) -> None:
    document = read_plain(text, f"{number}.txt")
    sections = find_sections(document)
    passages = cut_passages(document, sections)
    Writer(index, EMBEDDER).write(SCOPE, [Written(number, document, passages, sections)])


def found(index: LocalIndex, question: str, documents: list[int] | None = None) -> list[tuple[int, str]]:
    hits = index.search(SCOPE, Question(question), documents=documents, limit=10)
    return [(hit.document, lease(hit.document)[hit.start : hit.end].strip()) for hit in hits]


def test_the_named_document_answers_and_its_name_does_not_drown_the_question(index: LocalIndex) -> None:
    question = f"In the lease between {BOTH}, what is the rent?"
    best = found(index, question)[:5]
    assert {document for document, _ in best} == {NAMED}
    assert any(f"The rent is {NAMED}" in text for _, text in best)


def test_a_question_that_names_no_document_is_asked_of_all(index: LocalIndex) -> None:
    hits = found(index, "What is the rent?")
    assert len({document for document, _ in hits}) == len(hits)
    assert all("rent" in text for _, text in hits)


def test_a_filter_wins_over_a_name(index: LocalIndex) -> None:
    hits = found(index, f"What is the rent in the lease of {PARTY} Holdings?", documents=[3])
    assert {document for document, _ in hits} == {3}


def test_a_name_is_followed_among_the_documents_that_were_chosen(index: LocalIndex) -> None:
    add(index, 99, f"{BOTH} pay no rent. " * 3)  # not chosen, though it holds the words best
    hits = found(index, f"In the lease between {BOTH}, what is the rent?", documents=[NAMED, 3, 4])
    assert hits[0][0] == NAMED
    assert f"The rent is {NAMED}" in hits[0][1]


def test_of_many_of_the_same_parties_the_best_place_tells_which_is_named(index: LocalIndex) -> None:
    clause = "herons fed at noon by the warden beside the pond with trout, barley, crumbs and acorns"
    for number in range(101, 104):
        add(index, number, f"{lease(NAMED)} Are {clause}: yes." if number == 103 else lease(NAMED))
    index.flush()
    findings = index.findings(SCOPE, Question(f"{BOTH}. Which {clause}?"), documents=None, limit=10)
    assert findings.leading is not None
    assert {hit.document for hit in findings.leading.hits} == {103}


def test_a_text_is_held_to_its_length_where_documents_are_compared(index: LocalIndex) -> None:
    asked = Question("Are pets welcome?")
    assert index.findings(SCOPE, asked, documents=None, limit=10).others.counts == index.counts(SCOPE)
    assert index.findings(SCOPE, asked, documents=[NAMED], limit=10).others.counts == {}


RENT = f"Consider the lease between {BOTH}; how much is the rent a month?"
PETS = f"Consider the lease between {BOTH}; are pets welcome?"
OTHER = 33
OTHERS = f"{PARTIES[OTHER]} Holdings and {PARTIES[OTHER][::-1]} of Mount {PARTIES[OTHER]}berg {OTHER}00"


def followed(index: LocalIndex, question: str, *history: str) -> tuple[int, str]:
    """The best place for a turn after others, the latest first."""
    hit = index.search(SCOPE, Question(question, history), documents=None, limit=10)[0]
    return hit.document, lease(hit.document)[hit.start : hit.end].strip()


@pytest.mark.parametrize("between", [(), ("Are pets welcome in the yard?",)])
def test_a_turn_without_a_name_is_asked_of_the_document_named_before(
    index: LocalIndex, between: tuple[str, ...]
) -> None:
    answer = followed(index, "How much is the rent a month?", *between, PETS)
    assert answer[0] == NAMED
    assert f"The rent is {NAMED} thousand" in answer[1]


@pytest.mark.parametrize("question", ["And in the lease between {}?", "What about {}?"])
def test_a_turn_that_is_a_name_asks_the_same_of_another_document(index: LocalIndex, question: str) -> None:
    parties = "Zorvania Holdings and Quellborn of Mount Zorvaniaberg"
    text = (
        f"LEASE AGREEMENT\n\nThis lease is made between {parties}.\n\n{FILLER * 180}The rent is six pounds."
    )
    add(index, 100, text)
    asked = Question(question.format(parties), (RENT,))
    hit = index.search(SCOPE, asked, documents=None, limit=10)[0]
    assert hit.document == 100
    assert "The rent is six pounds" in text[hit.start : hit.end]


def test_a_turn_that_names_another_document_is_not_drawn_to_the_one_before(index: LocalIndex) -> None:
    question = f"Consider the lease between {OTHERS}; how much is the rent a month?"
    hits = index.search(SCOPE, Question(question, (PETS, PETS)), documents=None, limit=3)
    alone = index.search(SCOPE, Question(question), documents=None, limit=3)
    assert [(hit.document, hit.ordinal) for hit in hits] == [(hit.document, hit.ordinal) for hit in alone]
    assert hits[0].document == OTHER


def test_a_turn_about_something_else_leaves_the_document_named_before(index: LocalIndex) -> None:
    add(index, 100, "Whales sing. The song of a humpback whale carries for many miles under the sea.")
    hits = index.search(SCOPE, Question("How far does a whale song carry?", (RENT,)), documents=None, limit=5)
    assert hits[0].document == 100


ZORVANIA = "Zorvania Tooling Holdings and Quellborn Varnishing Partners of Mount Zorvaniaberg Harbour Quay"
PLOVDEN = "Plovden Masonry Trust and Ruggstad Cordage Company of Saint Plovdensburg Upper Market"


def between(parties: str, *, premises: int = 180) -> str:
    """A lease whose length, in clauses about the premises, tells whether its opening is all that it says."""
    return (
        f"LEASE AGREEMENT\n\nThis lease is made between {parties}.\n\n"
        f"{FILLER * premises}The rent is six pounds a month."
    )


def places(index: LocalIndex, question: str, *history: str, text: str) -> list[str]:
    hits = index.search(SCOPE, Question(question, history), documents=None, limit=10)
    return [text[hit.start : hit.end].strip() for hit in hits if hit.document == 100]


def test_a_name_asks_the_same_of_a_short_document_whose_opening_says_it_all(index: LocalIndex) -> None:
    text, rent = between(ZORVANIA, premises=20), "The rent is six pounds a month."
    add(index, 100, text)
    alone, again = (places(index, f"What about {ZORVANIA}?", *said, text=text) for said in ((), (RENT,)))
    assert again.index(rent) < 4 <= alone.index(rent)


def test_a_name_after_a_name_asks_what_was_asked_before_both(index: LocalIndex) -> None:
    text = between(ZORVANIA)
    add(index, 100, text)
    add(index, 101, between(PLOVDEN))
    question, before = f"What about {ZORVANIA}?", f"What about {PLOVDEN}?"
    assert places(index, question, before, RENT, text=text)[0] == "The rent is six pounds a month."
    assert places(index, question, before, text=text) == places(index, question, text=text)


def test_what_a_short_document_explains_whole_is_still_asked_of_the_next(index: LocalIndex) -> None:
    mown = "Thistles are mown by gardeners."
    text = f"{between(PLOVDEN)}\n\n{mown}"
    add(index, 100, text)
    add(index, 101, f"LEASE by {ZORVANIA}\n\n{mown} {FILLER}")
    before = f"Are thistles mown by gardeners of {ZORVANIA}?"
    assert places(index, f"What about {PLOVDEN}?", before, text=text)[0] == mown


def test_how_sure_a_name_is_of_its_answer_the_question_before_it_tells(tmp_path: Path) -> None:
    index = LocalIndex(EdgeStore.open(tmp_path, dimensions=EMBEDDER.dimensions), EMBEDDER)
    for number, parties in enumerate((ZORVANIA, PLOVDEN, BOTH, OTHERS)):
        add(index, number, between(parties))

    def sure(asked: str) -> float:
        question = Question(f"And in the lease between {PLOVDEN}?", (f"In that of {ZORVANIA}, {asked}?",))
        assert index.signs(SCOPE, question, documents=None).meaning is None
        return index.confidence(SCOPE, question, documents=None)

    assert sure("how many pounds a month is the rent") > LEAST_CONFIDENCE > sure("who may play the trumpet")
    index.close()


def test_what_the_caller_left_out_crowds_out_nothing_that_was_chosen(index: LocalIndex) -> None:
    annex = f"{between('nobody', premises=100)} The deposit for parking bicycles equals seven pounds."
    add(index, 200, annex)
    asked = Question(f"In the lease between {BOTH}, what is the deposit for parking bicycles?")
    for outside in ((), range(300, 400)):
        for number in outside:
            add(index, number, FILLER * 30 + f"{BOTH} sing: a deposit for parking.\n\n" * 10)
        hits = index.search(SCOPE, asked, documents=[NAMED, 200], limit=60)
        told = [annex[hit.start : hit.end] for hit in hits if hit.document == 200]
        assert any("The deposit for parking bicycles" in place for place in told)


def test_what_the_caller_left_out_decides_nothing_of_a_conversation(index: LocalIndex) -> None:
    add(index, NAMED, f"{lease(NAMED)} Gates close late.")
    asked = Question("When do the garden gates close at dusk each evening by keeper Higgins?", (RENT,))
    for outside in ("", "Keeper Higgins closes the garden gates at dusk each evening."):
        if outside:
            add(index, 300, outside)
        findings = index.findings(SCOPE, asked, documents=[NAMED, 3], limit=10)
        assert findings.leading is not None
        assert {hit.document for hit in findings.leading.hits} == {NAMED}


def test_turns_that_are_not_asked_again_change_nothing(index: LocalIndex) -> None:
    """Where words in Cyrillic are asked, places are looked at more closely."""
    keys = ("Who keeps the keys?",) * 4
    asked, long_ago = (
        index.search(SCOPE, Question("Are pets welcome?", history), documents=None, limit=60)
        for history in (keys, (*keys, "Сколько стоит арендованное помещение?"))
    )
    assert asked == long_ago


def test_an_opening_is_never_a_hit(index: LocalIndex) -> None:
    assert len(index.search(SCOPE, Question(f"{PARTY} Holdings"), documents=None, limit=500)) <= sum(
        index.counts(SCOPE).values()
    )
    assert index.counts(SCOPE.openings) == dict.fromkeys(PARTIES, 1)


def test_what_is_deleted_leaves_no_opening(index: LocalIndex) -> None:
    index.delete_documents(SCOPE, [NAMED])
    assert NAMED not in index.counts(SCOPE.openings)
    assert NAMED not in {document for document, _ in found(index, f"lease between {BOTH}")}
    index.delete_scope(SCOPE)
    assert index.counts(SCOPE) == index.counts(SCOPE.openings) == {}


CLAUSES = "The parties meet often. Notices go by post. Liability cards hang on the wall. Keys are kept.\n\n"


def policy(number: int) -> str:
    """A contract that words "liability cap" as all of them do, but for one that never says so."""
    worded = "aggregate damages shall not exceed the fees paid in the preceding year"
    named = "" if number == NAMED else "There is a cap on liability. "
    return f"{CLAUSES * 40}{named}The {worded} under plan {number}.\n\n{CLAUSES * 40}"


def test_the_wording_of_answers_is_learnt_from_the_other_documents(tmp_path: Path) -> None:
    index = LocalIndex(EdgeStore.open(tmp_path, dimensions=EMBEDDER.dimensions), EMBEDDER)
    for number in range(1, 31):
        add(index, number, policy(number))
    hits = index.search(SCOPE, Question("Is there a cap on liability?"), documents=[NAMED], limit=3)
    assert any("aggregate damages" in policy(NAMED)[hit.start : hit.end] for hit in hits)
    alone = index.search(SCOPE, Question("cap liability unheard of"), documents=[NAMED], limit=3)
    assert {hit.document for hit in alone} <= {NAMED}
    index.close()


def test_no_wording_of_contracts_is_learnt_where_short_texts_answer_as_well(tmp_path: Path) -> None:
    index = LocalIndex(EdgeStore.open(tmp_path, dimensions=EMBEDDER.dimensions), EMBEDDER)
    for number in range(1, 31):
        add(index, number, policy(number))
    question = Question("Is there a cap on liability?")
    assert index.findings(SCOPE, question, documents=None, limit=10).others.learnt
    for number in range(31, 51):
        add(index, number, f"Of insurance {number}: there is a cap on liability.")
    index.flush()
    assert not index.findings(SCOPE, question, documents=None, limit=10).others.learnt
    assert index.findings(SCOPE, question, documents=[NAMED], limit=10).others.learnt
    index.close()


def test_programs_come_before_their_tests(tmp_path: Path) -> None:
    index = LocalIndex(EdgeStore.open(tmp_path, dimensions=EMBEDDER.dimensions), EMBEDDER)
    source = "def post_ledger(amount):\n    return ledger_balance + amount\n"
    test = "def test_post_ledger():\n    expect_rounded(post_ledger(ledger_balance), ledger_balance)\n"
    for number, (path, body) in enumerate(
        {"tests/test_ledger.py": test, "books/ledger.py": source}.items(), start=1
    ):
        document = read_text(body, path)
        Writer(index, EMBEDDER).write(SCOPE, [Written(number, document, cut_passages(document, ()), ())])
    (first, *_) = index.search(
        SCOPE, Question("is post_ledger of ledger_balance rounded"), documents=None, limit=2
    )
    assert (first.document, first.role) == (2, Role.SOURCE)
    index.close()


def test_statistics_follow_what_is_written_and_deleted(index: LocalIndex) -> None:
    before = found(index, f"lease between {BOTH}: what is the rent?")
    assert {document for document, _ in before[:3]} == {NAMED}
    index.delete_documents(SCOPE, [NAMED])
    assert NAMED not in {document for document, _ in found(index, f"lease between {BOTH}: what is the rent?")}
    add(index, NAMED, lease(NAMED))
    assert found(index, f"lease between {BOTH}: what is the rent?") == before


@pytest.mark.parametrize(
    ("texts", "question", "number"),
    [
        (["Данные закодированы и кодируются заново.", "Кодекс и код хранятся в шкафу."], "кодирование", 1),
        (["Кодекс и код хранятся в шкафу.", "Данные закодированы и кодируются заново."], "кодирование", 2),
    ],
)
def test_a_word_is_found_in_another_form(
    tmp_path: Path, texts: list[str], question: str, number: int
) -> None:
    index = LocalIndex(EdgeStore.open(tmp_path, dimensions=EMBEDDER.dimensions), EMBEDDER)
    for place, text in enumerate(texts, start=1):
        add(index, place, text)
    exact = index.search(SCOPE, Question(question), documents=None, limit=1)
    assert [hit.document for hit in exact] == [number]
    index.close()


def test_manuals_keep_their_place_beside_programs(tmp_path: Path) -> None:
    index = LocalIndex(EdgeStore.open(tmp_path, dimensions=EMBEDDER.dimensions), EMBEDDER)
    add(index, 1, "How to replace the toner cartridge of the printer: open the front door and pull it out.")
    program = read_text("def replace(text):\n    return text.replace('toner', '')\n", "printer.py")
    sections = find_sections(program)
    written = Written(2, program, cut_passages(program, sections), sections)
    Writer(index, EMBEDDER).write(SCOPE, [written])
    asked = Question("How do I replace the toner cartridge of the printer?")
    assert index.search(SCOPE, asked, documents=None, limit=1)[0].document == 1
    assert index.search(SCOPE, Question("replace the text"), documents=None, limit=1)[0].document == 2
    index.close()


def manual_beside_a_program(folder: Path, *paths: str) -> float:
    """What a manual scores that holds the words of a question as well as a program does."""
    index = LocalIndex(EdgeStore.open(folder, dimensions=EMBEDDER.dimensions), EMBEDDER)
    program = read_text("def open_door(printer):\n    return printer.open('toner door')\n", "printer.py")
    manual = read_plain("How to open the toner door of the printer: pull at it.", "toner")
    for number, (document, path) in enumerate(zip((program, manual), paths, strict=True), start=1):
        sections = find_sections(document)
        passages = cut_passages(document, sections)
        Writer(index, EMBEDDER).write(SCOPE, [Written(number, document, passages, sections, path=path)])
    asked = Question("How do I open the toner door of the printer?")
    hits = {hit.document: hit for hit in index.search(SCOPE, asked, documents=None, limit=9)}
    found = index.findings(SCOPE, asked, documents=None, limit=9).others.sources
    index.close()
    sources = {source_of(path) for path in paths}
    assert {hit.source for hit in hits.values()} == sources
    assert found.several == found.texts == (len(sources) > 1 and source_of(paths[0]) != NONE)
    return hits[2].score


def test_programs_put_back_what_came_with_them_and_nothing_else(tmp_path: Path) -> None:
    for name in ("apart", "beside", "together", "loose"):
        (tmp_path / name).mkdir()
    apart = manual_beside_a_program(tmp_path / "apart", "code/printer.py", "manuals/toner.txt")
    together = manual_beside_a_program(tmp_path / "together", "code/printer.py", "code/toner.txt")
    beside = manual_beside_a_program(tmp_path / "beside", "code/printer.py", "toner.txt")
    loose = manual_beside_a_program(tmp_path / "loose", "printer.py", "manuals/toner.txt")
    assert apart == beside > together == loose


def test_a_project_that_does_not_speak_the_words_of_a_question_is_put_back(tmp_path: Path) -> None:
    index = LocalIndex(EdgeStore.open(tmp_path, dimensions=EMBEDDER.dimensions), EMBEDDER)
    words = "anvil barge cedar delta ember flint grove hedge ivory jetty kiosk ledge"
    own, other = source_of("own/x.py"), source_of("other/x.py")
    texts = [("own", words), ("other", "shared")] * 30
    written: list[Written] = []
    for number, (folder, said) in enumerate(texts, start=1):
        document = read_text(f"# {said} shared\n", f"{folder}/x{number}.py")
        sections = find_sections(document)
        passages = cut_passages(document, sections)
        written.append(Written(number, document, passages, sections, path=f"{folder}/x{number}.py"))
    Writer(index, EMBEDDER).write(SCOPE, written)
    asked = Question(f"{words} shared")
    assert index.findings(SCOPE, asked, documents=None, limit=9).others.sources.standing == {
        own: 1.0,
        other: LEAST,
    }
    assert index.findings(SCOPE, asked, documents=[2], limit=9).others.sources.standing == {}
    index.close()


def test_what_is_near_by_landmarks_alone_stands_behind_what_means_the_question(tmp_path: Path) -> None:
    encoder = UniversalSentenceEncoder()
    index = LocalIndex(EdgeStore.open(tmp_path, dimensions=encoder.dimensions), encoder)
    texts = (
        (
            "Автомобиль должен быть возвращён арендодателю до конца месяца.\n\n"
            "Плата вносится ежеквартально.\n\nСпоры решает суд города Казани.\n"
        ),
        "汽车应于月底前归还出租人。\n\n租金按季度支付。\n\n争议由法院解决。\n",
    )
    for number, text in enumerate(texts, start=1):
        document = read_text(text, "lease.txt")
        passages = cut_passages(document, find_sections(document))
        Writer(index, encoder).write(SCOPE, [Written(number, document, passages, find_sections(document))])
    (first, *_) = index.search(SCOPE, Question("Где рассматриваются разногласия?"), documents=None, limit=3)
    index.close()
    assert "争议" in texts[first.document - 1][first.start : first.end]


LUTHER = (
    "Лютер написал трактат Лютера о монашеском обете.\n\n"
    "Лютер выступал в Вормсе.\n\n"
    "Лютер женился на монахине.\n\n"
    "В молодости Лютер учился праву.\n\n"
    "Очень быстро по всей стране стал популярен перевод Библии, сделанный за одну зиму.\n\n"
    "В старости Лютер много болел."
)


def test_in_a_short_text_its_topic_tells_no_place_from_another(tmp_path: Path) -> None:
    local = LocalIndex(EdgeStore.open(tmp_path, dimensions=EMBEDDER.dimensions), EMBEDDER)
    for number, text in enumerate((LUTHER, "Популярен был и перевод Данте.", "Обеты монахов."), start=1):
        add(local, number, text)
    looked = local.findings(SCOPE, Question("Что у Лютера популярно?"), documents=None, limit=10).others
    latin = local.findings(SCOPE, Question("What did Luther write?"), documents=None, limit=10).others
    local.close()
    assert latin.closer is None
    leads = [
        {LUTHER[hit.start : hit.end].strip()[:12]: hit.score for hit in rank(found, 10) if hit.document == 1}
        for found in (looked, replace(looked, closer=None))
    ]
    told, before = (scores["Очень быстро"] - scores["Лютер написа"] for scores in leads)
    assert told > before
