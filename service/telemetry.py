"""Spans by OpenTelemetry, sent to a collector over OTLP. Its library is the extra ``telemetry``."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span as Recorded

    from service.tracing import Attributes, Span
    from service.tracing import SpanKind as Kind

_KINDS = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL}
_SCOPE = "lectern"


def sending(url: str) -> OpenTelemetry:
    """Sends spans to the collector at ``url``, in a thread of its own.

    What the standard ``OTEL_*`` variables say of headers, sampling, batches and the resource holds.
    """
    return OpenTelemetry(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces")))


class OpenTelemetry:
    """`service.tracing.Tracer` over a provider of its own, never the process's."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": _SCOPE, "service.version": version(_SCOPE)}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(_SCOPE, version(_SCOPE))
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(
        self,
        name: str,
        attributes: Attributes,
        *,
        kind: Kind = "internal",
        headers: Mapping[str, str] | None = None,
    ) -> Generator[Span]:
        """As `Tracer.span`."""
        context = None if headers is None else self._propagator.extract(headers)
        recorded = self._tracer.start_span(name, context, _KINDS[kind], attributes)
        with use_span(recorded, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            span = _Recording(recorded)
            try:
                yield span
            except BaseException as error:
                span.fail(error)
                raise

    def begin(self, name: str, attributes: Attributes) -> Span:
        """As `Tracer.begin`."""
        return _Recording(self._tracer.start_span(name, None, SpanKind.CLIENT, attributes))

    def close(self) -> None:
        """As `Tracer.close`."""
        self._provider.shutdown()


class _Recording:
    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    def set(self, attributes: Attributes) -> None:
        self._recorded.set_attributes(attributes)

    def rename(self, name: str) -> None:
        self._recorded.update_name(name)

    def fail(self, error: BaseException) -> None:
        self._recorded.set_attribute("error.type", type(error).__name__)
        self._recorded.set_status(Status(StatusCode.ERROR))

    def end(self) -> None:
        self._recorded.end()
