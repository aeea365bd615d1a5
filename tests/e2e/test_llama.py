"""The whole service before a real model server: what it streams, and what its cache serves again.

One conversation is held once: a question, the same one again, another one about the same document, and a
turn that follows it. The document stands pinned before the questions; the tests look at what was counted.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from service.answers import DEFAULT_TENANT
from service.client import Client
from service.http.event_shapes import Delta, PlanEvent, UsageEvent
from service.http.requests import QueryRequest
from service.http.responses import QueryResponse
from tests.fakes.live_service import live
from tests.fakes.llama import needs_llama, running_llama, settings_for

if TYPE_CHECKING:
    from collections.abc import Generator

    from prompts.plan import PromptPlan
    from service.http.event_shapes import StreamEvent
    from service.services import Services
    from tests.fakes.llama import LlamaServer, Token

pytestmark = needs_llama

SAILS = "red white blue green black amber violet grey".split()
RULES_OF_THE_HARBOUR = "# Rules of the harbour\n\n" + "\n\n".join(
    f"## {n}. Berth {n}\n\nThe berth is let to a boat with {SAILS[n % 8]} sails, for {37 * n} marks a month. "
    f"It is left free for {n + 2} days after midsummer, and the harbour master is told a week before."
    for n in range(1, 21)
)
FIRST = "What is the monthly price of berth 7?"
OTHER = "When must berth 12 be left free?"
LATER = "And whom does one tell?"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with all that was said and counted of it."""

    plan: PromptPlan
    foretold: int
    """Code points of the prompt that the mirror expected in the cache."""
    events: list[StreamEvent]
    evaluated: int
    """Prompt tokens computed, by the server's own counter."""

    @property
    def response(self) -> QueryResponse:
        answer = self.events[-1]
        assert isinstance(answer, QueryResponse)
        return answer

    @property
    def messages(self) -> list[tuple[str, str]]:
        return [(message.role, message.content) for message in self.plan.messages]


@dataclass(frozen=True, slots=True)
class Conversation:
    """The four questions, in order."""

    server: LlamaServer
    first: Asked
    again: Asked
    other: Asked
    later: Asked


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory) -> Generator[Conversation]:
    folder = tmp_path_factory.mktemp("harbour")
    (folder / "rules.md").write_text(RULES_OF_THE_HARBOUR, encoding="utf-8")
    data = tmp_path_factory.mktemp("data")
    with running_llama() as server, live(settings_for(server, data)) as service:
        assert service.ingest(folder).indexed == ["rules.md"]
        documents = [service.documents()["rules.md"]["id"]]
        client = Client(service.url)

        def ask(question: str, session: str | None = None) -> Asked:
            request = QueryRequest(question=question, mode="pin", documents=documents, session_id=session)
            return asked(service.services, client, server, request)

        first, again, other = ask(FIRST), ask(FIRST), ask(OTHER)
        later = ask(LATER, other.response.session_id)
        yield Conversation(server, first, again, other, later)


def asked(services: Services, client: Client, server: LlamaServer, request: QueryRequest) -> Asked:
    """Plan the request here, to see its prompt, and have it answered there."""
    generation = services.generation
    assert generation is not None
    query = request.to_query(DEFAULT_TENANT)
    plan = asyncio.run(services.answerer.prepare(query)).plan
    foretold = generation.prefixes.cached_characters(query, plan.messages)
    before = server.evaluated()
    events = list(client.stream(request))
    return Asked(plan, foretold, events, server.evaluated() - before)


def shared(one: list[Token], other: list[Token]) -> int:
    """Tokens that both begin with."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a.id != b.id), min(len(one), len(other)))


def foretold_tokens(server: LlamaServer, question: Asked) -> int:
    """What the mirror expected in the cache, in the model's own tokens."""
    prompt, at = server.prompt(question.messages), 0
    characters = question.foretold
    for message in question.plan.messages:
        characters -= len(f"\x1e{message.role}\x1f")
        if characters <= 0:
            break
        begins = prompt.index(message.content, at)
        at = begins + min(characters, len(message.content))
        characters -= len(message.content)
    return tokens_in(server, prompt, at)


