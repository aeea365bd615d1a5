"""think → call tools → read → …: an answer by a model that finds its passages itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from prompts.agent import stored_question
from service.agent_run import AgentRun, Heard
from service.answers import Done, Reasoned
from service.cancelling import in_thread
from service.generating import alternatives_of
from service.models.contract import Diverted, Finished, ReasoningDelta, TextDelta, ToolCallDelta
from service.presenting import whole_answer
from service.sessions import StoredTurn
from service.toolbox import Toolbox

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from prompts.model import ProvenAnswer
    from service.answers import AnswerEvent
    from service.generation import Generation
    from service.library import Library
    from service.prepared import Prepared
    from service.presenting import Presenter
    from service.searching import Searcher


_AT_ONCE = 8
"""Calls of tools that work, a search in all texts up to five seconds; further ones wait, and nobody else."""


@dataclass(frozen=True, slots=True)
class AgentBounds:
    """What one answer may take."""

    steps: int
    """Times that the model may call tools."""
    tokens: int
    """Of the longest prompt, within the model's context."""


class Agent:
    """Answers by a loop of the model and its tools; see `prompts.tools`."""

    def __init__(
        self,
        presenter: Presenter,
        generation: Generation,
        library: Library,
        searcher: Searcher,
        bounds: AgentBounds,
    ) -> None:
        self._presenter = presenter
        self._generation = generation
        self._library = library
        self._searcher = searcher
        self._bounds = bounds
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lectern-agent")

    async def events(self, prepared: Prepared) -> AsyncGenerator[AnswerEvent, None]:
        """As `Way.events`."""
        alternatives = alternatives_of(self._generation, prepared)
        run = await self._begin(prepared)
        try:
            while True:
                heard = Heard()
                async with aclosing(self._ask(run, heard)) as events:
                    async for event in events:
                        yield event
                if run.ends_with(heard):
                    break
                if heard.withheld.strip():  # words beside calls are no answer
                    yield Reasoned(heard.withheld)
                async with aclosing(run.carry_out(heard)) as steps:
                    async for step in steps:
                        yield step
        finally:
            run.stop()
        for proven in run.tell(heard, heard.withheld):
            yield await self._presenter.shown(prepared, proven)
        rest, result = run.proof.finish()
        for proven in rest:
            yield await self._presenter.shown(prepared, proven)
        if heard.reason != "stop" or not run.written.strip():
            result = replace(result, grounded=False)
        await self._keep(run, result)
        placed = await self._presenter.place(prepared, result.citations)
        usage, cost, told = run.accounted(alternatives)
        yield Done(
            whole_answer(told, result, placed, model=heard.model, usage=usage, cost=cost, finish=heard.reason)
        )

    async def _begin(self, prepared: Prepared) -> AgentRun:
        query = prepared.query
        chosen = await in_thread(self._threads, lambda: self._chosen(prepared))
        toolbox = Toolbox(self._library, self._searcher, prepared.collection, chosen, origin=prepared.origin)
        room = min(self._generation.limits(query).prompt_tokens, self._bounds.tokens)
        return AgentRun(
            prepared, self._generation, toolbox, steps=self._bounds.steps, room=room, threads=self._threads
        )

    def _chosen(self, prepared: Prepared) -> tuple[int, ...] | None:
        """The only documents that may be read; blocks, with a look-up for each."""
        asked = prepared.query.documents
        return None if asked is None else self._library.chosen(prepared.collection, asked)

    async def _ask(self, run: AgentRun, heard: Heard) -> AsyncGenerator[AnswerEvent, None]:
        """One reply of the model; of its text what is certainly answer."""
        request = run.request(heard)
        async with run.recording(heard) as call:
            async with aclosing(self._generation.model.stream(call.asking(request))) as events:
                async for event in events:
                    call.heard(event)
                    match event:
                        case Diverted():
                            heard.diverted = event
                        case ReasoningDelta():
                            heard.reasoning += event.text
                            yield Reasoned(event.text)
                        case TextDelta():
                            for proven in run.tell(heard, heard.write(event.text)):
                                yield await self._presenter.shown(run.prepared, proven)
                        case ToolCallDelta():
                            heard.calls.append(event)
                        case Finished():
                            heard.finished = event
            run.account(heard, call)

    async def _keep(self, run: AgentRun, result: ProvenAnswer) -> None:
        """The turn as the conversation goes on from it: with the passages that the answer cites."""
        answer = run.written.strip()
        if not answer:
            return
        cited = run.cited(result.citations)
        names = await run.names(passage.document for passage in cited)
        prepared = run.prepared
        turn = StoredTurn(
            prepared.query.question,
            stored_question(prepared.plan, cited, names),
            answer,
            tuple((passage.document, passage.number) for passage in (*prepared.plan.added, *cited)),
            begins=prepared.plan.begins,
            shown=result.text,
        )
        await self._presenter.keep(prepared, turn)
