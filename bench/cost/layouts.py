"""The ways of laying out a prompt that are compared: the same passages and conversation, another order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from bench.cost.cache import BLOCK, LIFETIME
from prompts.drafting import Drafter
from prompts.mirror import PrefixMirror
from prompts.plan import PromptMessage
from prompts.plan_request import Limits, PlanRequest, Turn
from prompts.planner import plan_prompt, price
from prompts.pricing import CachePricing
from prompts.render import Exchange, render_in_order, render_passages, render_question, rules
from service.demand import Demand
from service.tokens import count_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.cost.questions import Asked, Workload
    from prompts.model import PromptPassage
    from prompts.plan import PromptPlan
    from prompts.render import DocumentName

CONTEXT = 198_000
RATIO = 0.2
"""Price of a cached token of GLM-5's over that of a fresh one."""
SYSTEM = PromptMessage("system", rules())


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is sent, and which passages it holds, those of earlier turns included."""

    messages: tuple[PromptMessage, ...]
    passages: Sequence[PromptPassage]


class Layout(Protocol):
    """One way; sees the questions in the order of their times."""

    name: str

    def prompt(self, asked: Asked) -> Prompt | None:
        """The prompt; None where this way has none."""
        ...


class Retrieval:
    """What a layout shows of a question: the best passages, and what they need."""

    def __init__(self, workload: Workload, *, chosen: bool = False) -> None:
        """``chosen`` are the passages that Lectern chooses, else the best that the budget holds."""
        self.workload = workload
        self.limits = limits() if chosen else replace(limits(), least_worth=0.0)
        self._chosen = chosen
        self._shelf = _Shelf(workload)

    def request(self, asked: Asked) -> PlanRequest:
        """As Lectern plans it where nothing is held and nothing was said."""
        searched = None
        if asked.document is not None:
            whole = self.workload.whole[asked.document]
            searched = {asked.document: sum(count_tokens(p.text) for p in whole)}
        return PlanRequest(
            asked.question,
            asked.candidates.passages if self._chosen else asked.ranked,
            None,
            self.workload.names,
            scores=asked.candidates.scores if self._chosen else {},
            context=asked.context,
            searched=searched,
            shelf=self._shelf,
        )

    def passages(self, asked: Asked) -> list[PromptPassage]:
        """Best first; what was only brought along comes last."""
        request = self.request(asked)
        shown = Drafter(request, self.limits, count_tokens).fresh("").added
        places = {passage.marker: place for place, passage in enumerate(request.ranked)}
        return sorted(shown, key=lambda passage: places.get(passage.marker, len(places)))


def limits() -> Limits:
    return Limits(CONTEXT, cache=CachePricing(RATIO, BLOCK))


class Stateless:
    """Each prompt by itself; the conversation goes before it, as turns without passages."""

    def __init__(self, retrieval: Retrieval) -> None:
        self._retrieval = retrieval
        self._turns: defaultdict[str, list[PromptMessage]] = defaultdict(list)

    def prompt(self, asked: Asked) -> Prompt | None:
        passages = self._retrieval.passages(asked)
        turns = self._turns[asked.session]
        messages = self.lay_out(asked.question, passages, tuple(turns))
        turns += (PromptMessage("user", asked.question), PromptMessage("assistant", asked.answer))
        return Prompt(messages, passages)

    def lay_out(
        self, question: str, passages: Sequence[PromptPassage], turns: tuple[PromptMessage, ...]
    ) -> tuple[PromptMessage, ...]:
        raise NotImplementedError

    @property
    def _names(self) -> dict[int, DocumentName]:
        return dict(self._retrieval.workload.names)


class QuestionFirst(Stateless):
    name = "question first"

    def lay_out(
        self, question: str, passages: Sequence[PromptPassage], turns: tuple[PromptMessage, ...]
    ) -> tuple[PromptMessage, ...]:
        text = f"Question: {question}\n\nPassages:\n" + render_in_order(passages, self._names)
        return SYSTEM, *turns, PromptMessage("user", text)


class RelevanceOrder(Stateless):
    name = "relevance order"

    def lay_out(
        self, question: str, passages: Sequence[PromptPassage], turns: tuple[PromptMessage, ...]
    ) -> tuple[PromptMessage, ...]:
        text = "Passages:\n" + render_in_order(passages, self._names) + render_question(question)
        return SYSTEM, *turns, PromptMessage("user", text)


class RelevanceOfChosen(RelevanceOrder):
    name = "relevance, our choice"


class CitationQuery(Stateless):
    """The prompts of LlamaIndex's CitationQueryEngine."""

    name = "LlamaIndex citation"

    def lay_out(
        self, question: str, passages: Sequence[PromptPassage], turns: tuple[PromptMessage, ...]
    ) -> tuple[PromptMessage, ...]:
        from llama_index.core.query_engine.citation_query_engine import (  # noqa: PLC0415 — three CPU seconds
            CITATION_QA_TEMPLATE,
        )

        sources = "\n\n".join(f"Source {n}:\n{p.text}\n" for n, p in enumerate(passages, start=1))
        text = CITATION_QA_TEMPLATE.format(context_str=sources, query_str=question)
        return *turns, PromptMessage("user", text)


