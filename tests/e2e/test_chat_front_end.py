"""What a chat front end does all day: list models, stream answers, send histories again, ask for titles.

The requests are those of Open WebUI, by OpenAI's SDK, with an access key.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI
from pydantic import SecretStr

from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live, passages_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openai.types.chat import ChatCompletionChunk

    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

RENT, NOTICE = "What is the monthly rent?", "And with how much notice may it be terminated?"
PLACE = "https://lectern.example"
SYSTEM = {"role": "system", "content": "You are the harbour's assistant."}
CHORES = {
    "title": ("Generate a concise, 3-5 word title with an emoji.", '{ "title": "your concise title" }'),
    "tags": ("Generate 1-3 broad tags for the main themes.", '{ "tags": ["tag1", "tag2"] }'),
    "follow_ups": ("Suggest 3-5 relevant follow-up questions.", '{ "follow_ups": ["Question 1?"] }'),
}


def answer(request: Recorded) -> Reply:
    """An answer from the passages, or what a chore wants."""
    chore = next((key for key in CHORES if f'"{key}"' in request.question), None)
    if chore is not None:
        return Reply(json.dumps({chore: "🏠 Rent [1]" if chore == "title" else ["Rent"]}, ensure_ascii=False))
    words = "ninety (90) days" if request.question.endswith(NOTICE) else "a monthly rent of 4,200 euros"
    marker = next(marker for marker, text in passages_of(request).items() if words in text)
    return Reply(f'It is {words} [{marker} "{words}"].', reasoning="Let me look at the clauses.")


@pytest.fixture(scope="module")
def glm5() -> Iterator[Glm5Server]:
    with Glm5Server(answer) as server:
        yield server


@pytest.fixture(scope="module")
def service(glm5: Glm5Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, {"lease.md": LEASE})
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        llm_base_url=glm5.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
        thinking=True,
        access_key=SecretStr("sesame"),
        public_url=PLACE,
    )
    with live(settings) as running:
        running.ingest(folder, collection="harbour")
        yield running


def opened(service: LiveService, key: str) -> AsyncOpenAI:
    http = httpx2.AsyncClient(trust_env=False)
    return AsyncOpenAI(base_url=f"{service.url}/v1", api_key=key, http_client=http)


def test_a_conversation_in_a_chat_front_end(service: LiveService, glm5: Glm5Server) -> None:
    asyncio.run(converse(service, glm5))


async def converse(service: LiveService, glm5: Glm5Server) -> None:
    async with opened(service, "sesame") as client:
        [model] = [listed.id async for listed in client.models.list()]
        assert model == "lectern/harbour"

        first = await streamed(client, model, [SYSTEM, {"role": "user", "content": RENT}])
        asked = glm5.requests[-1]
        assert text_of(first) == "It is a monthly rent of 4,200 euros [1]."
        usage = first[-1].usage
        assert usage is not None
        assert usage.prompt_tokens_details is not None
        [annotation] = first[-3].choices[0].delta.model_dump()["annotations"]
        assert annotation["url_citation"]["url"].startswith(f"{PLACE}/#/document/")

        replies = await asyncio.gather(*(chore(client, model, kind, text_of(first)) for kind in CHORES))
        assert replies == [{"title": "🏠 Rent"}, {"tags": ["Rent"]}, {"follow_ups": ["Rent"]}]
        assert [len(passages_of(request)) for request in glm5.requests[1:4]] == [0, 0, 0]

        shown = f'<details type="reasoning" done="true" duration="1">\n> Let me\n</details>\n{text_of(first)}'
        told = [{"role": "user", "content": RENT}, {"role": "assistant", "content": shown}]
        second = await streamed(client, model, [SYSTEM, *told, {"role": "user", "content": NOTICE}])
        assert text_of(second) == "It is ninety (90) days [1]."
        assert glm5.requests[-1].messages[:2] == asked.messages
        later = second[-1].usage
        assert later is not None
        assert later.prompt_tokens_details is not None
        cached = (later.prompt_tokens_details.cached_tokens, usage.prompt_tokens_details.cached_tokens)
        assert (cached[0] or 0) > (cached[1] or 0)
        proofs = [proof_of(chunks) for chunks in (first, second)]
        assert proofs[0]["session_id"] == proofs[1]["session_id"], "nothing that came between disturbs it"


def test_without_the_key_nothing_is_said(service: LiveService) -> None:
    async def ask() -> None:
        async with opened(service, "guess") as client:
            with pytest.raises(openai.AuthenticationError) as raised:
                await client.models.list()
            assert raised.value.code == "invalid_api_key"
            with pytest.raises(openai.AuthenticationError):
                await streamed(client, "lectern/harbour", [{"role": "user", "content": RENT}])

    asyncio.run(ask())


async def streamed(
    client: AsyncOpenAI, model: str, messages: Sequence[dict[str, str]]
) -> list[ChatCompletionChunk]:
    create: Any = client.chat.completions.create
    options = {"include_usage": True}
    return [
        chunk
        async for chunk in await create(model=model, messages=messages, stream=True, stream_options=options)
    ]


async def chore(client: AsyncOpenAI, model: str, kind: str, told: str) -> object:
    task, form = CHORES[kind]
    prompt = (
        f"### Task:\n{task}\n### Output:\nJSON format: {form}\n### Chat History:\n"
        f"<chat_history>\nUSER: {RENT}\nASSISTANT: {told}\n</chat_history>"
    )
    found = await client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": prompt}],
        stream=False,
        max_completion_tokens=1_000,
    )
    return json.loads(found.choices[0].message.content or "")


def text_of(chunks: Sequence[ChatCompletionChunk]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def proof_of(chunks: Sequence[ChatCompletionChunk]) -> dict[str, Any]:
    return next(chunk.model_dump()["lectern"] for chunk in chunks if "lectern" in chunk.model_dump())
