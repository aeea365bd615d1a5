"""One answer of an agent while it comes into being: what was heard, shown, spent, and when it is enough."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from prompts.agent import LEAST_ROOM
from prompts.marker_grammar import Group
from prompts.markers import MarkerStream
from prompts.mirror import render
from prompts.proof import ProofStream
from prompts.tool_results import FULL, LAST, REFUSED, REPEATED, Trouble, refusal, render_result
from prompts.tools import tools
from service.accounting import count_cost, count_usage, with_side_calls
from service.answers import SideCall, Stepped
from service.cancelling import in_thread
from service.flights import NOTHING
from service.growing import GrowingPrompt, same_call, sendable
from service.models.contract import Tool, assemble
from service.recording import call_plan

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
    from concurrent.futures import Executor

    from prompts.mirror import Match
    from prompts.model import Citation, PromptPassage
    from prompts.plan import Mode
    from prompts.proof import Event as ProofEvent
    from prompts.render import DocumentName
    from prompts.tool_results import Rendered, ToolResult
    from service.answers import Cost, Usage
    from service.generation import Generation
    from service.models.contract import (
        Diverted,
        Finished,
        FinishReason,
        ModelRequest,
        ToolCall,
        ToolCallDelta,
        Urgency,
    )
    from service.models.prices import Price
    from service.prepared import Prepared
    from service.recording import Recording
    from service.toolbox import Toolbox

RESULT_TOKENS = 4_000
"""Of one result at most."""
MOST_CALLS = 8
"""That are carried out of one reply."""
MOST_REFUSED = 2
"""Replies with calls after the last that were answered; the next is the end."""
MOST_REPEATED = 2
"""Replies in a row that only repeat calls."""
_RESERVE = 300
"""Tokens of a result beside its passages."""
_LONGEST_SHOWN = 200
TOOLS = tuple(Tool(tool.name, tool.description, tool.parameters) for tool in tools())


@dataclass(slots=True)
class Heard:
    """A reply as it arrives. Its text is answer once it cites, or when it ends without a call."""

    reasoning: str = ""
    text: str = ""
    answering: bool = False
    calls: list[ToolCallDelta] = field(default_factory=list["ToolCallDelta"])
    finished: Finished | None = None
    diverted: Diverted | None = None
    """Who answers in the configured provider's place."""
    predicted: int = 0
    """Tokens that the provider's cache should have served."""
    known: Match = field(default=NOTHING)
    """What of the prompt had been sent before."""
    _markers: MarkerStream = field(default_factory=MarkerStream)

    def write(self, text: str) -> str:
        """Take more text; give what is answer now, nothing where that is still open."""
        self.text += text
        if self.answering:
            return text
        pieces = self._markers.feed(text)
        if self.calls or not any(isinstance(piece, Group) and piece.references for piece in pieces):
            return ""
        self.answering = True
        return self.text

    @property
    def withheld(self) -> str:
        """Text of which it is still open what it is."""
        return "" if self.answering else self.text

    @property
    def reason(self) -> FinishReason:
        """Why it ended."""
        return self.finished.reason if self.finished else "other"

    @property
    def model(self) -> str:
        """The model's name, by its own word."""
        return self.finished.model if self.finished else ""


@dataclass(frozen=True, slots=True)
class _Replied:
    """A whole reply: what it took, and whose it was."""

    usage: Usage
    diverted: Diverted | None


