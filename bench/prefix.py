"""What a real server's prefix cache serves of Lectern's prompts, beside what the plan foretold.

    python -m bench.prefix [DOCUMENT] [--questions N]

A llama.cpp server with a small model (``tests/requirements-llama.txt``) is asked about one document: every
question in a session of its own, the document pinned; the first question once more; then a turn that
follows it. Prompt, cached and evaluated tokens are the server's; the foretold ones are the plan's estimate
in ``cl100k_base``, whose tokens are larger than the model's, so their share of the prompt is what compares.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from service.answers import DEFAULT_TENANT, Query
from service.ingesting import open_ingester
from service.wiring import open_services
from tests.fakes.llama import running_llama, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.answers import Answer
    from service.services import Services

DOCUMENT = Path("examples/corpus/policies/information-security-policy.md")
QUESTIONS = (
    "Who owns this document?",
    "Which passwords are forbidden?",
    "Within how many hours must an incident be reported?",
    "What happens to a device that is lost?",
    "How long are logs kept?",
)
COLLECTION = "default"


@dataclass(frozen=True, slots=True)
class Row:
    question: str
    answer: Answer

    @property
    def cells(self) -> tuple[str, ...]:
        usage = self.answer.usage
        planned = sum(segment.tokens for segment in self.answer.plan.segments)
        return (
            self.question,
            f"{usage.prompt_tokens:,}",
            f"{usage.cached_tokens:,}",
            f"{usage.prompt_tokens - usage.cached_tokens:,}",
            f"{usage.cached_tokens / usage.prompt_tokens:.1%}",
            f"{usage.predicted_cached_tokens:,} of {planned:,}",
            f"{usage.predicted_cached_tokens / planned:.1%}",
            f"{self.answer.timings_ms['total'] / 1_000:.1f}",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("document", nargs="?", type=Path, default=DOCUMENT)
    parser.add_argument("--questions", type=int, default=len(QUESTIONS), metavar="N")
    arguments = parser.parse_args()
    with ExitStack() as closing:
        data = Path(closing.enter_context(tempfile.TemporaryDirectory()))
        server = closing.enter_context(running_llama())
        services = closing.enter_context(open_services(settings_for(server, data)))
        document = _ingest(services, arguments.document)
        table = Table(*"question prompt cached evaluated share foretold share seconds".split())
        with asyncio.Runner() as runner:
            for row in _rows(services, runner, document, QUESTIONS[: arguments.questions]):
                table.add_row(*row.cells)
            runner.run(services.close_model())
    Console().print(table)


def _ingest(services: Services, path: Path) -> str:
    with open_ingester(services) as ingester:
        ingester.ingest(DEFAULT_TENANT, COLLECTION, [path], largest=2**20, on_progress=lambda _: None)
    return services.catalog.documents(DEFAULT_TENANT, COLLECTION, limit=1).documents[0].id


def _rows(
    services: Services, runner: asyncio.Runner, document: str, questions: tuple[str, ...]
) -> Iterator[Row]:
    def ask(question: str, label: str = "", session: str | None = None) -> Row:
        query = Query(question, COLLECTION, mode="pin", documents=(document,), session=session)
        return Row(label + question, runner.run(_answer(services, query)))

    for question in questions:
        yield ask(question)
    again = ask(questions[0], "another one again: ")
    yield again
    yield ask(questions[0], "at once again: ")
    yield ask("And why?", "in the same session: ", again.answer.session)


async def _answer(services: Services, query: Query) -> Answer:
    return await services.answerer.answer(await services.answerer.prepare(query))


if __name__ == "__main__":
    main()
