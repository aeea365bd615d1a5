"""Answers as chat completions: whole, or chunk by chunk as they come into being."""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from service.answers import Done, Planned, Reasoned, Written
from service.http.chat.footnotes import write_footnotes
from service.http.chat.responses import (
    Annotation,
    AnswerMessage,
    CachedTokens,
    ChatChunk,
    ChatCompletion,
    ChatCost,
    ChatUsage,
    Choice,
    ChunkChoice,
    Delta,
    Proof,
    ReasoningTokens,
    UrlCitation,
)
from service.http.place_shapes import Citation
from service.http.responses import Claim
from service.links import source_link

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from service.answers import Answer, AnswerEvent, Cost, PlacedCitation, Usage
    from service.chores import ChoreReply
    from service.http.chat.requests import Citations
    from service.http.chat.responses import FinishReason

DONE = "data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Manner:
    """How an answer is to be written down."""

    model: str
    """The id that was asked for."""
    server: str
    """The address that links to sources begin with."""
    citations: Citations = "annotations"
    usage: bool = False
    """Whether a stream ends with it."""
    created: int = field(default_factory=lambda: int(time.time()))


def complete(answer: Answer, manner: Manner, reasoning: str = "") -> ChatCompletion:
    """A whole answer; ``reasoning`` is the model's thinking."""
    message = AnswerMessage(
        content=answer.text + _footnotes(answer, manner),
        annotations=_annotations(answer, manner),
        reasoning_content=reasoning or None,
    )
    return ChatCompletion(
        id=_id(answer.id),
        created=manner.created,
        model=manner.model,
        choices=[Choice(message=message, finish_reason=_finish(answer))],
        usage=_usage(answer.usage, answer.cost),
        lectern=_proof(answer),
    )


def complete_chore(reply: ChoreReply, manner: Manner) -> ChatCompletion:
    """A whole reply to what the client asks on its own account."""
    return ChatCompletion(
        id=_id(reply.id),
        created=manner.created,
        model=manner.model,
        choices=[Choice(message=AnswerMessage(content=reply.text), finish_reason="stop")],
        usage=_usage(reply.usage, reply.cost),
    )


async def chunks(events: AsyncGenerator[AnswerEvent, None], manner: Manner) -> AsyncGenerator[str, None]:
    """The frames of an answer, each at once; the first, with the role, when the model has begun.

    Raises:
        Exception: whatever answering raises; what has been sent until then is the beginning of a stream.
    """
    writer: _Writer | None = None
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Planned):
                writer = _Writer(_id(event.id), manner)
                continue
            assert writer is not None
            for frame in writer.frames(event):
                yield frame


async def chore_chunks(reply: ChoreReply, manner: Manner) -> AsyncGenerator[str, None]:
    """Likewise, of a reply that is there already."""
    writer = _Writer(_id(reply.id), manner)
    ending = writer.ending("stop", _usage(reply.usage, reply.cost))
    for frame in (*writer.frames(Written(reply.text)), *ending):
        yield frame


class _Writer:
    """Frames with the same head."""

    def __init__(self, identity: str, manner: Manner) -> None:
        self._id = identity
        self._manner = manner
        self._begun = False

    def frames(self, event: AnswerEvent) -> Iterator[str]:
        """What an event of the answer adds."""
        if not self._begun:
            self._begun = True
            yield self._frame(Delta(role="assistant", content=""))
        match event:
            case Written():
                yield self._frame(Delta(content=event.text))
            case Reasoned():
                yield self._frame(Delta(reasoning_content=event.text))
            case Done():
                answer = event.answer
                last: dict[str, Any] = {"content": _footnotes(answer, self._manner)}
                if annotations := _annotations(answer, self._manner):
                    last["annotations"] = annotations
                yield self._frame(Delta(**last), lectern=_proof(answer))
                yield from self.ending(_finish(answer), _usage(answer.usage, answer.cost))
            case _:
                pass  # steps, parts and verdicts: the clients of this protocol have no place for them

    def ending(self, reason: FinishReason, usage: ChatUsage) -> Iterator[str]:
        """The frames that close a stream."""
        yield self._frame(Delta.model_construct(set()), finish_reason=reason)
        if self._manner.usage:
            yield self._data(choices=[], usage=usage)
        yield DONE

    def _frame(self, delta: Delta, *, finish_reason: FinishReason | None = None, **more: Any) -> str:  # noqa: ANN401 — fields of a chunk
        if self._manner.usage:
            more["usage"] = None
        return self._data(choices=[ChunkChoice(index=0, delta=delta, finish_reason=finish_reason)], **more)

    def _data(self, **fields: Any) -> str:  # noqa: ANN401 — fields of a chunk
        head: dict[str, Any] = {"object": "chat.completion.chunk", "created": self._manner.created}
        chunk = ChatChunk(id=self._id, model=self._manner.model, **head, **fields)
        return f"data: {chunk.model_dump_json(exclude_unset=True)}\n\n"


def _id(answer: str) -> str:
    return f"chatcmpl-{answer}"


def _finish(answer: Answer) -> FinishReason:
    return "length" if answer.finish == "length" else "stop"


def _footnotes(answer: Answer, manner: Manner) -> str:
    if manner.citations not in {"footnotes", "both"}:
        return ""
    return write_footnotes(answer, lambda placed: _link(placed, manner))


def _annotations(answer: Answer, manner: Manner) -> list[Annotation]:
    """In the order of their marks."""
    if manner.citations not in {"annotations", "both"}:
        return []
    marks = [(span, placed) for placed in answer.citations for span in placed.citation.answer_spans]
    return [
        Annotation(
            type="url_citation",
            url_citation=UrlCitation(
                start_index=span.start,
                end_index=span.end,
                url=_link(placed, manner),
                title=placed.document.title or placed.document.path,
            ),
            lectern=Citation.of(placed),
        )
        for span, placed in sorted(marks, key=lambda mark: mark[0].start)
    ]


def _link(placed: PlacedCitation, manner: Manner) -> str:
    document, place = placed.document, placed.place
    return source_link(manner.server, document.id, document.number, place.start, place.end)


def _proof(answer: Answer) -> Proof:
    return Proof(
        id=answer.id,
        session_id=answer.session,
        grounded=answer.grounded,
        llm_generated=answer.llm_generated,
        model=answer.model,
        mode=answer.plan.mode,
        claims=[Claim.model_validate(claim) for claim in answer.claims],
        unresolved=list(answer.unresolved),
        warnings=list(answer.plan.warnings),
    )


def _usage(usage: Usage, cost: Cost) -> ChatUsage:
    return ChatUsage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
        prompt_tokens_details=CachedTokens(cached_tokens=usage.cached_tokens),
        completion_tokens_details=ReasoningTokens(reasoning_tokens=usage.reasoning_tokens),
        lectern=ChatCost(
            usd=cost.usd,
            saved_usd=cost.saved_usd,
            cached_ratio=cost.cached_ratio,
            predicted_cached_tokens=usage.predicted_cached_tokens,
        ),
    )