class CanonicalOrder(Stateless):
    name = "canonical order"

    def lay_out(
        self, question: str, passages: Sequence[PromptPassage], turns: tuple[PromptMessage, ...]
    ) -> tuple[PromptMessage, ...]:
        text = "Passages:\n" + render_passages(passages, self._names) + render_question(question)
        return SYSTEM, *turns, PromptMessage("user", text)


class PrefixTree:
    """Wanted passages along the longest cached path of wanted ones, then the others in canonical order."""

    name = "prefix tree"

    def __init__(self, retrieval: Retrieval) -> None:
        self._retrieval = retrieval
        self._told: defaultdict[str, list[Exchange]] = defaultdict(list)
        self._tree = _Cached()

    def prompt(self, asked: Asked) -> Prompt | None:
        wanted = {p.marker: p for p in self._retrieval.passages(asked)}
        path = self._path(wanted, asked.time)
        rest = sorted(
            (p for p in wanted.values() if p.marker not in path), key=lambda p: (p.document, p.number)
        )
        ordered = [*(wanted[marker] for marker in path), *rest]
        self._remember([p.marker for p in ordered], asked.time)
        told = self._told[asked.session]
        text = "Passages:\n" + render_in_order(ordered, self._retrieval.workload.names)
        text += render_question(asked.question, conversation=told)
        told.append(Exchange(asked.question, asked.answer))
        return Prompt((SYSTEM, PromptMessage("user", text)), ordered)

    def _path(self, wanted: dict[str, PromptPassage], now: float) -> list[str]:
        best, waiting = list[str](), [(list[str](), self._tree)]
        while waiting:
            path, cached = waiting.pop()
            best = max(best, path, key=len)
            for marker, below in cached.after.items():
                if marker in wanted and below.used + LIFETIME > now:
                    waiting.append(([*path, marker], below))
        return best

    def _remember(self, markers: Sequence[str], now: float) -> None:
        cached = self._tree
        for marker in markers:
            cached = cached.after.setdefault(marker, _Cached())
            cached.used = now


@dataclass(slots=True)
class _Cached:
    """A prefix of passages that was sent."""

    used: float = 0.0
    after: dict[str, _Cached] = field(default_factory=dict[str, "_Cached"])


class AppendOnly:
    """A conversation never drops what it was sent; a turn adds what is not there yet."""

    name = "append only"

    def __init__(self, retrieval: Retrieval) -> None:
        self._retrieval = retrieval
        self._sent: defaultdict[str, tuple[PromptMessage, ...]] = defaultdict(lambda: (SYSTEM,))
        self._held: defaultdict[str, list[PromptPassage]] = defaultdict(list)

    def prompt(self, asked: Asked) -> Prompt | None:
        held = self._held[asked.session]
        shown = {p.marker for p in held}
        new = [p for p in self._retrieval.passages(asked) if p.marker not in shown]
        text = "Passages:\n" + render_passages(new, self._retrieval.workload.names) if new else ""
        text += render_question(asked.question)
        messages = (*self._sent[asked.session], PromptMessage("user", text))
        self._sent[asked.session] = (*messages, PromptMessage("assistant", asked.answer))
        held += new
        return Prompt(messages, list(held))


