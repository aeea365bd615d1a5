"""What the best passages bring along, and what its room costs: ``python -m bench.context --help``.

Recall is the share of gold characters among the passages of a prompt, at the planner's budget, with
companions and without; ``--show`` prints some companions for reading.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import textwrap
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import chunks
from ingest.catalog.records import FileFacts
from ingest.errors import UnreadableFile
from ingest.media import PLAIN, media_type_of
from ingest.reading import read_text
from prompts.plan_request import CONTEXT_SHARE, Limits, PlanRequest
from prompts.planner import plan_prompt
from prompts.render import DocumentName
from service.answers import DEFAULT_TENANT
from service.context import find_context
from service.evaluation.dataset import read_documents, read_queries
from service.ingesting import open_ingester
from service.settings import Settings
from service.tokens import count_tokens
from service.wiring import open_services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.catalog.records import CollectionRecord
    from prompts.model import ContextPassage, PromptPassage
    from prompts.plan import PromptPlan
    from service.evaluation.dataset import LabelledDocument, LabelledQuery
    from service.services import Services

COLLECTION = "bench"
CONTEXT_TOKENS = 100_000


@dataclass
class Tally:
    """What was counted over the queries."""

    recall: dict[float, list[float]] = field(default_factory=dict[float, list[float]])
    kinds: Counter[str] = field(default_factory=Counter[str])
    characters: list[int] = field(default_factory=list[int])
    milliseconds: list[float] = field(default_factory=list[float])
    passages: int = 0
    with_term: int = 0
    with_reference: int = 0
    samples: list[tuple[str, ContextPassage]] = field(default_factory=list[tuple[str, "ContextPassage"]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--repo", default="", help="Only this repository of the set.")
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--scope", choices=["collection", "document"], default="document")
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    queries = [query for query in read_queries(options.queries) if query.repo == options.repo]
    queries = queries[:: max(len(queries) // options.limit, 1)][: options.limit]
    needed = {query.document for query in queries}
    documents = [
        document
        for document in read_documents(options.documents)
        if (document.repo == options.repo if options.repo else document.id in needed)
    ]
    tally = Tally()
    with (
        tempfile.TemporaryDirectory(prefix="lectern-bench-") as folder,
        open_services(Settings(data=Path(folder))) as services,
    ):
        numbers = ingest(services, documents)
        collection = services.library.collection(DEFAULT_TENANT, COLLECTION)
        for query in queries:
            ask(services, collection, query, numbers, tally, inside=options.scope == "document")
    report(tally, options.show)


def ingest(services: Services, documents: Sequence[LabelledDocument]) -> dict[str, int]:
    """Version numbers by the set's ids."""
    numbers: dict[str, int] = {}
    with open_ingester(services) as ingester:
        collection = ingester.ensure_collection(DEFAULT_TENANT, COLLECTION)
        for document in documents:
            try:
                read = read_text(document.text, document.path)
            except UnreadableFile:
                continue
            data = document.text.encode("utf-8", "surrogatepass")
            facts = FileFacts(
                path=document.id,
                content_hash=blake2b(data, digest_size=16).hexdigest(),
                size=len(data),
                modified_ns=0,
                media_type=media_type_of(Path(document.path)) or PLAIN,
                reader=read.reader,
                chunker=chunks.VERSION,
                embedder=collection.embedder,
            )
            numbers[document.id] = ingester.publisher.add(collection, facts, read).number
    return numbers


def ask(
    services: Services,
    collection: CollectionRecord,
    query: LabelledQuery,
    numbers: Mapping[str, int],
    tally: Tally,
    *,
    inside: bool,
) -> None:
    """Plan for one query with companions and without."""
    text = query.short if inside else query.text
    documents = [numbers[query.document]] if inside and query.document else None
    found = services.searcher.evidence(collection, text, documents=documents)
    passages = services.searcher.passages(found)
    begun = time.process_time()
    context = find_context(services.library, collection, found, passages, documents=documents)
    tally.milliseconds.append(1_000 * (time.process_time() - begun))
    versions = {one.version.number: one.version for one in found}
    for needed in (one for companions in context.values() for one in companions):
        number = needed.passage.document
        versions.setdefault(number, services.library.version(collection, number))
    names = {number: DocumentName(number, v.path, v.title) for number, v in versions.items()}
    for share in (0.0, CONTEXT_SHARE):
        limits = Limits(CONTEXT_TOKENS, context_share=share)
        request = PlanRequest(text, passages, None, names, context=context)
        plan = plan_prompt(request, "retrieve", limits, count_tokens)["retrieve"]
        if query.gold:
            tally.recall.setdefault(share, []).append(recall(plan.added, query, numbers))
        if share:
            count(plan, text, tally)
    needs(services, collection, passages, tally)


def recall(passages: Sequence[PromptPassage], query: LabelledQuery, numbers: Mapping[str, int]) -> float:
    """The share of gold characters that the passages hold."""
    gold = {
        (numbers.get(one.document, 0), position)
        for one in query.gold
        for position in range(one.start, one.end or one.start)
    }
    held = {
        (one.document, position)
        for one in passages
        for position in range(one.start, one.start + len(one.text))
    }
    return len(gold & held) / max(len(gold), 1)


def count(plan: PromptPlan, text: str, tally: Tally) -> None:
    tally.characters.append(sum(len(one.passage.text) for one in plan.context))
    tally.kinds.update(one.kind for one in plan.context)
    found = {one.marker: one for one in plan.passages}
    for one in plan.context:
        beside = found.get(one.beside)
        tally.samples.append((f"{text}\n\n{beside.text if beside else ''}", one))


def needs(
    services: Services, collection: CollectionRecord, passages: Sequence[PromptPassage], tally: Tally
) -> None:
    """Of the first 10,000 characters of passages, which use a defined term or name a clause elsewhere."""
    room = 10_000
    for passage in passages:
        room -= len(passage.text)
        if room < 0:
            return
        surroundings = services.library.surroundings(services.library.version(collection, passage.document))
        own = (passage.start, passage.start + len(passage.text))
        kinds = {one.kind for one in surroundings.around(own, [own])}
        tally.passages += 1
        tally.with_term += "definition" in kinds
        tally.with_reference += "reference" in kinds


def report(tally: Tally, shown: int) -> None:
    for share, values in tally.recall.items():
        print(f"recall with {share:.0%} for companions: {statistics.mean(values):.4f}")
    print(f"passages {tally.passages}: {tally.with_term} use a defined term, {tally.with_reference} a clause")
    queries = len(tally.characters)
    print(f"companions a query {sum(tally.kinds.values()) / queries:.2f}: {dict(tally.kinds)}")
    print(f"characters a query {statistics.mean(tally.characters):.0f}")
    ordered = sorted(tally.milliseconds)
    middle, late = ordered[queries // 2], ordered[int(0.95 * queries)]
    print(f"CPU ms: median {middle:.0f}, 95% {late:.0f}, most {ordered[-1]:.0f}")
    for asked, one in random.Random(3).sample(tally.samples, min(shown, len(tally.samples))):
        words = one.passage.text[max(one.start - one.passage.start, 0) :]
        for part in (asked, f"→ {one.kind}: {one.why}", words):
            print(textwrap.shorten(part, 600, placeholder=" …"))
        print()


if __name__ == "__main__":
    sys.exit(main())
