"""How far an answer has come, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.answers import PartRead, Planned, Reasoned, Stepped, Written

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from service.answers import AnswerEvent

_TOLD_EVERY = 200
"""Characters of an answer between two words about it."""


class ProgressTeller:
    """Tells what is new, once; of long texts now and then."""

    def __init__(self, report: Callable[[str], Awaitable[None]]) -> None:
        self._report = report
        self._last = ""
        self._written = self._parts = 0

    async def tell(self, event: AnswerEvent) -> None:
        """Report the event, if it is worth a word."""
        news = self._news(event)
        if news and news != self._last:
            self._last = news
            await self._report(news)

    def _news(self, event: AnswerEvent) -> str:
        match event:
            case Planned():
                return f"planned: {event.plan.mode}"
            case PartRead():
                self._parts += 1
                return f"read {self._parts} of {event.of} parts"
            case Stepped():
                return f"step {event.step}: {event.tool}, {event.results} results"
            case Reasoned():
                return "the model thinks"
            case Written():
                self._written += len(event.text)
                return f"wrote {self._written // _TOLD_EVERY * _TOLD_EVERY}+ characters"
            case _:
                return ""
