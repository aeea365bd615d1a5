"""A table of written answers and the verdicts they must get; one case a line in ``verdicts.jsonl``.

``claims``: supported, or null where a claim states nothing; ``quoted`` of each citation, ``missing`` of each
claim.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from prompts.model import PromptPassage
from prompts.proof import prove


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    passages: dict[str, str]
    raw: str
    claims: list[bool | None]
    quoted: list[str] | None
    unresolved: list[str]
    missing: list[list[str]] | None


def _cases() -> list[Case]:
    lines = Path(__file__).with_name("verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    written = [cast("dict[str, Any]", json.loads(line)) for line in lines]
    return [
        Case(
            id=case["id"],
            passages=case["passages"],
            raw=case["raw"],
            claims=case["claims"],
            quoted=case.get("quoted"),
            unresolved=case.get("unresolved", []),
            missing=case.get("missing"),
        )
        for case in written
    ]


CASES = _cases()


def _passages(texts: dict[str, str]) -> tuple[dict[tuple[int, int], PromptPassage], dict[int, str]]:
    passages: dict[tuple[int, int], PromptPassage] = {}
    documents: dict[int, str] = {}
    for marker, text in texts.items():
        document, number = map(int, marker.removeprefix("D").split(":"))
        before = documents.get(document, "")
        passages[document, number] = PromptPassage(document, number, len(before), text)
        documents[document] = before + text
    return passages, documents


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_each_written_answer_gets_the_right_verdicts(case: Case) -> None:
    passages, documents = _passages(case.passages)
    answer = prove(case.raw, passages)

    assert [claim.supported if claim.substantive else None for claim in answer.claims] == case.claims
    assert list(answer.unresolved) == case.unresolved
    if case.missing is not None:
        assert [list(claim.missing) for claim in answer.claims] == case.missing
    if case.quoted is not None:
        assert [citation.quoted for citation in answer.citations] == case.quoted
    for citation in answer.citations:
        assert 0 <= citation.start < citation.end <= len(documents[citation.document])
        if citation.quoted == "exact":
            cited = documents[citation.document][citation.start : citation.end]
            assert cited == citation.quote.replace("[\\D", "[D")
    invented = "not_found" in [citation.quoted for citation in answer.citations]
    assert answer.grounded == (not case.unresolved and not invented and False not in case.claims)


def test_the_table_is_large_and_half_of_it_is_true() -> None:
    assert len(CASES) >= 150
    assert sum(case.claims == [True] for case in CASES) >= 60
