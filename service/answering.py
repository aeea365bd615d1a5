"""prepare → answer: by the way that the plan has chosen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

from service.answers import Done, Planned
from service.cancelling import in_thread
from service.ending import Ending
from service.generating import Generating
from service.map_planning import MapSettings
from service.mapping import Mapping as MapReduce
from service.observing import Observer
from service.presenting import Presenter
from service.quoting import Quoting

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from service.answers import Answer, AnswerEvent, Query
    from service.generation import Generation
    from service.library import Library
    from service.prepared import Prepared
    from service.sessions import Sessions


PREPARED_AT_ONCE = 32
"""Questions that are prepared at a time; the others wait. They may wait for a reranker: in threads of their
own, so that answers that are being written are not held up."""


class Way(Protocol):
    """One way of coming from a plan to an answer."""

    def events(self, prepared: Prepared) -> AsyncGenerator[AnswerEvent, None]:
        """The answer as it comes into being, after `Planned`; `Done` last.

        Raises:
            ModelError: the model failed.
            Gone: a document that the conversation shows was deleted meanwhile.
        """
        ...


class Preparing(Protocol):
    """Searches and plans: `Preparer`, or `WithholdingPreparer`."""

    def prepare(self, query: Query) -> Prepared:
        """As `Preparer.prepare`."""
        ...


class Answerer:
    """Answers questions: by a model or, where none is configured or may be shown the text, by extracts."""

    def __init__(
        self,
        library: Library,
        sessions: Sessions,
        preparer: Preparing,
        generation: Generation | None,
        maps: MapSettings | None = None,
        *,
        agent: Way | None = None,
        ending: Ending | None = None,
        observer: Observer | None = None,
    ) -> None:
        """``agent`` carries out the mode of that name; ``ending`` knows when the server stops."""
        self._generation = generation
        self._ending = ending or Ending()
        self._observer = observer or Observer()
        self._preparer = preparer
        self._preparing = ThreadPoolExecutor(PREPARED_AT_ONCE, thread_name_prefix="lectern-prepare")
        self._ways = _ways(library, sessions, generation, maps or MapSettings(), agent)

    async def prepare(self, query: Query) -> Prepared:
        """Search and plan, see `Preparer.prepare`: all that can be wrong with a question shows here.

        Where this is cancelled, rewriting and reranking end, and nothing is planned any more.

        Raises:
            ServerEnds: the server is about to stop.
            TooManyWaiting: so many questions wait for the model that this one would be turned away.
        """
        self._ending.require_going_on()
        if self._generation is not None:
            self._generation.require_room()
        with self._observer.preparing(query):
            return await in_thread(self._preparing, lambda: self._preparer.prepare(query))

    async def answer(self, prepared: Prepared) -> Answer:
        """The whole answer; raises as `Way.events`."""
        async with aclosing(self.stream(prepared)) as events:
            async for event in events:
                if isinstance(event, Done):
                    return event.answer
        raise AssertionError("a stream ends with Done")

    async def stream(self, prepared: Prepared) -> AsyncGenerator[AnswerEvent, None]:
        """The answer as it comes into being, `Done` last; raises as `Way.events`.

        Raises:
            ServerEnds: the server stops.
        """
        way = self._ways[prepared.summary.mode]
        with self._ending.answering(), self._observer.answering(prepared) as watched:
            yield Planned(prepared.id, prepared.session.id, prepared.summary)
            async with aclosing(way.events(prepared)) as events:
                async for event in events:
                    watched.see(event)
                    yield event


def _ways(
    library: Library,
    sessions: Sessions,
    generation: Generation | None,
    maps: MapSettings,
    agent: Way | None,
) -> Mapping[str, Way]:
    """By the mode of the plan."""
    presenter = Presenter(library, sessions)
    quoting = Quoting(presenter)
    if generation is None:
        return {"extract": quoting}
    generating = Generating(presenter, generation)
    mapping = MapReduce(library, sessions, generation, maps, generating)
    more: dict[str, Way] = {} if agent is None else {"agent": agent}
    return {"extract": quoting, "pin": generating, "retrieve": generating, "map": mapping, **more}
