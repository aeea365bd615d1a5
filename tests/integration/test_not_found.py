"""How sure the search is of an answer, over contracts of which one says nothing about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.answerability import LEAST_CONFIDENCE
from ingest.index import LocalIndex, Question
from ingest.model import Scope
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.readers.plain import read_plain
from ingest.store.edge import EdgeStore
from ingest.writing import Writer, Written
from tests.fakes.embedder import WordEmbedder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


class ContentEmbedder(WordEmbedder):
    """Short words would bring everything near to everything."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return super().embed([" ".join(word for word in text.split() if len(word) > 5) for text in texts])


EMBEDDER = ContentEmbedder(dimensions=256)
OWNERS = ("Abelard", "Bergstrom", "Caldecott", "Drummond", "Esterhazy", "Fairweather", "Gillespie", "Hawtrey")
SILENT = 5
"""The number of the contract that lets nobody look into its books."""
SCOPE, LONE = Scope("default", "contracts"), Scope("default", "lone")
ASKED = "What are the audit rights under this contract?"
AUDITS = (
    (
        "Audit. The {owner} Trust may inspect the books and records of the Grower once a year, during "
        "business hours and on ten days' notice, at its own expense."
    ),
    (
        "Inspection of books. Once in each year, on ten days' notice, the {owner} Trust may have its "
        "accountants audit the Grower's books and records during business hours, at its own expense."
    ),
)
COMMON = (
    "Deliveries. Apples come in crates of twenty and are weighed at the gate before anybody signs for them.",
    "Price. The price of a crate is agreed in August and holds until the last apple of the year is picked.",
    "Weather. Hail, frost and flood excuse a late delivery for as long as they last and no day longer.",
    "Notices. A notice goes by post to the office that stands above and counts once it has been received.",
    "Quality. Bruised fruit may be sent back within three days; whoever keeps it longer has accepted it so.",
)


STREAM = "Stream. The Grower keeps the right bank of the stream clear of reeds, ice and fallen branches."
"""Shares a word with the question and does not answer it."""


def parties(owner: str) -> str:
    """As they are named in the opening."""
    return f"the {owner} Trust of Mount {owner}berg and {owner[::-1].capitalize()} Growers"


def contract(number: int) -> str:
    """A long contract; all but one have a clause about audits, in one of two wordings."""
    owner = OWNERS[number - 1]
    parts = [f"ORCHARD AGREEMENT\n\nThis agreement is made between {parties(owner)}."]
    for article in range(1, 25):
        clauses = [COMMON[(article + number + i) % len(COMMON)] for i in range(4)]
        if article == 3:
            clauses.append(STREAM)
        if article == 7 and number != SILENT:
            clauses.insert(2, AUDITS[number % 2].format(owner=owner))
        parts.append(f"ARTICLE {article}\n\n" + "\n\n".join(clauses))
    return "\n\n".join(parts)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIndex]:
    folder: Path = tmp_path_factory.mktemp("contracts")
    local = LocalIndex(EdgeStore.open(folder, dimensions=EMBEDDER.dimensions), EMBEDDER)
    writer = Writer(local, EMBEDDER)
    for number in range(1, len(OWNERS) + 1):
        for scope in (SCOPE, LONE) if number == SILENT else (SCOPE,):
            document = read_plain(contract(number), f"{number}.txt")
            sections = find_sections(document)
            writer.write(scope, [Written(number, document, cut_passages(document, sections), sections)])
    yield local
    local.close()


def sure(index: LocalIndex, question: str, documents: list[int] | None = None, scope: Scope = SCOPE) -> float:
    return index.confidence(scope, Question(question), documents=documents)


def test_only_the_contract_without_the_clause_does_not_say(index: LocalIndex) -> None:
    by_number = {number: sure(index, ASKED, [number]) for number in range(1, len(OWNERS) + 1)}

    assert [number for number, found in by_number.items() if found < LEAST_CONFIDENCE] == [SILENT]


def test_others_show_what_an_answer_would_look_like(index: LocalIndex) -> None:
    silent = index.signs(SCOPE, Question(ASKED), documents=[SILENT])
    speaking = index.signs(SCOPE, Question(ASKED), documents=[SILENT + 1])

    assert silent.standing is not None
    assert speaking.standing is not None
    assert silent.standing < 0.5 < speaking.standing
    assert (silent.likeness or 0) < 0.5 < (speaking.likeness or 0)


def test_a_contract_that_is_named_is_the_one_that_must_say_it(index: LocalIndex) -> None:
    named = "Consider the agreement between {}; what are the audit rights under this contract?"

    assert sure(index, named.format(parties(OWNERS[SILENT - 1]))) < LEAST_CONFIDENCE
    assert sure(index, named.format(parties(OWNERS[SILENT]))) > LEAST_CONFIDENCE


def test_of_all_contracts_one_that_says_it_is_enough(index: LocalIndex) -> None:
    assert sure(index, "Who may audit books and records?") > LEAST_CONFIDENCE


def test_a_lone_contract_is_judged_by_itself(index: LocalIndex) -> None:
    alone = index.signs(LONE, Question(ASKED), documents=[SILENT])

    assert (alone.standing, alone.likeness) == (None, None)
    assert sure(index, ASKED, [SILENT], LONE) < LEAST_CONFIDENCE
    assert sure(index, "What excuses a late delivery?", scope=LONE) > LEAST_CONFIDENCE


def test_an_empty_scope_has_no_answer(index: LocalIndex) -> None:
    assert sure(index, ASKED, scope=Scope("default", "nothing")) < LEAST_CONFIDENCE
