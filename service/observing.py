"""Looks on while questions are answered: counts and measures, traces, and logs where that is asked for."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from service.answers import Done, Written
from service.metrics import Metrics
from service.tracing import NoTracer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

    from ingest.report import Report
    from service.answers import AnswerEvent, Query
    from service.models.contract import Diverted
    from service.prepared import Prepared
    from service.tracing import Span, Tracer

_LEFT = (GeneratorExit, asyncio.CancelledError)
_log = logging.getLogger(__name__)


class Observer:
    """One for each set of services; threads may share it."""

    def __init__(
        self, metrics: Metrics | None = None, tracer: Tracer | None = None, *, content: bool = False
    ) -> None:
        """``content`` allows questions and answers in the log; spans, which leave the machine, hold none."""
        self.metrics = metrics or Metrics()
        self.tracer = tracer or NoTracer()
        self.content = content
        self.circuits: dict[str, Callable[[], bool]] = {}
        """By provider, whether it is left alone because it keeps failing."""

    def watch_circuit(self, provider: str, is_open: Callable[[], bool]) -> None:
        """Register a provider's circuit breaker, for metrics and readiness."""
        self.circuits[provider] = is_open
        self.metrics.watch_circuit(provider, is_open)

    @contextmanager
    def preparing(self, query: Query) -> Generator[None]:
        """A question is searched for and planned; one that fails here is over."""
        started = time.perf_counter()
        with self.tracer.span("prepare", {"lectern.mode": query.mode}):
            try:
                yield
            except BaseException as error:
                self.metrics.asked(query.mode, outcome_of(error), time.perf_counter() - started)
                raise

    def answering(self, prepared: Prepared) -> Answering:
        """An answer comes into being."""
        return Answering(self, prepared)

    def tool(self, name: str, call: str) -> AbstractContextManager[Span]:
        """A tool of an agent is used."""
        return self.tracer.span(
            f"execute_tool {name}",
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": name,
                "gen_ai.tool.type": "function",
                "gen_ai.tool.call.id": call,
            },
        )

    def diverted(self, diverted: Diverted) -> None:
        """Another provider than the configured one has answered: say it once for each answer."""
        _log.warning(
            "%s answered with %s in place of the first provider: %s",
            diverted.told,
            diverted.model,
            diverted.cause or diverted.why,
        )

    def embeddings(self, model: str, dimensions: int) -> AbstractContextManager[Span]:
        """Texts are sent to an embeddings endpoint."""
        return self.tracer.span(
            f"embeddings {model}",
            {
                "gen_ai.operation.name": "embeddings",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": model,
                "gen_ai.embeddings.dimension.count": dimensions,
            },
            kind="client",
        )

    def job(self, kind: str, identity: str) -> AbstractContextManager[Span]:
        """A job runs."""
        return self.tracer.span(f"job {kind}", {"lectern.job.id": identity})

    def ingested(self, report: Report) -> None:
        """A job has come to its end."""
        self.metrics.ingested(report)


class Answering:
    """An answer under way: enter it before its first event, show it all of them."""

    def __init__(self, observer: Observer, prepared: Prepared) -> None:
        self._observer = observer
        self._prepared = prepared
        self._mode = prepared.summary.mode
        self._begun = False
        self._outcome = "unfinished"

    def __enter__(self) -> Self:
        return self

    def see(self, event: AnswerEvent) -> None:
        """One event, before it is passed on."""
        if isinstance(event, Written) and not self._begun:
            self._begun = True
            self._observer.metrics.began(self._mode, self._seconds())
        elif isinstance(event, Done):
            self._outcome = "grounded" if event.answer.grounded else "ungrounded"
            if self._observer.content:
                said = {"question": self._prepared.query.question, "answer": event.answer.text}
                _log.info("a question was answered", extra={"content": said})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self._outcome == "unfinished":
            self._outcome = outcome_of(error)
        self._observer.metrics.asked(self._mode, self._outcome, self._seconds())

    def _seconds(self) -> float:
        return time.perf_counter() - self._prepared.started


def outcome_of(error: BaseException) -> str:
    """The label of a failure: the kind of the error, or that nobody waits any more."""
    return "cancelled" if isinstance(error, _LEFT) else type(error).__name__
