"""Doing the chores of chat clients: one small call of a model, or none at all."""

from __future__ import annotations

import logging
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.errors import EgressRefused
from prompts.chore_replies import chore_messages, clean_reply, reply_without_model
from service.answers import Cost, Usage
from service.cancelling import in_thread
from service.models.errors import ModelError
from service.recording import Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompts.chores import Chore
    from service.side_model import Said, SideModel

LONGEST_REPLY = 500
"""Tokens."""
_SECONDS = 30.0
_AT_ONCE = 8
_ID_BYTES = 9
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChoreReply:
    """A reply and what it took."""

    id: str
    text: str
    usage: Usage = field(default=Usage())
    cost: Cost = field(default=Cost())


class Chores:
    """Asks a model for titles and the like; no passage is searched for and no conversation is touched."""

    def __init__(self, model: SideModel | None, *, name: str = "") -> None:
        """``name`` is the model's; without one, replies are fixed."""
        self._model = model
        self._name = name
        self._asking = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lectern-chore")

    async def reply(
        self,
        chore: Chore,
        messages: Sequence[tuple[str, str]],
        *,
        tenant: str,
        collection: str,
        key: str = "",
        max_tokens: int | None = None,
    ) -> ChoreReply:
        """What the model says, or the fixed reply where there is none, or it is of no help.

        Args:
            chore: what is wanted.
            messages: role and text of each of the client's.
            tenant: whose model is asked.
            collection: what the call is booked on.
            key: label of the access key that it is booked on, too.
            max_tokens: that the client wants at most.
        """
        identity = f"task_{secrets.token_urlsafe(_ID_BYTES)}"
        model = self._model
        if model is None:
            return ChoreReply(identity, reply_without_model(chore))
        origin = Origin(tenant, collection, answer=identity, key=key)
        tokens = max_tokens or LONGEST_REPLY
        try:
            said = await in_thread(self._asking, lambda: self._ask(model, messages, origin, tokens))
        except (ModelError, EgressRefused) as error:
            _log.warning("a chat client's %s is made without a model: %s", chore.kind, error)
            return ChoreReply(identity, reply_without_model(chore))
        call = said.call
        text = clean_reply(said.text) or reply_without_model(chore)
        ratio = call.usage.cached_tokens / call.usage.prompt_tokens if call.usage.prompt_tokens else 0.0
        return ChoreReply(identity, text, call.usage, Cost(call.usd, call.saved_usd, ratio))

    def _ask(
        self, model: SideModel, messages: Sequence[tuple[str, str]], origin: Origin, max_tokens: int
    ) -> Said:
        return model.ask(
            "task",
            chore_messages(messages),
            name=self._name,
            origin=origin,
            max_tokens=min(max_tokens, LONGEST_REPLY),
            seconds=_SECONDS,
        )
