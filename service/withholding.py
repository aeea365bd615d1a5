"""Questions to a collection that no language model may be shown: answered by extracts, or refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.answers import Query
    from service.generation import Generation
    from service.prepared import Prepared
    from service.preparing import Preparer

_NEED_A_MODEL = frozenset({"pin", "map", "agent"})
"""Modes that say how a model is to read; the others ask for an answer, and an extract is one."""


class WithholdingPreparer:
    """Prepares with the model where its provider may be shown the collection, else without it."""

    def __init__(self, preparer: Preparer, extracting: Preparer, generation: Generation) -> None:
        """``extracting`` prepares without a model."""
        self._preparer = preparer
        self._extracting = extracting
        self._generation = generation

    def prepare(self, query: Query) -> Prepared:
        """As `Preparer.prepare`; a conversation goes on with extracts where it began with answers.

        Raises:
            EgressRefused: no model may be shown the collection, and the mode needs one.
        """
        refused = self._generation.refusal(query.tenant, query.collection)
        if refused is None:
            return self._preparer.prepare(query)
        if query.mode in _NEED_A_MODEL:
            raise refused
        prepared = self._extracting.prepare(query)
        reason = f"{refused}: the best passages are the answer"
        summary = replace(prepared.summary, reason=reason, withheld_from=refused.recipient)
        return replace(prepared, summary=summary)
