"""What a map costs by the size of its parts: ``python -m bench.mapping --help``.

No model is asked. Prices are those of glm-5; findings cost the same for every size and are left out. "After a
change" is what a question reads afresh once one document has been replaced, at the mean over some documents.
"""

from __future__ import annotations

import argparse
import random
import statistics
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.reading import read_text
from prompts.mapping import ask_part
from prompts.model import PromptPassage
from prompts.parts import WholeDocument, divide, size_of
from prompts.render import DocumentName
from service.evaluation.dataset import read_documents
from service.models.contract import TokenUsage
from service.models.prices import price
from service.models.providers import PROVIDERS
from service.tokens import count_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompts.parts import Part
    from service.evaluation.dataset import LabelledDocument

QUESTION = "Which of these contracts name a governing law other than New York, and where?"
BLOCK = 64
"""Tokens of the cache's blocks: the last one of a prefix is read afresh."""
NOTHING_TOKENS = 3
_RATE = price(PROVIDERS["zai"], "glm-5")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--documents", type=Path, required=True)
    arguments.add_argument("--limit", type=int, help="documents, from the first on")
    arguments.add_argument("--sizes", type=int, nargs="+", default=[4, 8, 12, 16, 24, 32, 48, 64, 96])
    arguments.add_argument("--changes", type=int, default=30)
    chosen = arguments.parse_args()
    labelled = read_documents(chosen.documents)[: chosen.limit]
    documents = [whole(number, one) for number, one in enumerate(labelled, start=1)]
    names = {n: DocumentName(n, one.id, "") for n, one in enumerate(labelled, start=1)}
    print("| part, K tokens | parts | filled | first question | next question | after a change |")
    print("|---|---|---|---|---|---|")
    for size in chosen.sizes:
        print(row(documents, names, 1_000 * size, chosen.changes))


def whole(number: int, labelled: LabelledDocument) -> WholeDocument:
    document = read_text(labelled.text, labelled.id)
    passages = cut_passages(document, find_sections(document))
    shown = [PromptPassage(number, p.number, p.start, document.text[p.start : p.end]) for p in passages]
    return WholeDocument(number, shown, [p.section for p in passages])


def row(documents: Sequence[WholeDocument], names: dict[int, DocumentName], limit: int, changes: int) -> str:
    parts = divide(documents, names, limit)
    filled = statistics.mean(min(part.size / limit, 1.0) for part in parts)
    first, following = dollars(parts, held=False), dollars(parts, held=True)
    afresh = statistics.mean(read_afresh(documents, names, limit, parts, changes))
    return (
        f"| {limit // 1_000} | {len(parts)} | {filled:.0%} | ${first:.3f} | ${following:.3f} "
        f"| {afresh:,.0f} tokens |"
    )


def dollars(parts: Sequence[Part], *, held: bool) -> float:
    """A question to all parts, whose documents the cache holds or does not; the rules it holds."""
    assert _RATE is not None
    total = 0.0
    for part in parts:
        blocks = ask_part(part, QUESTION, count_tokens).blocks
        prompt = sum(block.tokens for block in blocks)
        prefix = sum(block.tokens for block in blocks[: 2 if held else 1])
        total += _RATE.dollars(TokenUsage(prompt, prefix // BLOCK * BLOCK, NOTHING_TOKENS))
    return total


def read_afresh(
    documents: Sequence[WholeDocument],
    names: dict[int, DocumentName],
    limit: int,
    parts: Sequence[Part],
    changes: int,
) -> list[int]:
    """Tokens by rule of thumb, one number for each document that was replaced."""
    new = len(documents) + 1
    spent: list[int] = []
    for document in random.Random(7).sample(list(documents), min(changes, len(documents))):
        renumbered = replace(
            document, number=new, passages=[replace(p, document=new) for p in document.passages]
        )
        changed = [*(one for one in documents if one is not document), renumbered]
        after = divide(changed, {**names, new: replace(names[document.number], number=new)}, limit)
        spent.append(sum(fresh(part, parts) for part in after))
    return spent


def common(one: str, other: str) -> str:
    """What both begin with."""
    known, unknown = 0, min(len(one), len(other))
    while known < unknown:
        middle = (known + unknown + 1) // 2
        if one[known:middle] == other[known:middle]:
            known = middle
        else:
            unknown = middle - 1
    return one[:known]


def fresh(part: Part, before: Sequence[Part]) -> int:
    """Of a part what no prefix of the former ones holds."""
    alike = [one for one in before if one.passages[0] == part.passages[0]]
    held = max((len(common(part.text, one.text)) for one in alike), default=0)
    return size_of(part.text[held:])


if __name__ == "__main__":
    main()