def tokens_in(server: LlamaServer, prompt: str, end: int) -> int:
    """Tokens of the prompt that end by this code point."""
    limit = len(prompt[:end].encode())
    return sum(token.end <= limit for token in server.tokens(prompt))


def worded_tokens(server: LlamaServer, question: Asked) -> int:
    """The prompt's tokens up to its last word: what comes then opens the answer and is the template's."""
    prompt, (_, last) = server.prompt(question.messages), question.messages[-1]
    return tokens_in(server, prompt, prompt.rindex(last) + len(last))


def test_the_answer_arrives_in_pieces_with_its_usage(conversation: Conversation) -> None:
    planned, *between, told, whole = conversation.first.events
    assert isinstance(planned, PlanEvent)
    assert isinstance(told, UsageEvent)
    assert isinstance(whole, QueryResponse)
    assert sum(isinstance(event, Delta) for event in between) > 1
    assert [segment.name for segment in planned.plan.segments] == ["rules", "documents", "question"]
    usage = told.usage
    assert usage == conversation.first.response.usage
    prompt = conversation.server.prompt(conversation.first.messages)
    assert usage.prompt_tokens == len(conversation.server.tokens(prompt))
    assert usage.cached_tokens == usage.predicted_cached_tokens == 0
    assert 0 < usage.completion_tokens <= 12
    assert conversation.first.response.llm_generated


def test_what_is_counted_as_cached_was_not_computed(conversation: Conversation) -> None:
    for question in (conversation.first, conversation.again, conversation.other, conversation.later):
        usage = question.response.usage
        assert question.evaluated == usage.prompt_tokens - usage.cached_tokens


def test_the_plan_that_is_looked_at_is_the_plan_that_was_sent(conversation: Conversation) -> None:
    for question in (conversation.first, conversation.again, conversation.other, conversation.later):
        sent = [segment.fingerprint for segment in question.response.plan.segments]
        assert sent == [block.fingerprint for block in question.plan.blocks]


def test_the_same_question_is_not_read_twice(conversation: Conversation) -> None:
    usage = conversation.again.response.usage
    assert conversation.again.messages == conversation.first.messages
    assert conversation.again.response.session_id != conversation.first.response.session_id
    assert usage.prompt_tokens - usage.cached_tokens <= 64
    assert usage.cached_tokens - 64 <= usage.predicted_cached_tokens <= usage.cached_tokens, "in whole blocks"
    assert usage.cached_tokens == usage.prompt_tokens - 1, "the last token is always computed"
    assert foretold_tokens(conversation.server, conversation.again) == worded_tokens(
        conversation.server, conversation.first
    )


def test_two_questions_share_what_stands_before_them(conversation: Conversation) -> None:
    """The cache, the common prefix and the plan agree to the token."""
    server, other = conversation.server, conversation.other
    before, prompt = server.prompt(conversation.again.messages), server.prompt(other.messages)
    common = shared(server.tokens(before), server.tokens(prompt))
    assert other.response.usage.cached_tokens == common
    assert foretold_tokens(server, other) == common


def test_rules_and_documents_come_from_the_cache_as_the_plan_says(conversation: Conversation) -> None:
    other = conversation.other
    rules, documents, question = other.response.plan.segments
    assert rules.cached_tokens == rules.tokens > 0
    assert documents.cached_tokens == documents.tokens > 0
    assert question.cached_tokens < question.tokens
    usage = other.response.usage
    assert usage.cached_tokens - 64 <= usage.predicted_cached_tokens <= usage.cached_tokens, "in whole blocks"
    prompt = conversation.server.prompt(other.messages)
    stable = other.plan.blocks[1].text
    end = prompt.index(stable) + len(stable)
    assert other.response.usage.cached_tokens >= tokens_in(conversation.server, prompt, end)


def test_a_later_turn_reads_the_whole_earlier_prompt_from_the_cache(conversation: Conversation) -> None:
    server, other, later = conversation.server, conversation.other, conversation.later
    assert later.messages[: len(other.messages)] == other.messages
    usage = later.response.usage
    assert usage.cached_tokens >= other.response.usage.prompt_tokens
    assert foretold_tokens(server, later) == worded_tokens(server, other)
