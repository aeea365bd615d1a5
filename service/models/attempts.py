"""What was really sent for a call, attempt by attempt: a provider bills each that it may have read.

A call may be sent several times, to several providers; whoever asks sees only how the last of them ended.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.models.contract import Diverted, Finished, ReasoningDelta, TextDelta, TokenUsage, ToolCallDelta
from service.models.errors import ContentFiltered, MalformedReply, ModelError, ModelTimeout, StreamCut

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from service.models.contract import LanguageModel, ModelEvent, ModelRequest
    from service.models.prices import Price

_READ = (ContentFiltered, MalformedReply, ModelTimeout, StreamCut)
"""Failures of a provider that may have read the prompt, and bills it, though nothing of a reply arrived."""
_BYTES_A_TOKEN = 3
"""Of UTF-8: English has four, Chinese three. Tokenising every delta would take the event loop's time."""


@dataclass(slots=True)
class Attempt:
    """One sending of a prompt."""

    price: Price | None
    """That of the model which was asked; None where nobody knows it."""
    told: TokenUsage | None = None
    """The provider's count, once the reply is whole."""
    _arrived: int = 0
    _is_refused: bool = False

    def heard(self, event: ModelEvent) -> None:
        """Something of the reply has arrived."""
        match event:
            case Diverted():
                self.price = event.price
            case ReasoningDelta() | TextDelta():
                self._arrived += _bytes(event.text)
            case ToolCallDelta():
                self._arrived += _bytes(event.name) + _bytes(event.arguments)
            case Finished():
                self.told = event.usage

    def failed(self, error: type[BaseException]) -> None:
        """It ended in an error of this kind; one that whoever asked has left is billed, so far as it came."""
        self._is_refused = issubclass(error, ModelError) and not issubclass(error, _READ)

    @property
    def is_billed(self) -> bool:
        """Whether the provider bills it: not where it refused it, or was not reached."""
        return bool(self._arrived) or self.told is not None or not self._is_refused

    def usage(self, planned: int) -> TokenUsage:
        """As it was counted; else ``planned`` tokens of prompt, and an estimate of what has arrived."""
        if self.told is not None and self.told.reported:
            return self.told
        return TokenUsage(planned, 0, -(-self._arrived // _BYTES_A_TOKEN))


@dataclass(slots=True)
class Attempts:
    """All that were sent for one call, in their order."""

    made: list[Attempt] = field(default_factory=list[Attempt])

    def begin(self, price: Price | None) -> Attempt:
        """A further one, at this price, is about to be sent."""
        self.made.append(Attempt(price))
        return self.made[-1]


class MeteredModel:
    """`LanguageModel`: tells each attempt to the `Attempts` of its request."""

    def __init__(self, model: LanguageModel, price: Callable[[str | None], Price | None]) -> None:
        """``price`` is that of the model which a request names; None is the one that answers by default."""
        self._model = model
        self._price = price

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """As `LanguageModel.stream`."""
        attempts = request.attempts or Attempts()
        attempt = attempts.begin(self._price(request.model))
        try:
            async with aclosing(self._model.stream(request)) as events:
                async for event in events:
                    attempt.heard(event)
                    yield event
        except ModelError as error:
            attempt.failed(type(error))
            raise


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))
