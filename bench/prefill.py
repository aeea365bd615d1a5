"""What a real server has to read of a pinned document, question by question, beside the question put first.

    python -m bench.prefill [DOCUMENT] [--tokens N…] [--questions N]

A llama.cpp server with a small model (``tests/requirements-llama.txt``) is asked about one document through
the service, pinned, each question in a session of its own; then the same prompts with the question before the
document. Evaluated tokens are the server's own count of what its cache did not serve; the time is that to the
first token of the answer, in the same run on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from prompts.plan import PromptMessage
from prompts.render import rules
from service.answers import DEFAULT_TENANT, Query
from service.ingesting import open_ingester
from service.models.contract import Message, ModelRequest
from service.tokens import count_tokens, token_ids
from service.wiring import open_services
from tests.fakes.llama import running_llama, settings_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.services import Services
    from tests.fakes.llama import LlamaServer

DOCUMENT = Path("../shared/data/cuad/documents.jsonl")
TOKENS = (2_000, 6_000)
CONTEXT = 8_192
COLLECTION = "default"
SLACK = 64
"""Evaluated tokens allowed beside the question's own: a block of the cache."""
QUESTIONS = (
    "Who are the parties to this agreement?",
    "On which day does the agreement take effect?",
    "For how long does it run?",
    "May it be renewed, and by how much notice?",
    "Who may terminate it without cause?",
    "Which law governs it?",
    "What is confidential, and for how long?",
    "Is any party's liability limited?",
    "May the agreement be assigned?",
    "What must be insured?",
)


@dataclass(frozen=True, slots=True)
class Asked:
    evaluated: int
    question: int
    """Tokens of what follows the document in the prompt."""
    first: float
    """Seconds to the first token."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("document", nargs="?", type=Path, help="A text; by default the longest of CUAD.")
    parser.add_argument("--tokens", type=int, nargs="+", default=list(TOKENS), metavar="N")
    parser.add_argument("--questions", type=int, default=len(QUESTIONS), metavar="N")
    arguments = parser.parse_args()
    table = Table("document tokens", "layout", "evaluated at first", "then", "at most", "seconds, then")
    kept = True
    for tokens in arguments.tokens:
        text = cut(read(arguments.document), tokens)
        pinned, first = measure(text, QUESTIONS[: arguments.questions])
        for name, asked in (("document first", pinned), ("question first", first)):
            later = asked[1:]
            table.add_row(
                f"{tokens:,}",
                name,
                f"{asked[0].evaluated:,}",
                f"{fmean(one.evaluated for one in later):,.0f}",
                f"{max(one.evaluated for one in later):,}",
                f"{fmean(one.first for one in later):.2f}",
            )
        kept = kept and all(one.evaluated <= one.question + SLACK for one in pinned[1:])
        ratio = fmean(one.evaluated for one in pinned[1:]) / fmean(one.evaluated for one in first[1:])
        times = fmean(one.first for one in pinned[1:]) / fmean(one.first for one in first[1:])
        table.add_row("", "ratio", "", f"{ratio:.3f}", "", f"{times:.3f}")
    Console(width=110).print(table)
    if not kept:
        sys.exit("more was evaluated than the question and a block")


def read(document: Path | None) -> str:
    if document is not None:
        return document.read_text(encoding="utf-8")
    from service.evaluation.dataset import read_documents  # noqa: PLC0415 — only where no text is given

    return max((one.text for one in read_documents(DOCUMENT)), key=len)


def cut(text: str, tokens: int) -> str:
    """The beginning of a text that has about so many of the small model's tokens: as many as ours, nearly."""
    low, high = 0, len(text)
    while high - low > 100:
        middle = (low + high) // 2
        low, high = (middle, high) if len(token_ids(text[:middle])) < tokens else (low, middle)
    return text[:low]


def measure(text: str, questions: Sequence[str]) -> tuple[list[Asked], list[Asked]]:
    """The document first, through the service; then the question first, straight to the server."""
    with ExitStack() as closing:
        data = Path(closing.enter_context(tempfile.TemporaryDirectory()))
        (data / "document.txt").write_text(text, encoding="utf-8")
        server = closing.enter_context(running_llama(CONTEXT))
        settings = settings_for(server, data / "data", CONTEXT)
        services = closing.enter_context(open_services(settings))
        with open_ingester(services) as ingester:
            ingester.ingest(
                DEFAULT_TENANT, COLLECTION, [data / "document.txt"], largest=2**20, on_progress=lambda _: None
            )
        with asyncio.Runner() as runner:
            try:
                pinned = runner.run(document_first(services, server, questions))
                first = runner.run(question_first(services, server, questions))
            finally:
                runner.run(services.close_model())
    return pinned, first


async def document_first(services: Services, server: LlamaServer, questions: Sequence[str]) -> list[Asked]:
    asked: list[Asked] = []
    identity = services.catalog.documents(DEFAULT_TENANT, COLLECTION, limit=1).documents[0].id
    for question in questions:
        prepared = await services.answerer.prepare(
            Query(question, COLLECTION, mode="pin", documents=(identity,))
        )
        tail = prepared.plan.blocks[-1].text
        asked.append(await timed(services, server, prepared.plan.messages, count_tokens(tail)))
    return asked


async def question_first(services: Services, server: LlamaServer, questions: Sequence[str]) -> list[Asked]:
    identity = services.catalog.documents(DEFAULT_TENANT, COLLECTION, limit=1).documents[0].id
    asked: list[Asked] = []
    for question in questions:
        prepared = await services.answerer.prepare(
            Query(question, COLLECTION, mode="pin", documents=(identity,))
        )
        *_, document, last = (block.text for block in prepared.plan.blocks)
        messages = (PromptMessage("system", rules()), PromptMessage("user", f"{last.strip()}\n\n{document}"))
        asked.append(await timed(services, server, messages, count_tokens(last)))
    return asked


async def timed(
    services: Services, server: LlamaServer, messages: Sequence[PromptMessage], question: int
) -> Asked:
    """Send a prompt as it is, and count what the server had to read."""
    assert services.generation is not None
    request = ModelRequest(
        tuple(Message(one.role, one.content) for one in messages),
        max_tokens=4,
        temperature=0.0,
        tenant=DEFAULT_TENANT,
        collection=COLLECTION,
    )
    before, began, first = server.evaluated(), time.perf_counter(), 0.0
    async with aclosing(services.generation.model.stream(request)) as events:
        async for _ in events:
            first = first or time.perf_counter() - began
    return Asked(server.evaluated() - before, question, first)


if __name__ == "__main__":
    main()
