"""What a server counts and measures.

Labels are few and known beforehand: no tenant, no collection, no key, no id. Such names are confidential, and
a label that callers choose would fill the memory. Each set of services has its own: nothing is global.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from service.instruments import Instruments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ingest.catalog.call_records import CallRecord
    from ingest.report import Report
    from service.recording import Owed

OTHER = "other"
"""Label of what nobody has configured: a caller may name any model, and any method."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LONG = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_FIRST = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120)
_SHORT = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_MODEL = ("provider", "model")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request that has been answered, or left."""

    route: str
    """The template, ``/v1/documents/{document_id}``; ``none`` where no route took it."""
    method: str
    status: int
    """0 where the client left before any answer."""
    seconds: float
    """Up to the last byte."""
    gone: bool
    """Whether the client left before the end."""


class Metrics:
    """Counts what happens, and asks those who register for what stands. Threads may share it.

    Args:
        models: names of models that have labels of their own.
    """

    def __init__(self, models: Iterable[str] = ()) -> None:
        self._known = frozenset(map(str.lower, models))
        self._made = made = Instruments()
        self._http = _Http(made)
        self._answers = _Answers(made)
        self._models = _Models(made)
        self._ingests = _Ingests(made)
        made.info("build", "The server.", {"version": version("lectern")})

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return self._made.text()

    def watch(self, name: str, said: str, read: Callable[[], float]) -> None:
        """Register a value that is read whenever somebody looks; ``lectern_`` leads its name."""
        self._made.gauge(name, said).set_function(read)

    def watch_all(self, name: str, said: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Likewise, of several values by a label; what raises fails the look."""
        self._made.reading(name, said, label, read)

    def opened(self) -> None:
        """A request has come."""
        self._http.open.inc()

    def answered(self, request: HttpRequest) -> None:
        """A request has been answered."""
        method = request.method if request.method in _METHODS else OTHER
        self._http.open.dec()
        self._http.requests.labels(request.route, method, str(request.status)).inc()
        self._http.seconds.labels(request.route, method).observe(request.seconds)
        if request.gone:
            self._http.gone.labels(request.route).inc()

    def asked(self, mode: str, outcome: str, seconds: float) -> None:
        """A question came to its end; ``mode`` is the plan's or, where there is none, what was asked for."""
        self._answers.questions.labels(mode, outcome).inc()
        self._answers.seconds.labels(mode).observe(seconds)

    def began(self, mode: str, seconds: float) -> None:
        """The first words of an answer are written."""
        self._answers.first_token.labels(mode).observe(seconds)

    def searched(self, seconds: float, error: BaseException | None = None) -> None:
        """The index has answered a search, or has not."""
        if error is None:
            self._answers.searches.observe(seconds)
        else:
            self._answers.search_failures.labels(type(error).__name__).inc()

    def due(self, call: CallRecord, longest: int) -> None:
        """As `Recorder.due`: nothing."""

    def begin(self, call: CallRecord, longest: int) -> None:
        """As `Recorder.begin`: it may."""

    def forget(self, call: CallRecord) -> None:
        """As `Recorder.forget`: nothing was counted yet."""

    def record(self, call: CallRecord, owed: Owed | None = None) -> None:  # noqa: ARG002 — of the protocol
        """As `Recorder.record`: a call of a model has ended."""
        model = call.model.lower()
        names = (call.provider, model if model in self._known else OTHER)
        self._models.calls.labels(*names, call.purpose, call.outcome).inc()
        self._models.seconds.labels(*names).observe(call.milliseconds / 1_000)
        counted = {
            "prompt": call.prompt_tokens,
            "cached": call.cached_tokens,
            "predicted": call.predicted_cached_tokens,
            "completion": call.completion_tokens,
            "reasoning": call.reasoning_tokens,
        }
        for kind, tokens in counted.items():
            self._models.tokens.labels(*names, kind).inc(tokens)
        if call.usd is None:
            self._models.unpriced.labels(*names).inc()
        else:
            self._models.dollars.labels(*names).inc(call.usd)
            self._models.saved.labels(*names).inc(call.saved_usd or 0.0)

    def attempt_failed(self, provider: str, error: BaseException) -> None:
        """A provider failed an attempt."""
        self._models.failures.labels(provider, type(error).__name__).inc()

    def retried(self, provider: str) -> None:
        """A provider is asked again."""
        self._models.retries.labels(provider).inc()

    def watch_circuit(self, provider: str, is_open: Callable[[], bool]) -> None:
        """Register a provider's circuit breaker."""
        self._models.circuits.labels(provider).set_function(lambda: float(is_open()))

    def ingested(self, report: Report) -> None:
        """A job has come to its end."""
        self._ingests.files.labels("indexed", "").inc(len(report.indexed))
        self._ingests.files.labels("unchanged", "").inc(len(report.unchanged))
        for failure in report.failed:
            self._ingests.files.labels("failed", failure.reason).inc()
        self._ingests.characters.inc(report.characters)
        self._ingests.chunks.inc(report.chunks)


