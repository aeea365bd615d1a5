"""What comes with the passages found: from the catalog, through search, plan and answer."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.catalog import open_catalog
from service.answers import Query
from service.context import find_context
from tests.fakes.files import write_texts
from tests.integration.test_answering import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.catalog.catalog import Catalog
    from service.answers import SearchHit

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LEDGERLINE = EXAMPLES / "corpus" / "code" / "ledgerline"
PADDING = "Each party keeps records of what it has done and shows them to the other one on request. " * 8
AGREEMENT = f"""# Harbour Agreement

This agreement is made on 1 March 2024 between Acme Works Ltd and Birch Retail Ltd.

## 1. Definitions

"Berth" means the place at the northern quay where a ship of the Customer lies.

{PADDING}

## 2. Duties

The Harbour shall:

(a) keep the Berth free of ice, at its own expense, from the first of November to the last of March;
{PADDING}

(b) light the Berth from dusk to dawn, subject to Section 3.

## 3. Darkness

{PADDING}

The Harbour may save electricity in nights of full moon. {PADDING}
"""
AMENDMENT = """# Amendment No. 1

This Amendment No. 1 amends the Harbour Agreement dated 1 March 2024 between Acme Works Ltd
and Birch Retail Ltd.

## 1. Darkness

Section 3 of the Harbour Agreement is deleted in its entirety and replaced with the following:

