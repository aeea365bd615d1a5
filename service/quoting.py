"""Answering without a model: the best passages are the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.answers import Cited, Cost, Done, Judged, Usage, Written
from service.extracting import extract
from service.presenting import whole_answer
from service.sessions import StoredTurn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from service.answers import AnswerEvent
    from service.prepared import Prepared
    from service.presenting import Presenter


class Quoting:
    """Answers by extracts."""

    def __init__(self, presenter: Presenter) -> None:
        self._presenter = presenter

    async def events(self, prepared: Prepared) -> AsyncGenerator[AnswerEvent, None]:
        """As `Way.events`."""
        asked = " ".join((prepared.query.question, *prepared.session.questions))
        proven = extract(
            asked, prepared.found, prepared.passages, prepared.context, confidence=prepared.confidence
        )
        yield Written(proven.text)
        placed = await self._presenter.place(prepared, proven.citations)
        for citation in placed:
            yield Cited(citation)
        for claim in proven.claims:
            yield Judged(claim)
        quoted = tuple((c.document, c.first_passage) for c in proven.citations)
        turn = StoredTurn(prepared.query.question, "", proven.text, quoted, shown=proven.text)
        await self._presenter.keep(prepared, turn)
        yield Done(whole_answer(prepared, proven, placed, model=None, usage=Usage(), cost=Cost()))