class _Http:
    def __init__(self, made: Instruments) -> None:
        self.requests = made.counter(
            "http_requests", "Requests by the template of their route.", "route", "method", "status"
        )
        self.seconds = made.histogram(
            "http_request_seconds", "Up to the last byte of the answer.", "route", "method", buckets=_LONG
        )
        self.open = made.gauge("http_requests_open", "Requests that are being answered.")
        self.gone = made.counter("http_clients_gone", "Clients that left before the end.", "route")


class _Answers:
    def __init__(self, made: Instruments) -> None:
        self.questions = made.counter(
            "questions",
            "Questions by their end: grounded, ungrounded, cancelled, or the error.",
            "mode",
            "outcome",
        )
        self.seconds = made.histogram("answer_seconds", "From a question to its end.", "mode", buckets=_LONG)
        self.first_token = made.histogram(
            "first_token_seconds",
            "From a question to the first words of its answer, thinking left out.",
            "mode",
            buckets=_FIRST,
        )
        self.searches = made.histogram("search_seconds", "Of the index.", buckets=_SHORT)
        self.search_failures = made.counter(
            "search_failures", "Searches that the index did not answer.", "error"
        )


class _Models:
    def __init__(self, made: Instruments) -> None:
        self.calls = made.counter(
            "model_calls", "Calls as the ledger has them.", *_MODEL, "purpose", "outcome"
        )
        self.seconds = made.histogram(
            "model_call_seconds", "Of a call, its retries included.", *_MODEL, buckets=_LONG
        )
        self.tokens = made.counter(
            "model_tokens",
            "As the provider counts them: prompt, of these cached, completion, of these reasoning; predicted "
            "were foretold to be cached.",
            *_MODEL,
            "kind",
        )
        self.dollars = made.counter("model_dollars", "Of calls whose price is known.", *_MODEL)
        self.saved = made.counter("model_saved_dollars", "That cached tokens would have cost more.", *_MODEL)
        self.unpriced = made.counter("model_unpriced_calls", "Calls whose price nobody knows.", *_MODEL)
        self.failures = made.counter(
            "model_attempt_failures", "Attempts that a provider failed.", "provider", "error"
        )
        self.retries = made.counter("model_retries", "Attempts after the first one.", "provider")
        self.circuits = made.gauge(
            "model_circuit_open", "1 while a provider is left alone because it fails.", "provider"
        )


class _Ingests:
    def __init__(self, made: Instruments) -> None:
        self.files = made.counter(
            "ingest_files", "Files of jobs: indexed, unchanged, failed.", "outcome", "reason"
        )
        self.characters = made.counter("ingest_characters", "Of documents that were indexed.")
        self.chunks = made.counter("ingest_chunks", "That were indexed.")
