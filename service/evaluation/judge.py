"""A second model's opinion of an answer: one word, paid for and recorded like any other call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompts.judging import LONGEST_REPLY, judging_messages, read_verdict
from service.accounting import count_cost, count_usage
from service.answers import Query
from service.evaluation.answer_runs import Judged, fingerprint_of
from service.models.contract import complete
from service.models.errors import ModelError
from service.recording import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.catalog.records import CollectionRecord
    from prompts.plan import PromptMessage
    from service.evaluation.answer_questions import ExpectedAnswer
    from service.evaluation.answer_runs import Given
    from service.generation import Generation

PURPOSE = "judge"
"""As the ledger knows it."""


class Judge:
    """Asks a model at the configured provider, without thinking and at temperature 0."""

    def __init__(self, generation: Generation, collection: CollectionRecord, model: str) -> None:
        self._generation = generation
        self._collection = collection
        self._model = model

    async def judge(self, expected: ExpectedAnswer, given: Given, known: Judged | None) -> Judged:
        """The verdict on an answer; the known one where the model has been shown the very same."""
        messages = judging_messages(expected.question, expected.accepted, given.said)
        fingerprint = _fingerprint(self._model, messages)
        if known is not None and known.fingerprint == fingerprint and not known.failure:
            return known
        try:
            return await self._asked(expected.question, messages, fingerprint)
        except ModelError as error:
            failure = f"{type(error).__name__}: {error}"
            return Judged(self._model, "unjudged", fingerprint, failure, usd=None)

    async def _asked(self, question: str, messages: tuple[PromptMessage, ...], fingerprint: str) -> Judged:
        generation, collection = self._generation, self._collection
        query = Query(
            question,
            collection.name,
            tenant=collection.tenant,
            model=self._model,
            thinking=False,
            temperature=0.0,
            max_tokens=LONGEST_REPLY,
        )
        # One name for all: a router then keeps the instructions on one machine.
        request = generation.request(query, messages, PURPOSE)
        planned = sum(generation.count_tokens(message.content) for message in messages)
        origin = Origin(collection.tenant, collection.name)
        async with generation.recording(
            origin, PURPOSE, model=self._model, planned=planned, longest=LONGEST_REPLY
        ) as call:
            reply = await complete(generation.model, call.asking(request), call.heard)
            usage = count_usage(reply.usage, planned, 0)
            cost = count_cost(usage, generation.price(self._model), {})
            call.counted(usage, cost)
        return Judged(
            self._model,
            read_verdict(reply.text) if reply.reason == "stop" else "unjudged",
            fingerprint,
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens,
            completion_tokens=usage.completion_tokens,
            usd=cost.usd,
        )


def is_current(known: Judged, expected: ExpectedAnswer, given: Given) -> bool:
    """Whether a verdict is about this answer and what is expected now."""
    messages = judging_messages(expected.question, expected.accepted, given.said)
    return known.fingerprint == _fingerprint(known.model, messages)


def _fingerprint(model: str, messages: Iterable[PromptMessage]) -> str:
    return fingerprint_of(model, *(message.content for message in messages))
