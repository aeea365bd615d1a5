"""Which requests are best served by one and the same of several machines that run the model.

Each machine has a cache of its own. A router that is told the same name twice asks the same machine, so the
name must follow what is dear to read again: the pinned documents, whoever asks about them, else the
conversation. A later turn keeps the name under which its prompt began: it goes on with the same bytes.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from prompts.plan import Stability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompts.plan import Block, PromptPlan
    from service.sessions import Session

WORTH_TOKENS = 2_048
"""Pinned text that is shorter is read anew sooner than a machine that all are sent to gets to it."""
_BYTES = 16


def place_of(plan: PromptPlan, session: Session) -> str:
    """The same for requests that one machine should serve, which has read what they begin with."""
    pinned = pinned_place(plan.blocks)
    if pinned is not None:
        return pinned
    begun = "" if plan.begins else next((turn.place for turn in session.sent if turn.place), "")
    return begun or session.id


def pinned_place(blocks: Sequence[Block]) -> str | None:
    """A name for the pinned documents that a prompt begins with; None where they are not worth one.

    It is made of no more than it takes, so that a question about further documents goes to the machine that
    has the pinned ones.
    """
    digest, tokens = blake2b(digest_size=_BYTES), 0
    for block in blocks:
        if block.stability > Stability.PINNED:
            return None
        digest.update(block.text.encode())
        if block.stability == Stability.PINNED:
            tokens += block.tokens
            if tokens >= WORTH_TOKENS:
                return digest.hexdigest()
    return None


def opaque(place: str, salt: str) -> str:
    """The name as a router may read it: nothing of the place, the text or the tenant is in it."""
    return blake2b(place.encode(), key=salt.encode()[:64], digest_size=_BYTES).hexdigest()