class PinEverything:
    """The whole document before every question."""

    name = "pin everything"

    def __init__(self, retrieval: Retrieval) -> None:
        self._retrieval = retrieval
        self._told: defaultdict[str, list[Exchange]] = defaultdict(list)

    def prompt(self, asked: Asked) -> Prompt | None:
        if asked.document is None:
            return None
        whole = self._retrieval.workload.whole[asked.document]
        told = self._told[asked.session]
        text = "Passages:\n" + render_passages(whole, self._retrieval.workload.names)
        text += render_question(asked.question, conversation=told)
        told.append(Exchange(asked.question, asked.answer))
        return Prompt((SYSTEM, PromptMessage("user", text)), whole)


class LecternAuto:
    """The product's own planner, with its mirror and what it counts."""

    name = "Lectern auto"

    def __init__(self, retrieval: Retrieval) -> None:
        self._retrieval = retrieval
        self._mirror = PrefixMirror(LIFETIME)
        self._demand = Demand()
        self._history: defaultdict[str, list[Turn]] = defaultdict(list)
        self._told: defaultdict[str, list[Exchange]] = defaultdict(list)

    def prompt(self, asked: Asked) -> Prompt | None:
        plan = self._plan(asked)
        history = self._history[asked.session]
        if plan.begins:
            history.clear()
        history.append(Turn(plan.question, self._cited(asked, plan), plan.added))
        self._told[asked.session].append(Exchange(asked.question, asked.answer))
        self._mirror.sent(plan.messages, asked.time)
        return Prompt(plan.messages, plan.passages)

    def _plan(self, asked: Asked) -> PromptPlan:
        scope = ("bench", self._retrieval.workload.name)
        documents = frozenset[int]() if asked.document is None else frozenset({asked.document})
        self._demand.asked(scope, documents, asked.time, LIFETIME)
        request = replace(
            self._retrieval.request(asked),
            whole=self._whole(asked),
            history=tuple(self._history[asked.session]),
            conversation=tuple(self._told[asked.session]),
            held=self._mirror.at(asked.time),
        )
        allowed = replace(
            limits(),
            expected_questions=self._demand.questions(scope),
            turn_price=self._demand.price(scope),
            fresh_share=self._demand.fresh_share(scope),
        )
        mode, plan = next(iter(plan_prompt(request, "auto", allowed, count_tokens).items()))
        if mode == "retrieve":
            self._demand.paid(scope, price(plan, request, allowed, count_tokens), plan.fresh_share)
        return plan

    def _whole(self, asked: Asked) -> Sequence[PromptPassage] | None:
        from service.planning import WHOLE_COLLECTION_CHARACTERS  # noqa: PLC0415 — imports the service

        whole = () if asked.document is None else self._retrieval.workload.whole[asked.document]
        characters = sum(len(passage.text) for passage in whole)
        return whole if 0 < characters <= WHOLE_COLLECTION_CHARACTERS else None

    @staticmethod
    def _cited(asked: Asked, plan: PromptPlan) -> str:
        """The answer with a citation of each passage that holds what it says."""
        cited = [
            passage.marker
            for passage in plan.passages
            if any(
                document == passage.document
                and start < passage.start + len(passage.text)
                and passage.start < end
                for document, start, end in asked.gold
            )
        ]
        return asked.answer + "".join(f" [{marker}]" for marker in cited[:4])


class _Shelf:
    """All documents of the workload."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload

    def passage(self, document: int, number: int) -> PromptPassage | None:
        whole = self._workload.whole.get(document, ())
        return whole[number - 1] if 1 <= number <= len(whole) else None

    def name(self, document: int) -> DocumentName | None:
        return self._workload.names.get(document)