class AgentRun:
    """The state of one answer."""

    def __init__(
        self,
        prepared: Prepared,
        generation: Generation,
        toolbox: Toolbox,
        *,
        steps: int,
        room: int,
        threads: Executor,
    ) -> None:
        """``steps`` of tool calls, in ``threads``, at most; in a prompt of at most ``room`` tokens."""
        self._threads = threads
        self.prepared = prepared
        self.written = ""
        """The answer as the model wrote it."""
        plan = prepared.plan
        self.proof = ProofStream({(p.document, p.number): p for p in plan.passages})
        self._generation = generation
        self._toolbox = toolbox
        self._prompt = GrowingPrompt(plan, generation.count_tokens)
        self._shown = {passage.marker: passage for passage in plan.passages}
        self._steps_left = steps
        self._room = room
        self._step = 0
        self._refused = 0
        self._repeated = 0
        self._closed = False
        self._answered: set[str] = set()
        self._telling: Heard | None = None
        self._replies: list[_Replied] = []
        self._stop = threading.Event()

    def request(self, heard: Heard) -> ModelRequest:
        """The next request; it begins with the bytes of the one before."""
        query, prompt = self.prepared.query, self._prompt
        heard.predicted = self._predicted()
        heard.known = self._generation.prefixes.known(query, prompt.mirrored)
        request = self._generation.request(
            query, (), self.prepared.place, conversation=self.prepared.session.id
        )
        urgency: Urgency = "continued" if self._step else "question"
        return replace(
            request,
            messages=prompt.sent,
            tools=TOOLS,
            tool_choice="auto",
            tool_stream=True,
            urgency=urgency,
        )

    def recording(self, heard: Heard) -> Recording:
        """The next request on its way into the ledger: a step, until it turns out to be the last."""
        return self._generation.recording(
            self.prepared.origin,
            "step",
            model=self._generation.name(self.prepared.query),
            planned=self._prompt.tokens,
            longest=self._generation.longest(self.prepared.query),
            predicted=heard.predicted,
        )

    def account(self, heard: Heard, call: Recording) -> None:
        """A reply is whole: count it, and remember what the provider holds now."""
        assert heard.finished is not None
        reported = heard.finished.usage
        query, mirrored = self.prepared.query, self._prompt.mirrored
        if heard.diverted is None:
            self._generation.prefixes.read(query, mirrored)
            self._generation.prefixes.learn(query, mirrored, heard.known, reported, self._prompt.estimated)
        usage = count_usage(reported, self._prompt.tokens, heard.predicted)
        replied = _Replied(usage, heard.diverted)
        self._replies.append(replied)
        self._prompt.recount(reported.prompt_tokens)
        call.counted(usage, count_cost(usage, self._price(replied), {}))
        if self.ends_with(heard):
            call.becomes(
                "answer", self.prepared.summary.mode, call_plan(self.prepared.plan, self.prepared.summary)
            )

    def ends_with(self, heard: Heard) -> bool:
        """Whether a reply is the last one: it calls nothing, or has been refused often enough."""
        return not heard.calls or self._refused >= MOST_REFUSED

    def tell(self, heard: Heard, text: str) -> list[ProofEvent]:
        """More of the answer; what an earlier reply told of it stays a paragraph of its own."""
        if not text:
            return []
        if self._telling is not heard and self.written:
            text = f"\n\n{text.lstrip()}"
        self._telling = heard
        self.written += text
        return self.proof.feed(text)

    async def carry_out(self, heard: Heard) -> AsyncGenerator[Stepped, None]:
        """The calls of a reply, in their order; each result goes into the prompt."""
        self._step += 1
        asked = assemble(heard.calls)
        calls = sendable(asked, self._step)
        self._prompt.said(heard.reasoning, heard.text, calls)
        refused = self._closed
        self._refused += refused
        self._steps_left -= 1
        self._count_repeated(asked)
        for number, (call, sent) in enumerate(zip(asked, calls, strict=True)):
            rendered = await self._result(call, number)
            text = rendered.text
            if number == len(calls) - 1 and not refused and self._is_last(text):
                self._closed = True
                text = LAST + text
            self._take(rendered)
            self._prompt.returned(sent, text)
            yield _told(self._step, call, rendered)

    def stop(self) -> None:
        """Nobody waits any more: what the tools are doing ends."""
        self._stop.set()

    def cited(self, citations: Iterable[Citation]) -> list[PromptPassage]:
        """The passages of these citations that the conversation did not hold before, each once."""
        held = {passage.marker for passage in self.prepared.plan.passages}
        markers = dict.fromkeys(
            f"D{citation.document}:{number}"
            for citation in citations
            for number in range(citation.first_passage, citation.last_passage + 1)
        )
        return [self._shown[marker] for marker in markers if marker in self._shown and marker not in held]

    async def names(self, numbers: Iterable[int]) -> dict[int, DocumentName]:
        """How prompts name these versions; raises as `Toolbox.names`."""
        asked = list(numbers)
        return await in_thread(self._threads, lambda: self._toolbox.names(asked))

    def accounted(self, alternatives: Mapping[Mode, tuple[int, int]]) -> tuple[Usage, Cost, Prepared]:
        """What all replies took, and the question with that in its summary."""
        *steps, last = self._replies
        calls = tuple(self._side_call(reply) for reply in steps)
        own, cost = with_side_calls(last.usage, count_cost(last.usage, self._price(last), {}), calls)
        usage, cost = with_side_calls(own, cost, self._toolbox.side_calls)
        others = count_cost(own, self._price(last), alternatives).alternatives
        diverted = next((reply.diverted for reply in self._replies if reply.diverted), None)
        if diverted is not None:
            self._generation.observer.diverted(diverted)
        summary = self.prepared.summary
        summary = replace(
            summary,
            side_calls=(*summary.side_calls, *self._toolbox.side_calls, *calls),
            warnings=(*summary.warnings, *self._toolbox.warnings, *self._diversions()),
        )
        return usage, replace(cost, alternatives=others), replace(self.prepared, summary=summary)

    def _price(self, reply: _Replied) -> Price | None:
        name = self._generation.name(self.prepared.query)
        return self._generation.charged(name, reply.diverted)

    def _side_call(self, reply: _Replied) -> SideCall:
        cost = count_cost(reply.usage, self._price(reply), {})
        return SideCall("step", self._named(reply), reply.usage, cost.usd, cost.saved_usd)

    def _named(self, reply: _Replied) -> str:
        return reply.diverted.model if reply.diverted else self._generation.name(self.prepared.query)

    def _diversions(self) -> Iterable[str]:
        """Who answered in the configured provider's place, and why; each once."""
        return dict.fromkeys(reply.diverted.warning for reply in self._replies if reply.diverted)

    async def _result(self, call: ToolCall, number: int) -> Rendered:
        """What the model reads of a call."""
        if self._closed:
            return refusal(REFUSED)
        if number >= MOST_CALLS:
            return self._rendered(Trouble(f"no more than {MOST_CALLS} calls are carried out at a time"), 0)
        if same_call(call) in self._answered:
            return refusal(REPEATED)
        room = min(self._room - self._prompt.tokens - _RESERVE, RESULT_TOKENS)
        if room <= 0:
            return refusal(FULL)
        self._answered.add(same_call(call))
        with self._generation.observer.tool(call.name, call.id):
            result = await in_thread(
                self._threads, lambda: self._toolbox.use(call.name, call.arguments, self._stop)
            )
        return self._rendered(result, room)

    def _rendered(self, result: ToolResult, room: int) -> Rendered:
        return render_result(result, self._shown.keys(), room, self._generation.count_tokens)

    def _take(self, rendered: Rendered) -> None:
        self._shown |= {passage.marker: passage for passage in rendered.shown}
        self.proof.admit(rendered.shown)

    def _count_repeated(self, calls: Sequence[ToolCall]) -> None:
        only = all(same_call(call) in self._answered for call in calls)
        self._repeated = self._repeated + 1 if only else 0

    def _is_last(self, text: str) -> bool:
        """Whether no call after this result will be answered."""
        if self._steps_left <= 0 or self._repeated >= MOST_REPEATED:
            return True
        return self._prompt.tokens + self._generation.count_tokens(text) + LEAST_ROOM > self._room

    def _predicted(self) -> int:
        """Tokens that the provider's cache should serve of the next request."""
        messages = self._prompt.mirrored
        held = self._generation.prefixes.cached_characters(self.prepared.query, messages)
        tokens = int(self._prompt.tokens * held / max(len(render(messages)), 1))
        return self._generation.cache(self.prepared.query).cached(tokens)


def _told(step: int, call: ToolCall, rendered: Rendered) -> Stepped:
    words = " ".join(call.arguments.split())
    shown = words if len(words) <= _LONGEST_SHOWN else f"{words[: _LONGEST_SHOWN - 1]}…"
    return Stepped(step, call.name, shown, rendered.found, rendered.error)
