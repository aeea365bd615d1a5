"""Index and model as they are, looked on at."""

from __future__ import annotations

import time
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING

from service.models.contract import Finished
from service.models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping, Sequence

    from ingest.index import Index, Question
    from ingest.model import Hit, Scope
    from ingest.store.contract import Point, PointPage
    from service.models.contract import LanguageModel, ModelEvent, ModelRequest
    from service.observing import Observer
    from service.tracing import Span


class ObservedIndex:
    """`ingest.index.Index`: its searches are measured."""

    def __init__(self, index: Index, observer: Observer) -> None:
        self._index = index
        self._observer = observer

    def search(
        self, scope: Scope, question: Question, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """As `Index.search`."""
        with self._searching("search"):
            return self._index.search(scope, question, documents=documents, limit=limit)

    def confidence(self, scope: Scope, question: Question, *, documents: Sequence[int] | None) -> float:
        """As `Index.confidence`."""
        with self._searching("confidence"):
            return self._index.confidence(scope, question, documents=documents)

    def digest(self, scope: Scope, document: int) -> str:
        """As `Index.digest`."""
        return self._index.digest(scope, document)

    def read_points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        """As `Index.read_points`."""
        return self._index.read_points(scope, documents, after)

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """As `Index.upsert`."""
        self._index.upsert(scope, points)

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """As `Index.counts`."""
        return self._index.counts(scope)

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """As `Index.delete_documents`."""
        self._index.delete_documents(scope, documents)

    def delete_scope(self, scope: Scope) -> None:
        """As `Index.delete_scope`."""
        self._index.delete_scope(scope)

    def flush(self) -> None:
        """As `Index.flush`."""
        self._index.flush()

    def compact(self) -> None:
        """As `Index.compact`."""
        self._index.compact()

    def deleted(self) -> int:
        """As `Index.deleted`."""
        return self._index.deleted()

    def close(self) -> None:
        """As `Index.close`."""
        self._index.close()

    @contextmanager
    def _searching(self, what: str) -> Generator[None]:
        started = time.perf_counter()
        with self._observer.tracer.span(what, {}):
            try:
                yield
            except Exception as error:
                self._observer.metrics.searched(time.perf_counter() - started, error)
                raise
        self._observer.metrics.searched(time.perf_counter() - started)


class ObservedModel:
    """`LanguageModel`: each attempt is a span, by the conventions for generative AI; failures are counted."""

    def __init__(self, model: LanguageModel, provider: str, default: str, observer: Observer) -> None:
        """``default`` is the model's name where a request says none."""
        self._model = model
        self._provider = provider
        self._default = default
        self._observer = observer

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """As `LanguageModel.stream`."""
        name = request.model or self._default
        span = self._observer.tracer.begin(f"chat {name}", self._asked(request, name))
        began = False
        started = time.perf_counter()
        try:
            async with aclosing(self._model.stream(request)) as events:
                async for event in events:
                    if not began:
                        began = True
                        span.set({"gen_ai.response.time_to_first_chunk": time.perf_counter() - started})
                    if isinstance(event, Finished):
                        _tell(span, event)
                    yield event
        except ModelError as error:
            self._observer.metrics.attempt_failed(self._provider, error)
            span.fail(error)
            raise
        except BaseException as error:
            span.fail(error)
            raise
        finally:
            span.end()

    def _asked(self, request: ModelRequest, name: str) -> dict[str, str | int | float | bool]:
        said: dict[str, str | int | float | bool] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": self._provider,
            "gen_ai.request.model": name,
            "gen_ai.request.max_tokens": request.max_tokens,
            "gen_ai.request.stream": True,
        }
        if request.temperature is not None:
            said["gen_ai.request.temperature"] = request.temperature
        if request.conversation:
            said["gen_ai.conversation.id"] = request.conversation
        return said


def _tell(span: Span, finished: Finished) -> None:
    usage = finished.usage
    span.set(
        {
            "gen_ai.response.model": finished.model,
            "gen_ai.response.id": finished.id,
            "gen_ai.response.finish_reasons": [finished.reason],
        }
    )
    if usage.reported:
        span.set(
            {
                "gen_ai.usage.input_tokens": usage.prompt_tokens,
                "gen_ai.usage.output_tokens": usage.completion_tokens,
                "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
                "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
            }
        )
