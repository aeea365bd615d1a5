"""Other providers, asked in their order where the one before them cannot answer.

Only while nothing of a reply has been passed on, and only after errors that say nothing of the question: what
one filter stops, another provider is not tried with.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.errors import EgressRefused, LecternError
from prompts.pricing import MESSAGE_TOKENS, REQUEST_TOKENS
from service.models.contract import Diverted
from service.models.errors import ContentFiltered, ModelError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from service.models.contract import LanguageModel, ModelEvent, ModelRequest
    from service.models.prices import Price
    from service.models.providers import ModelLimits

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fallback:
    """A provider that may be asked in place of those before it."""

    provider: str
    asked: LanguageModel
    model: str
    """That answers there, whichever was asked for: names are the provider's own."""
    price: Price | None
    limits: ModelLimits
    label: str = ""
    """As people are told who it is, where that is not the provider's name."""

    def adapted(self, request: ModelRequest) -> ModelRequest:
        """The request as it is put there."""
        return replace(request, model=self.model, max_tokens=min(request.max_tokens, self.limits.output))

    @property
    def told(self) -> str:
        """Who it is, in the words for people."""
        return self.label or self.provider

    def diverted(self, error: LecternError) -> Diverted:
        """Word of its answering, ``error`` being the first provider's."""
        return Diverted(self.provider, self.model, self.price, str(error), self.told, error)


class FallbackModel:
    """The configured provider's model with others behind it."""

    def __init__(
        self, first: LanguageModel, others: Sequence[Fallback], *, count: Callable[[str], int]
    ) -> None:
        """``count`` estimates the tokens of a text: what does not fit a context is not sent there."""
        self._first = first
        self._others = others
        self._count = count

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """As `LanguageModel.stream`; where all fail, the error is the first one's that was asked.

        Raises:
            EgressRefused: none of them may be shown it; nothing was sent.
        """
        begun = False
        try:
            async with aclosing(self._first.stream(request)) as events:
                async for event in events:
                    begun = True
                    yield event
                return
        except LecternError as error:
            if begun or not (request.elsewhere and _may_help(error)):
                raise
            failed = error
        async with aclosing(self._elsewhere(request, failed)) as events:
            async for event in events:
                yield event

    async def _elsewhere(
        self, request: ModelRequest, failed: LecternError
    ) -> AsyncGenerator[ModelEvent, None]:
        tokens = await asyncio.to_thread(self._tokens, request)
        told = failed  # one that was not to be shown it tells nothing of why those fail that were
        for other in self._others:
            fitting = other.adapted(request)
            if tokens + fitting.max_tokens > other.limits.context:
                _log.warning("%s is passed over: %s tokens do not fit its context", other.told, tokens)
                continue
            begun = False
            try:
                async with aclosing(other.asked.stream(fitting)) as events:
                    async for event in events:
                        if not begun:
                            yield other.diverted(failed)
                        begun = True
                        yield event
                    return
            except ContentFiltered:
                raise
            except LecternError as error:
                if begun:
                    raise
                _log.warning("%s could not help either: %s", other.told, error)
                told = error if isinstance(told, EgressRefused) else told
        raise told

    def _tokens(self, request: ModelRequest) -> int:
        """Estimated, of the prompt."""
        parts = [f"{message.content}{message.reasoning}" for message in request.messages]
        parts += [call.arguments for message in request.messages for call in message.tool_calls]
        parts += [f"{tool.description}{tool.parameters}" for tool in request.tools]
        return sum(map(self._count, parts)) + MESSAGE_TOKENS * len(parts) + REQUEST_TOKENS


def _may_help(error: LecternError) -> bool:
    """Whether another provider may: what one must not be shown, another one perhaps may."""
    return isinstance(error, EgressRefused) or (isinstance(error, ModelError) and error.elsewhere)
