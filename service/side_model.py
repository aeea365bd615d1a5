"""Small questions to a model on the way to an answer; each is paid for and accounted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.accounting import count_side_call
from service.answers import Cost
from service.models.contract import Message, ModelRequest
from service.recording import Recording, Unrecorded, begun_call
from service.tokens import count_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prompts.plan import PromptMessage
    from service.answers import Purpose, SideCall
    from service.models.blocking import BlockingModel
    from service.models.contract import Diverted
    from service.models.prices import Price
    from service.recording import Origin, Recorder

_TEMPERATURE = 0.1


@dataclass(frozen=True, slots=True)
class Said:
    """A reply and what it took."""

    text: str
    whole: bool
    """False where it was cut short."""
    call: SideCall


class SideModel:
    """A model without thinking, at a low temperature, for replies of a line."""

    def __init__(
        self,
        model: BlockingModel,
        price: Callable[[str], Price | None],
        *,
        provider: str = "",
        recorder: Recorder | None = None,
    ) -> None:
        """``recorder`` takes note of the calls; ``provider`` is where they go."""
        self._model = model
        self._price = price
        self._provider = provider
        self._recorder = recorder or Unrecorded()

    def ask(
        self,
        purpose: Purpose,
        messages: Sequence[PromptMessage],
        *,
        name: str,
        origin: Origin,
        max_tokens: int,
        seconds: float,
    ) -> Said:
        """What the model of this name says.

        Raises:
            ModelError: the reply could not be had, or not in ``seconds``, or may not be paid for.
            EgressRefused: the model may not be shown the origin's collection.
        """
        request = ModelRequest(
            messages=tuple(Message(message.role, message.content) for message in messages),
            max_tokens=max_tokens,
            model=name,
            temperature=_TEMPERATURE,
            thinking=False,
            cache_salt=origin.tenant,
            tenant=origin.tenant,
            collection=origin.collection,
        )
        planned = sum(count_tokens(m.content) for m in messages)
        begun = begun_call(origin, purpose, provider=self._provider, model=name, planned=planned)
        with Recording(self._recorder, begun, max_tokens, price=self._price(name)) as recording:
            asked = recording.asking(request)
            reply = self._model.complete(asked, seconds=seconds, heard=recording.heard)
            answered, rate = _charged(reply.diverted) or (name, self._price(name))
            call = count_side_call(purpose, answered, reply.usage, planned, rate)
            recording.counted(call.usage, Cost(call.usd, call.saved_usd))
        return Said(reply.text, reply.reason == "stop", call)


def _charged(diverted: Diverted | None) -> tuple[str, Price | None] | None:
    return None if diverted is None else (diverted.model, diverted.price)
