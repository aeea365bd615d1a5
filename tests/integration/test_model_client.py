"""The client against a server that speaks GLM-5's HTTP, over a real socket."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from contextlib import ExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, is_dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from service.models.contract import (
    Finished,
    Message,
    ModelRequest,
    ReasoningDelta,
    TextDelta,
    TokenUsage,
    ToolCall,
    complete,
)
from service.models.errors import (
    ContentFiltered,
    InvalidRequest,
    KeyRejected,
    MalformedReply,
    ModelBusy,
    ModelFailed,
    ModelTimeout,
    ModelUnreachable,
    PromptTooLong,
    QuotaExhausted,
    RequestRefused,
    StreamCut,
)
from service.models.frames import joined
from service.models.openai_client import OpenAIModel, Timeouts
from service.models.pacing import Pace
from service.models.providers import PROVIDERS
from service.models.retrying import RetryingModel
from tests.fakes.glm5 import CutStream, ErrorFrame, ErrorReply, Glm5Server, Hang, MalformedFrame, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from service.models.contract import LanguageModel, ModelEvent
    from service.models.errors import ModelError
    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded

pytestmark = pytest.mark.anyio
HELLO = ModelRequest((Message("user", "When is the payment due?"),), max_tokens=100)
COUNTED = TokenUsage(25, 0, 12, 5, reported=True)
ANSWER = Reply("Within thirty days [D1:4].", reasoning="Look at clause four.", tokens=COUNTED)
QUICK = Timeouts(connect=1.0, idle=0.15, total=5.0)
NEVER_HANGS = 10.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True)
class Asked:
    """A model behind the scripted server; retries wait in no time."""

    model: LanguageModel
    server: Glm5Server
    waits: list[float]


@asynccontextmanager
async def serving(
    *script: Step, provider: str = "zai", key: str = "key", timeouts: Timeouts = QUICK
) -> AsyncGenerator[Asked]:
    waits: list[float] = []

    async def no_sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    with Glm5Server(script) as server:
        async with (
            asyncio.timeout(NEVER_HANGS),
            OpenAIModel(
                PROVIDERS[provider], base_url=server.base_url, api_key=key, timeouts=timeouts
            ) as model,
        ):
            yield Asked(RetryingModel(model, sleep=no_sleep), server, waits)


async def events_of(model: LanguageModel, request: ModelRequest = HELLO) -> list[ModelEvent]:
    async with aclosing(model.stream(request)) as events:
        return [event async for event in events]


async def test_a_reply_streams_thinking_then_text_then_usage() -> None:
    async with serving(ANSWER) as asked:
        events = await events_of(asked.model)
    *deltas, last = events
    kinds = [kind for kind, _ in groupby(map(type, deltas))]  # what arrives together is one event
    assert kinds == [ReasoningDelta, TextDelta]
    assert "".join(event.text for event in deltas if isinstance(event, TextDelta)) == ANSWER.text
    assert "".join(event.text for event in deltas if isinstance(event, ReasoningDelta)) == ANSWER.reasoning
    assert last == Finished("stop", COUNTED, model="glm-5", id="reply-1")


@pytest.mark.parametrize("null_content", [True, False])
@pytest.mark.parametrize("usage", ["empty_choices", "finish_frame"])
@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize("comments", [True, False])
async def test_every_dialect_reads_the_same(
    null_content: bool, usage: str, field: str, comments: bool
) -> None:
    reply = Reply(
        ANSWER.text,
        ANSWER.reasoning,
        tokens=COUNTED,
        null_content=null_content,
        usage=usage,  # pyright: ignore[reportArgumentType] — a table's row
        reasoning_field=field,  # pyright: ignore[reportArgumentType] — a table's row
        comments=comments,
    )
    async with serving(reply) as asked:
        completion = await complete(asked.model, HELLO)
    assert (completion.text, completion.reasoning) == (ANSWER.text, ANSWER.reasoning)
    assert completion.usage == COUNTED


async def test_usage_may_lack_details_or_be_absent() -> None:
    counted = TokenUsage(128, 64, 12, 5, reported=True)
    bare_reply = Reply("Yes.", details=False, tokens=counted)
    async with serving(bare_reply, Reply("Yes.", usage="absent")) as asked:
        bare = await complete(asked.model, HELLO)
        none = await complete(asked.model, HELLO)
    assert bare.usage == TokenUsage(128, 0, 12, 0, reported=True)
    assert none.usage == TokenUsage(reported=False)


async def test_text_of_all_scripts_survives_every_cut() -> None:
    text = "Срок — 30 дней. 第三条 付款。 “Né” 🙂"
    async with serving(*(Reply(text, chunk=size) for size in (1, 2, 3, 50))) as asked:
        for _ in range(4):
            assert (await complete(asked.model, HELLO)).text == text


async def test_tool_calls_are_put_together() -> None:
    calls = (
        ToolCall("c1", "search_documents", '{"query": "payment terms", "limit": 5}'),
        ToolCall("c2", "list_documents", "{}"),
    )
    async with serving(Reply(tool_calls=calls)) as asked:
        completion = await complete(asked.model, HELLO)
    assert (completion.reason, completion.tool_calls) == ("tool_calls", calls)


async def test_a_repeated_prefix_is_reported_as_cached() -> None:
    long = Message("system", "Rules of the house. " * 100)
    first = ModelRequest((long, Message("user", "Who signs?")), max_tokens=100)
    second = ModelRequest((long, Message("user", "When is the payment due?" * 20)), max_tokens=100)
    async with serving(*(Reply("Yes."),) * 3) as asked:
        usages = [(await complete(asked.model, request)).usage for request in (first, second, second)]
    assert [usage.cached_tokens for usage in usages] == [0, 512, 640]


BASE = {
    "messages": [{"role": "user", "content": "When is the payment due?"}],
    "stream": True,
    "max_tokens": 100,
}
USAGE = {"stream_options": {"include_usage": True}}


@pytest.mark.parametrize(
    ("provider", "model", "on", "off"),
    [
        ("zai", "glm-5", {"thinking": {"type": "enabled"}}, {"thinking": {"type": "disabled"}}),
        ("bigmodel", "glm-5", {"thinking": {"type": "enabled"}}, {"thinking": {"type": "disabled"}}),
        ("openrouter", "z-ai/glm-5", {"reasoning": {"enabled": True}}, {"reasoning": {"enabled": False}}),
        (
            "apiyi",
            "glm-5",
            {"thinking": {"type": "enabled"}, **USAGE},
            {"thinking": {"type": "disabled"}, **USAGE},
        ),
        *(
            (
                name,
                model,
                {"chat_template_kwargs": {"enable_thinking": True}, **USAGE},
                {"chat_template_kwargs": {"enable_thinking": False}, **USAGE},
            )
            for name, model in (
                ("vllm", "zai-org/GLM-5-FP8"),
                ("sglang", "zai-org/GLM-5-FP8"),
                ("xllm", "GLM-5"),
                ("ktransformers", "GLM-5"),
            )
        ),
        ("ollama", "glm-5", USAGE, USAGE),
        ("openai", "glm-5", USAGE, USAGE),
    ],
)
async def test_the_thinking_switch_as_each_provider_wants_it(
    provider: str, model: str, on: dict[str, object], off: dict[str, object]
) -> None:
    async with serving(*(ANSWER,) * 3, provider=provider) as asked:
        for thinking in (True, False, None):
            await complete(asked.model, ModelRequest(HELLO.messages, 100, thinking=thinking))
    plain = {name: value for name, value in on.items() if name == "stream_options"}
    assert [request.body for request in asked.server.requests] == [
        {"model": model, **BASE, **switch} for switch in (on, off, plain)
    ]


async def test_thinking_off_brings_no_reasoning() -> None:
    async with serving(Reply(ANSWER.text, ANSWER.reasoning)) as asked:
        completion = await complete(asked.model, ModelRequest(HELLO.messages, 100, thinking=False))
    assert completion.reasoning == ""
    assert completion.usage.reasoning_tokens == 0


async def test_only_our_own_settings_reach_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID"):
        monkeypatch.setenv(f"OPENAI_{name}", "of-another-company")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer of-another-company")
    async with serving(ANSWER) as asked:
        await complete(asked.model, HELLO)
    async with serving(ANSWER, provider="vllm", key="") as keyless:
        await complete(keyless.model, ModelRequest(HELLO.messages, 100, session="s-7"))
    assert asked.server.requests[0].headers["authorization"] == "Bearer key"
    assert "authorization" not in keyless.server.requests[0].headers
    assert keyless.server.requests[0].headers["x-session-id"] == "s-7"
    for request in asked.server.requests + keyless.server.requests:
        assert "of-another-company" not in request.headers.values()


@pytest.mark.parametrize("code", ["1302", "1303", "1305"])
async def test_a_busy_provider_is_asked_again(code: str) -> None:
    async with serving(ErrorReply(429, code), ErrorReply(429, code), ANSWER) as asked:
        assert (await complete(asked.model, HELLO)).text == ANSWER.text
    assert len(asked.server.requests) == 3
    assert len(asked.waits) == 2


@pytest.mark.parametrize("code", ["1113", *(str(code) for code in range(1308, 1322))])
async def test_an_empty_purse_is_not_asked_again(code: str) -> None:
    error = await failure_of(ErrorReply(429, code), ANSWER, requests=1)
    assert type(error) is QuotaExhausted
    assert (error.code, error.status, error.http_status) == (code, 429, 503)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_failing_provider_is_asked_again(status: int) -> None:
    page = ErrorReply(status, body="<html><h1>Bad Gateway</h1></html>", content_type="text/html")
    async with serving(ErrorReply(status), page, ANSWER) as asked:
        assert (await complete(asked.model, HELLO)).text == ANSWER.text
    assert len(asked.server.requests) == 3


async def failure_of(*script: Step, requests: int) -> ModelError:
    """The error that a question ends in, after exactly so many requests."""
    async with serving(*script) as asked:
        with pytest.raises(EXPECTED) as failed:
            await complete(asked.model, HELLO)
        assert len(asked.server.requests) == requests
    return failed.value


def named(value: object) -> str | None:
    return type(value).__name__ if is_dataclass(value) else None


EXPECTED: tuple[type[ModelError], ...] = (
    *(ContentFiltered, KeyRejected, MalformedReply, ModelBusy, ModelFailed, ModelTimeout),
    *(PromptTooLong, QuotaExhausted, RequestRefused, StreamCut),
)


@pytest.mark.parametrize(
    ("step", "requests", "kind", "code", "answers"),
    [
        (ErrorReply(429, "1302"), 5, ModelBusy, "1302", 503),
        (ErrorReply(429), 1, ModelBusy, None, 503),
        (ErrorReply(500, "500"), 5, ModelFailed, "500", 502),
        (ErrorReply(503), 5, ModelBusy, None, 503),
        (ErrorReply(502, body="", content_type="text/plain"), 5, ModelFailed, None, 502),
        *((ErrorReply(401, str(code)), 1, KeyRejected, str(code), 502) for code in range(1000, 1006)),
        (ErrorReply(400, "1261"), 1, PromptTooLong, "1261", 422),
        (ErrorReply(400, "1301"), 1, ContentFiltered, "1301", 422),
        (ErrorReply(400, "1210"), 1, RequestRefused, "1210", 502),
        (ErrorReply(404, body="<html>nginx</html>", content_type="text/html"), 1, RequestRefused, None, 502),
        (ErrorReply(200, "1302"), 5, ModelBusy, "1302", 503),
        (ErrorReply(200, "1113"), 1, QuotaExhausted, "1113", 503),
        (ErrorReply(200, body="<html>login</html>", content_type="text/html"), 1, MalformedReply, None, 502),
        (ErrorReply(200, body="not json"), 1, MalformedReply, None, 502),
        (ErrorFrame("1305"), 5, ModelBusy, "1305", 503),
        (ErrorFrame("1305", after=3), 1, ModelBusy, "1305", 503),
        (ErrorFrame("1113"), 1, QuotaExhausted, "1113", 503),
        (ErrorFrame(502), 5, ModelFailed, "502", 502),
        (ErrorFrame("1261"), 1, PromptTooLong, "1261", 422),
        (Reply("The", finish="sensitive"), 1, ContentFiltered, "sensitive", 422),
        (Reply("The", finish="network_error"), 1, ModelFailed, "network_error", 502),
        (Reply("", finish="network_error"), 5, ModelFailed, "network_error", 502),
        (
            *(Reply("The", finish="model_context_window_exceeded"), 1),
            *(PromptTooLong, "model_context_window_exceeded", 422),
        ),
        (CutStream(0), 5, StreamCut, None, 502),
        (CutStream(1), 5, StreamCut, None, 502),
        (CutStream(2), 1, StreamCut, None, 502),
        (CutStream(2, clean=True), 1, StreamCut, None, 502),
        (CutStream(0, clean=True), 5, StreamCut, None, 502),
        (MalformedFrame(), 1, MalformedReply, None, 502),
        (MalformedFrame(after=2), 1, MalformedReply, None, 502),
        (MalformedFrame(data="[]"), 1, MalformedReply, None, 502),
        (MalformedFrame(data="null"), 1, MalformedReply, None, 502),
        (MalformedFrame(data='{"code": 0}'), 1, MalformedReply, None, 502),
        (Hang(), 5, ModelTimeout, None, 504),
        (Hang(after=0), 5, ModelTimeout, None, 504),
        (Hang(after=2), 1, ModelTimeout, None, 504),
    ],
    ids=named,
)
async def test_each_failure_becomes_the_documented_error(
    step: Step, requests: int, kind: type[ModelError], code: str | None, answers: int
) -> None:
    error = await failure_of(*(step,) * 6, requests=requests)
    assert type(error) is kind
    assert (error.code, error.http_status) == (code, answers)


@pytest.mark.parametrize("after", [5, 6])
async def test_once_the_answer_is_whole_a_lost_ending_loses_only_the_usage(after: int) -> None:
    reply = Reply("Within thirty days.")  # frames: role, two of text, reason, usage
    steps: Sequence[Step] = (CutStream(after - 1, reply), Hang(after - 1, reply), Reply("Yes.", done=False))
    async with serving(*steps) as asked:
        cut = await complete(asked.model, HELLO)
        silent = await complete(asked.model, HELLO)
        undone = await complete(asked.model, HELLO)
    assert cut.text == silent.text == reply.text
    assert cut.usage.reported == silent.usage.reported == (after == 6)
    assert undone.usage.reported


async def test_what_was_passed_on_is_kept_when_the_rest_is_lost() -> None:
    seen: list[ModelEvent] = []
    async with serving(CutStream(3), ANSWER) as asked:
        with pytest.raises(StreamCut):  # noqa: PT012 — what came before the error is asserted too
            async for event in asked.model.stream(HELLO):
                seen.append(event)  # noqa: PERF401 — a comprehension would lose it
        assert len(asked.server.requests) == 1
    assert list(joined(seen)) == [TextDelta("The payment is due withi")]


async def test_words_gather_while_many_replies_are_read_and_the_first_never_waits() -> None:
    reply = Reply("Rent is due. " * 40, chunk=13, delay=0.01)
    pace = Pace(steps=50)
    seen: dict[int, list[ModelEvent]] = {}
    with Glm5Server([reply, reply]) as server, ExitStack() as others:
        model = OpenAIModel(PROVIDERS["zai"], base_url=server.base_url, api_key="k", pace=pace)
        async with asyncio.timeout(NEVER_HANGS), model:
            seen[1] = await events_of(model)
            for _ in range(9):
                others.enter_context(pace.reading())
            seen[10] = await events_of(model)
    texts = {
        many: [event.text for event in events if isinstance(event, TextDelta)]
        for many, events in seen.items()
    }
    assert texts[10][0] == texts[1][0]
    assert "".join(texts[10]) == "".join(texts[1]) == reply.text
    assert len(texts[10]) * 3 < len(texts[1])


async def test_length_is_an_outcome_not_an_error() -> None:
    async with serving(Reply("Within thi", finish="length")) as asked:
        assert (await complete(asked.model, HELLO)).reason == "length"


async def test_retry_after_is_heeded() -> None:
    async with serving(ErrorReply(429, "1302", headers=(("Retry-After", "33"),)), ANSWER) as asked:
        await complete(asked.model, HELLO)
    assert asked.waits == [33.0]


async def test_the_time_for_the_whole_reply_is_bounded_and_not_repeated() -> None:
    dripping = Reply("x" * 100, chunk=1, delay=0.05, comments=True)
    async with serving(dripping, ANSWER, timeouts=Timeouts(connect=1.0, idle=1.0, total=1.0)) as asked:
        with pytest.raises(ModelTimeout) as late:
            await complete(asked.model, HELLO)
        assert len(asked.server.requests) == 1
        assert await asyncio.to_thread(asked.server.abandoned.wait, 2.0)
    assert not late.value.retry


async def test_signs_of_life_keep_a_slow_reply_alive() -> None:
    slow = Reply("x" * 10, chunk=1, delay=0.05)  # longer than idle in all, never between two frames
    async with serving(slow) as asked:
        assert (await complete(asked.model, HELLO)).text == "x" * 10


async def test_nobody_at_the_address() -> None:
    with Glm5Server([]) as server:
        address = server.base_url
    async with (
        asyncio.timeout(NEVER_HANGS),
        OpenAIModel(PROVIDERS["zai"], base_url=address, api_key="k") as model,
    ):
        with pytest.raises(ModelUnreachable) as failed:
            await complete(model, HELLO)
    assert failed.value.retry
    assert failed.value.http_status == 502


async def test_a_bad_request_never_reaches_the_wire() -> None:
    async with serving(ANSWER) as asked:
        with pytest.raises(InvalidRequest):
            await complete(asked.model, ModelRequest(HELLO.messages, max_tokens=0))
    assert asked.server.requests == []


def test_the_package_is_loaded_only_by_making_a_client() -> None:
    program = "import sys, service.models.openai_client; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


async def test_leaving_early_closes_the_connection() -> None:
    async with serving(Hang(after=3)) as asked:
        async with aclosing(asked.model.stream(HELLO)) as events:
            first = await anext(events)
            assert isinstance(first, TextDelta)
            assert first.text.startswith("The payment ")
            assert not asked.server.abandoned.is_set()
        assert await asyncio.to_thread(asked.server.abandoned.wait, 2.0)


@pytest.mark.parametrize("after", [None, 0, 3])
async def test_cancelling_closes_the_connection(after: int | None) -> None:
    async with serving(Hang(after), timeouts=Timeouts()) as asked:
        question = asyncio.create_task(complete(asked.model, HELLO))
        assert await asyncio.to_thread(asked.server.asked.wait, 2.0)
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question
        assert await asyncio.to_thread(asked.server.abandoned.wait, 2.0)
        assert len(asked.server.requests) == 1


async def test_questions_are_answered_side_by_side() -> None:
    def answer(request: Recorded) -> Step:
        return Reply(f"You asked: {request.question}", delay=0.02)

    questions = [ModelRequest((Message("user", f"question {number}"),), 100) for number in range(8)]
    with Glm5Server(answer) as server:
        async with (
            asyncio.timeout(NEVER_HANGS),
            OpenAIModel(PROVIDERS["zai"], base_url=server.base_url, api_key="k") as model,
        ):
            replies = await asyncio.gather(*(complete(model, question) for question in questions))
    assert [reply.text for reply in replies] == [f"You asked: question {number}" for number in range(8)]


def test_the_server_counts_tokens_when_asked() -> None:
    with Glm5Server([Reply("Yes.")]) as server:
        counts = [
            posted(f"{server.base_url}/tokenizer", {"messages": [{"role": "user", "content": "x" * 400}]}),
            posted(f"http://127.0.0.1:{server.port}/tokenize", {"messages": []}),
        ]
    assert counts == [{"usage": {"prompt_tokens": 114}}, {"count": 4}]


def posted(url: str, body: object) -> object:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as response:
        return json.load(response)


def test_a_script_that_fails_is_not_taken_for_a_failing_server() -> None:
    def broken(request: Recorded) -> Step:
        raise LookupError(request.question)

    async def ask(server: Glm5Server) -> None:
        async with OpenAIModel(PROVIDERS["zai"], base_url=server.base_url, api_key="k") as model:
            await complete(model, HELLO)

    with (
        pytest.raises(LookupError, match="payment"),
        Glm5Server(broken) as server,
        pytest.raises(ModelUnreachable),
    ):
        asyncio.run(ask(server))


async def test_a_provider_does_not_send_the_prompt_on_to_somebody_else() -> None:
    """Who may be shown it was decided for the address that is asked."""
    with Glm5Server([Reply("Yes.")]) as other:
        elsewhere = ("Location", f"{other.base_url}/chat/completions".replace("127.0.0.1", "localhost"))
        async with serving(ErrorReply(307, headers=(elsewhere,))) as asked:
            with pytest.raises(RequestRefused) as refused:
                await complete(asked.model, HELLO)

        assert refused.value.status == 307
        assert other.requests == []