"Section 3. The Harbour may not save electricity in any night."
"""
LIGHT = "Who must light the place from dusk to dawn?"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with open_catalog(tmp_path / "catalog.sqlite") as opened:
        yield opened


@pytest.fixture
def contracts(catalog: Catalog, tmp_path: Path) -> Desk:
    write_texts(tmp_path / "docs", {"harbour.md": AGREEMENT, "amendment.md": AMENDMENT})
    made = Desk(catalog, tmp_path / "docs", ["The Harbour must.", "It may."], 20_000)
    made.ingest()
    return made


@pytest.fixture
def program(catalog: Catalog, tmp_path: Path) -> Desk:
    shutil.copytree(LEDGERLINE, tmp_path / "docs")
    made = Desk(catalog, tmp_path / "docs", ["It is summed.", "By date."], 20_000)
    made.ingest()
    return made


def search(desk: Desk, question: str, *paths: str) -> SearchHit:
    record = desk.library.collection("default", "docs")
    chosen = desk.library.numbers(record, [desk.document(path) for path in paths]) if paths else None
    return desk.searcher.search(record, question, documents=chosen, limit=5)[0]


def test_a_hit_of_a_search_shows_what_it_needs(contracts: Desk) -> None:
    hit = search(contracts, LIGHT)

    assert {one.kind: one.why for one in hit.context} == {
        "lead_in": "lead-in of (b)",
        "reference": "Section 3",
        "definition": "definition of Berth",
    }
    for one in hit.context:
        assert one.beside == f"D{hit.document.number}:{hit.passages[0]}"
    lead_in = next(one for one in hit.context if one.kind == "lead_in")
    assert AGREEMENT[lead_in.start : lead_in.end] == "The Harbour shall:"


def test_an_outline_is_made_once(contracts: Desk) -> None:
    record = contracts.library.collection("default", "docs")
    first, second = contracts.catalog.ready_versions(record)

    made = contracts.library.surroundings(first)
    assert contracts.library.surroundings(first) is made
    assert contracts.library.surroundings(second) is not made


def test_a_deleted_amendment_amends_nothing(contracts: Desk) -> None:
    record = contracts.library.collection("default", "docs")
    found = contracts.searcher.evidence(record, "save electricity in nights of full moon")
    passages = contracts.searcher.passages(found)
    kept = [passage for passage in passages if "full moon" in passage.text]
    contracts.delete("amendment.md")

    context = find_context(contracts.library, record, found, kept)
    assert "amendment" not in {one.kind for brought in context.values() for one in brought}


def test_an_amended_clause_brings_the_amendment(contracts: Desk) -> None:
    hit = search(contracts, "save electricity in nights of full moon", "harbour.md", "amendment.md")
    [amendment] = [one for one in hit.context if one.kind == "amendment"]

    assert amendment.why == "amends Section 3"
    words = AMENDMENT[amendment.start : amendment.end]
    assert words.startswith("Section 3 of the Harbour Agreement is deleted")
    assert "may not save electricity" in words


def test_documents_that_were_not_chosen_bring_nothing(contracts: Desk) -> None:
    hit = search(contracts, "save electricity in nights of full moon", "harbour.md")

    assert "amendment" not in {one.kind for one in hit.context}


def test_the_prompt_holds_and_names_what_was_brought(contracts: Desk) -> None:
    answer = contracts.ask(LIGHT)

    prompt = contracts.model.requests[0].messages[-1].content
    assert {one.why for one in answer.plan.context} >= {"lead-in of (b)", "Section 3"}
    for one in answer.plan.context:
        assert f"[{one.marker}] " in prompt
        assert f"{one.marker} ({one.why})" in prompt.split("\nContext: ")[1]


def test_a_later_turn_does_not_bring_it_again(contracts: Desk) -> None:
    session = contracts.ask(LIGHT).session
    again = contracts.ask(LIGHT, session)

    first, second = (request.messages for request in contracts.model.requests)
    assert second[: len(first)] == first
    assert again.plan.context == ()


def test_an_extract_quotes_the_lead_in_and_the_amendment(catalog: Catalog, tmp_path: Path) -> None:
    write_texts(tmp_path / "docs", {"harbour.md": AGREEMENT, "amendment.md": AMENDMENT})
    desk = Desk(catalog, tmp_path / "docs", None, 20_000)
    desk.ingest()

    text = desk.ask("Who must light the Berth from dusk to dawn?").text
    assert text.startswith("The Harbour shall: [1] (b) light the Berth from dusk to dawn")

    text = desk.ask("May the Harbour save electricity in nights of full moon?").text
    first = text.split("\n\n")[0]
    assert first.index("nights of full moon") < first.index("may not save electricity in any night")


def test_a_method_comes_with_the_line_of_its_class(program: Desk) -> None:
    hit = search(program, "balance of an account and of everything below it")

    assert [(one.kind, one.why) for one in hit.context] == [("enclosing", "class Journal")]


def test_a_conversation_about_a_repository_keeps_the_map_that_it_began_with(program: Desk) -> None:
    answer = program.ask("How is the balance of an account summed?")
    (program.folder / "ledgerline" / "audit.py").write_text("class Audit:\n    balance = 1\n")
    program.ingest()
    program.ask("And how is it sorted?", answer.session)
    first, second = (request.messages for request in program.model.requests)

    assert [segment.name for segment in answer.plan.segments] == ["rules", "card", "passages", "question"]
    assert first[1].content.startswith("Map of the repository: ")
    assert "  journal.py: Posting, Entry, Journal\n" in first[1].content
    assert second[: len(first)] == first
    assert "audit.py" not in "".join(message.content for message in second[:2])


def test_a_new_conversation_sees_the_repository_as_it_is(program: Desk) -> None:
    program.ask()
    (program.folder / "ledgerline" / "audit.py").write_text("class Audit:\n    balance = 1\n")
    program.ingest()
    program.ask()

    before, after = (request.messages[1].content for request in program.model.requests)
    assert "audit.py: Audit" not in before
    assert "audit.py: Audit" in after


def test_contracts_have_no_map(contracts: Desk) -> None:
    assert "card" not in [segment.name for segment in contracts.ask(LIGHT).plan.segments]


def test_documents_that_were_chosen_have_no_map(program: Desk) -> None:
    chosen = (program.document("ledgerline/journal.py"),)
    program.events(Query("How is the balance summed?", "docs", documents=chosen, mode="retrieve"))

    assert not program.model.requests[0].messages[1].content.startswith("Map")
