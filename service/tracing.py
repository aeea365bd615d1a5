"""Spans: what took how long within what, for a collector of traces.

`service.telemetry` records them; without it they cost next to nothing. Attributes are names and figures, of
content only what `log_content` allows.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    Value = str | bool | int | float | Sequence[str]
    Attributes = Mapping[str, Value]

SpanKind = Literal["server", "client", "internal"]


class Span(Protocol):
    """Something that is under way."""

    def set(self, attributes: Attributes) -> None:
        """Tell more of it."""
        ...

    def rename(self, name: str) -> None:
        """Its name turned out to be another one."""
        ...

    def fail(self, error: BaseException) -> None:
        """It failed: of the error only the kind is told."""
        ...

    def end(self) -> None:
        """It is over; only spans of `Tracer.begin` are ended by hand."""
        ...


class Tracer(Protocol):
    """Begins spans below the one that is current."""

    def span(
        self,
        name: str,
        attributes: Attributes,
        *,
        kind: SpanKind = "internal",
        headers: Mapping[str, str] | None = None,
    ) -> AbstractContextManager[Span]:
        """Current as long as the block runs, in the thread or task that runs it.

        ``headers`` are a request's: with a ``traceparent`` its trace is gone on with.
        """
        ...

    def begin(self, name: str, attributes: Attributes) -> Span:
        """A call of another server, which is never current: generators change tasks while they run."""
        ...

    def close(self) -> None:
        """Send what has not been sent."""
        ...


class Untold:
    """A span that nobody looks at."""

    def set(self, attributes: Attributes) -> None:
        """As `Span.set`."""

    def rename(self, name: str) -> None:
        """As `Span.rename`."""

    def fail(self, error: BaseException) -> None:
        """As `Span.fail`."""

    def end(self) -> None:
        """As `Span.end`."""


UNTOLD = Untold()


class NoTracer:
    """Records nothing."""

    def span(
        self,
        name: str,
        attributes: Attributes,
        *,
        kind: SpanKind = "internal",
        headers: Mapping[str, str] | None = None,
    ) -> AbstractContextManager[Span]:
        """As `Tracer.span`."""
        del name, attributes, kind, headers
        return nullcontext(UNTOLD)

    def begin(self, name: str, attributes: Attributes) -> Span:
        """As `Tracer.begin`."""
        del name, attributes
        return UNTOLD

    def close(self) -> None:
        """As `Tracer.close`."""
