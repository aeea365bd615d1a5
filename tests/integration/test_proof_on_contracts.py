"""Claims made mechanically from clauses that lawyers marked in real contracts, and the verdicts they get."""

from __future__ import annotations

import json
import random
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

from prompts.model import PromptPassage
from prompts.proof import prove
from prompts.sentences import sentence_spans
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from collections.abc import Callable

Clause = tuple[str, PromptPassage]
"""A sentence of a contract, and the passage around it."""

SAMPLE = 150
MARGIN = 600


@cache
def clauses() -> list[Clause]:
    """Clauses of one sentence each, 60 to 600 characters, in random but fixed order."""
    texts = _texts()
    found: list[Clause] = []
    for line in _shuffled(shared("cuad/queries.jsonl").read_text(encoding="utf-8").splitlines()):
        for gold in json.loads(line)["gold"]:
            text = texts.get(gold["doc_id"], "")
            sentence = " ".join(text[gold["start"] : gold["end"]].split())
            if (
                60 <= len(sentence) <= 600
                and not re.search(r"[\[\]]", sentence)
                and _is_one_sentence(sentence)
            ):
                found.append((sentence, _passage(text, gold["start"], gold["end"])))
        if len(found) >= SAMPLE:
            break
    return found[:SAMPLE]


def _texts() -> dict[str, str]:
    with shared("cuad/documents.jsonl").open(encoding="utf-8") as lines:
        return {document["doc_id"]: document["text"] for document in map(json.loads, lines)}


def _shuffled(lines: list[str]) -> list[str]:
    random.Random(1).shuffle(lines)
    return lines


def _is_one_sentence(text: str) -> bool:
    return text[0].isupper() and len(list(sentence_spans(f"{text} "))) == 1


def _passage(text: str, start: int, end: int) -> PromptPassage:
    """The paragraph of a clause, at most ``MARGIN`` characters more on each side."""
    first = max(text.rfind("\n\n", 0, start) + 2, start - MARGIN, 0)
    after = text.find("\n\n", end)
    last = min(after if after >= 0 else len(text), end + MARGIN)
    return PromptPassage(1, 1, first, text[first:last])


def is_supported(claim: str, passage: PromptPassage) -> bool:
    answer = prove(f"{claim} [D1:1]", {(1, 1): passage})
    return all(entry.supported for entry in answer.claims if entry.substantive)


def refused(change: Callable[[Clause], str | None]) -> float:
    """The share of changed clauses that are refused; ``change`` gives None where it does not apply."""
    changed = [(claim, clause[1]) for clause in clauses() if (claim := change(clause))]
    assert len(changed) >= 30
    return sum(not is_supported(claim, passage) for claim, passage in changed) / len(changed)


def _with_other_number(clause: Clause) -> str | None:
    """Another number, unless it numbers a section: passages seldom hold their own."""
    sentence, passage = clause
    for match in re.finditer(r"(?<![\w.,/-])\d{1,4}(?![\w,/-]|\.\d)", sentence):
        before, new = sentence[: match.start()], str(int(match[0]) + 13)
        reference = re.search(
            r"(?:sections?|articles?|paragraph|exhibit|§)[\s\d,and]*$", before, re.IGNORECASE
        )
        if len(before) > 4 and not reference and not re.search(rf"(?<!\d){new}(?!\d)", passage.text):
            return before + new + sentence[match.end() :]
    return None


def _with_not(clause: Clause) -> str | None:
    modal = re.search(r"\b(?:shall|may|will|must)\b(?! not| be| have| also| only| at)", clause[0])
    if modal is None or re.search(
        r"\b(?:neither|no|nor|none|never)\b", clause[0][: modal.start()], re.IGNORECASE
    ):
        return None
    return f"{clause[0][: modal.end()]} not{clause[0][modal.end() :]}"


@needs_shared
def test_a_clause_is_supported_by_its_passage() -> None:
    supported = [is_supported(sentence, passage) for sentence, passage in clauses()]
    assert sum(supported) / len(supported) >= 0.98


@needs_shared
@pytest.mark.parametrize(("change", "least"), [(_with_other_number, 0.95), (_with_not, 0.95)])
def test_a_changed_clause_is_refused(change: Callable[[Clause], str | None], least: float) -> None:
    assert refused(change) >= least


@needs_shared
def test_a_clause_is_not_supported_by_a_passage_of_another_contract() -> None:
    pairs = list(zip(clauses(), clauses()[SAMPLE // 2 :] + clauses()[: SAMPLE // 2], strict=True))
    supported = [is_supported(sentence, passage) for (sentence, _), (_, passage) in pairs]
    assert sum(supported) / len(supported) <= 0.03
