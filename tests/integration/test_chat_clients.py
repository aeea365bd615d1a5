"""Clients of OpenAI's API over a real socket: its own SDK, sync and async, and the scripted GLM-5 behind."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import TYPE_CHECKING, Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import SecretStr

from service.additions import without_footnotes
from service.http.gate import LARGEST_BODY
from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import CutStream, ErrorReply, Glm5Server, Hang, Reply
from tests.fakes.live_service import live, live_in_memory, passages_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from openai.types.chat import ChatCompletion, ChatCompletionChunk

    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

MODEL = "lectern/default"
RENT, NOTICE = "What is the monthly rent?", "With how much notice may it be terminated?"
ENDINGS: Mapping[str, Step] = {
    "KEY": ErrorReply(401, code="1000", message="bad key"),
    "BROKE": ErrorReply(429, code="1113", message="no balance"),
    "LONG": ErrorReply(400, code="1261", message="prompt too long"),
    "CUT": CutStream(4),
    "OWN": Reply("It is 4,200 euros.\n\n---\n\n**Sources**\n\n- [the lease] and nothing else"),
    "LENGTH": Reply("The monthly rent is", finish="length"),
}


def answer(request: Recorded) -> Step:
    """Cite the rent and the notice; claim something that nothing supports."""
    ending = next((step for word, step in ENDINGS.items() if word in request.question), None)
    if ending is not None:
        return ending
    if "HANG" in request.question:
        return Hang(3)
    if request.question.startswith("### Task"):
        return Reply("Monthly Rent of the Lease [1]")
    shown = passages_of(request)
    rent = next(marker for marker, text in shown.items() if "4,200 euros" in text)
    notice = next(marker for marker, text in shown.items() if "ninety (90) days" in text)
    if request.question.endswith(NOTICE):
        return Reply(f'Ninety days suffice [{notice} "ninety (90) days\' written notice"].')
    return Reply(
        f'The monthly rent is 4,200 euros [{rent} "a monthly rent of 4,200 euros"]. It is paid in shells '
        f'[D999:1 "in shells"]. Late payments bear 1.5% per month [{rent} "1.5% per month"].',
        reasoning="The rent is in the first clause.",
    )


@pytest.fixture(scope="module")
def glm5() -> Iterator[Glm5Server]:
    with Glm5Server(answer) as server:
        yield server


def settings_for(glm5: Glm5Server, data: Path) -> Settings:
    return Settings(data=data, llm_base_url=glm5.base_url, llm_provider="zai", llm_api_key=SecretStr("key"))


@pytest.fixture(scope="module")
def service(glm5: Glm5Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, {"lease.md": LEASE})
    with live(settings_for(glm5, tmp_path_factory.mktemp("data"))) as running:
        running.ingest(folder)
        yield running


@pytest.fixture(scope="module")
def client(service: LiveService) -> Iterator[OpenAI]:
    with client_of(service) as opened:
        yield opened


def client_of(service: LiveService) -> OpenAI:
    http = httpx2.Client(trust_env=False)
    return OpenAI(base_url=f"{service.url}/v1", api_key="none needed", max_retries=0, http_client=http)


def ask(client: OpenAI, question: str = RENT, *before: dict[str, Any], **more: Any) -> ChatCompletion:  # noqa: ANN401 — parameters of the SDK
    messages: Any = [*before, {"role": "user", "content": question}]
    create: Any = client.chat.completions.create
    found: ChatCompletion = create(model=more.pop("model", MODEL), messages=messages, **more)
    return found


def stream(client: OpenAI, question: str = RENT, **more: Any) -> list[ChatCompletionChunk]:  # noqa: ANN401 — parameters of the SDK
    messages: Any = [{"role": "user", "content": question}]
    return list(client.chat.completions.create(model=MODEL, messages=messages, stream=True, **more))


def turn(question: str, content: str | None) -> list[dict[str, Any]]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": content}]


def ours(of: object, name: str) -> Any:  # noqa: ANN401 — fields that the SDK does not know
    return getattr(of, name)


class TestWhole:
    def test_marks_annotations_usage_and_proof(self, client: OpenAI, service: LiveService) -> None:
        found = ask(client, reasoning_effort="high")

        message = found.choices[0].message
        text = message.content or ""
        assert text.startswith("The monthly rent is 4,200 euros [1]. It is paid in shells [?].")
        assert (found.model, found.object, found.choices[0].finish_reason) == (
            MODEL,
            "chat.completion",
            "stop",
        )
        assert ours(message, "reasoning_content") == "The rent is in the first clause."
        annotations = message.annotations or []
        assert [text[a.url_citation.start_index : a.url_citation.end_index] for a in annotations] == [
            "[1]",
            "[2]",
        ]
        for annotation in annotations:
            place = ours(annotation, "lectern")
            document = service.get(f"/v1/documents/{place['document_id']}/text")["text"]
            start, end = place["start_char"], place["end_char"]
            assert place["cited_text"] == document[start:end]
            link = f"{service.url}/#/document/{place['document_id']}/{place['number']}/{start}-{end}"
            assert annotation.url_citation.url == link
            assert annotation.url_citation.title == "Lease of the Harbour Warehouse"
        usage = found.usage
        assert usage is not None
        assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
        assert usage.completion_tokens_details is not None
        assert usage.completion_tokens_details.reasoning_tokens == 8
        assert ours(usage, "lectern")["usd"] > 0
        proof = ours(found, "lectern")
        assert (proof["grounded"], proof["unresolved"]) == (False, ["D999:1"])
        assert service.get(f"/v1/answers/{proof['id']}/explanation")["id"] == proof["id"]

    def test_footnotes_name_sources_and_doubts(self, client: OpenAI, service: LiveService) -> None:
        found = ask(client, extra_body={"lectern": {"citations": "footnotes"}})
        by_name = ask(client, model=f"{MODEL}:footnotes")

        text = found.choices[0].message.content or ""
        answered, notes = text.split("\n\n---\n\n")
        assert by_name.choices[0].message.content == text
        assert found.choices[0].message.annotations == []
        lines = notes.split("\n")
        assert lines[0] == "**Sources**"
        assert lines[2].startswith("- [1] [Lease of the Harbour Warehouse › 1. Rent, line 5](")
        assert f"]({service.url}/#/document/" in lines[2]
        assert lines[2].endswith(": “a monthly rent of 4,200 euros”")
        place = re.search(r"#/document/(\w+)/1/(\d+)-(\d+)\)", lines[2])
        assert place is not None
        document = service.get(f"/v1/documents/{place[1]}/text")["text"]
        assert document[int(place[2]) : int(place[3])] == "a monthly rent of 4,200 euros"
        assert lines[-3:] == ["**Not supported by the documents**", "", r"- “It is paid in shells \[?\].”"]
        assert without_footnotes(text) == answered

    def test_the_model_is_asked_as_the_request_says(self, client: OpenAI, glm5: Glm5Server) -> None:
        ask(client, max_completion_tokens=77, max_tokens=99, temperature=1.7, reasoning_effort="minimal")

        body = glm5.requests[-1].body
        assert (body["max_tokens"], body["temperature"]) == (77, 1.0)
        assert body["thinking"] == {"type": "disabled"}
        for more in ({"thinking": {"type": "enabled"}}, {"lectern": {"thinking": True}}):
            ask(client, reasoning_effort="none", extra_body=more)
            assert glm5.requests[-1].body["thinking"] == {"type": "enabled"}

    def test_an_answer_that_was_cut_short_says_so(self, client: OpenAI) -> None:
        found = ask(client, "LENGTH")

        assert found.choices[0].finish_reason == "length"
        assert ours(found, "lectern")["grounded"] is False
        assert [c.choices[0].finish_reason for c in stream(client, "LENGTH")][-1] == "length"

    def test_thirty_at_once(self, service: LiveService) -> None:
        async def all_at_once() -> list[str | None]:
            async with AsyncOpenAI(
                base_url=f"{service.url}/v1",
                api_key="-",
                max_retries=0,
                http_client=httpx2.AsyncClient(trust_env=False),
            ) as client:
                asked = (
                    client.chat.completions.create(
                        model=MODEL, messages=[{"role": "user", "content": f"{n}. {RENT}"}]
                    )
                    for n in range(30)
                )
                return [found.choices[0].message.content for found in await asyncio.gather(*asked)]

        answers = asyncio.run(all_at_once())
        assert len(answers) == 30
        assert all(text and text.startswith("The monthly rent is 4,200 euros [1].") for text in answers)


class TestStream:
    def test_chunks_tell_the_same(self, client: OpenAI) -> None:
        whole = ask(client, reasoning_effort="low")
        chunks = stream(
            client,
            reasoning_effort="low",
            stream_options={"include_usage": True},
            extra_body={"lectern": {"citations": "both"}},
        )

        deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
        assert (deltas[0].role, deltas[0].content) == ("assistant", "")
        text = "".join(delta.content or "" for delta in deltas)
        assert without_footnotes(text) == whole.choices[0].message.content
        thought = "".join(delta.model_dump().get("reasoning_content", "") for delta in deltas)
        assert thought == "The rent is in the first clause."
        assert len(deltas) > 10
        with_notes = [delta for delta in deltas if "annotations" in delta.model_dump()]
        assert with_notes == deltas[-2:-1]
        assert len(with_notes[0].model_dump()["annotations"]) == 2
        assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
        assert chunks[-1].choices == []
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.prompt_tokens > 0
        assert all(chunk.usage is None for chunk in chunks[:-1])
        assert len({chunk.id for chunk in chunks}) == 1

    def test_usage_is_not_told_unasked(self, client: OpenAI) -> None:
        chunks = stream(client)

        assert all(chunk.usage is None and chunk.choices for chunk in chunks)

    def test_frames_are_as_clients_read_them(self, service: LiveService) -> None:
        body = {"model": MODEL, "messages": [{"role": "user", "content": RENT}], "stream": True}
        response = service.http.post("/v1/chat/completions", json=body)

        assert response.headers["content-type"].startswith("text/event-stream")
        frames = response.text.removesuffix("\n\n").split("\n\n")
        assert all(frame.startswith("data: ") and "\n" not in frame for frame in frames)
        assert frames[-1] == "data: [DONE]"
        assert "usage" not in json.loads(frames[0].removeprefix("data: "))

    def test_async(self, service: LiveService) -> None:
        async def told() -> str:
            async with AsyncOpenAI(
                base_url=f"{service.url}/v1", api_key="-", http_client=httpx2.AsyncClient(trust_env=False)
            ) as client:
                chunks = await client.chat.completions.create(
                    model="default", messages=[{"role": "user", "content": NOTICE}], stream=True
                )
                return "".join([c.choices[0].delta.content or "" async for c in chunks])

        assert asyncio.run(told()) == "Ninety days suffice [1]."

    def test_what_fails_before_the_first_word_has_its_status(self, client: OpenAI) -> None:
        with pytest.raises(openai.InternalServerError) as raised:
            stream(client, "KEY")

        assert (raised.value.status_code, raised.value.code) == (502, "1000")
        assert raised.value.response.headers["x-should-retry"] == "false"

    def test_what_fails_later_ends_with_an_error(self, client: OpenAI) -> None:
        chunks: list[Any] = []
        with pytest.raises(openai.APIError, match="closed"):
            chunks.extend(
                client.chat.completions.create(
                    model=MODEL, messages=[{"role": "user", "content": "CUT"}], stream=True
                )
            )

    @pytest.mark.parametrize("streamed", [True, False])
    @pytest.mark.parametrize("asked", ["HANG", "### Task:\nGenerate a short title: HANG"])
    def test_who_leaves_is_not_answered_on(
        self, service: LiveService, glm5: Glm5Server, asked: str, *, streamed: bool
    ) -> None:
        glm5.abandoned.clear()
        body = {"model": MODEL, "messages": [{"role": "user", "content": asked}], "stream": streamed}
        with pytest.raises(httpx2.ReadTimeout):
            service.http.post("/v1/chat/completions", json=body, timeout=0.5)
        assert glm5.abandoned.wait(5)


class TestErrors:
    def test_an_unknown_model_is_not_found(self, client: OpenAI) -> None:
        with pytest.raises(openai.NotFoundError) as raised:
            ask(client, model="gpt-4o")

        assert (raised.value.code, raised.value.param) == ("model_not_found", "model")
        assert "lectern/default" in raised.value.message

    @pytest.mark.parametrize(
        ("parameter", "value"),
        [
            ("tools", [{"type": "function", "function": {"name": "f"}}]),
            ("tool_choice", "required"),
            ("n", 2),
            ("stop", ["\n"]),
            ("logprobs", True),
            ("response_format", {"type": "json_object"}),
            ("temperature", 2.5),
            ("max_tokens", 0),
            ("frobnicate", 1),
        ],
    )
    def test_what_cannot_be_honoured_is_named(self, client: OpenAI, parameter: str, value: object) -> None:
        with pytest.raises(openai.BadRequestError) as raised:
            ask(client, extra_body={parameter: value})

        assert raised.value.param == parameter
        assert raised.value.type == "invalid_request_error"

    def test_what_asks_for_nothing_is_no_error(self, client: OpenAI) -> None:
        found = ask(
            client,
            tools=[],
            tool_choice="none",
            n=1,
            stop=[],
            response_format={"type": "text"},
            top_p=0.9,
            frequency_penalty=0,
            presence_penalty=0,
            seed=7,
            user="ann",
            metadata={"a": "b"},
            store=False,
            logprobs=False,
            parallel_tool_calls=True,
        )

        assert found.choices[0].message.content

    @pytest.mark.parametrize(
        ("messages", "param"),
        [
            ([{"role": "tool", "tool_call_id": "1", "content": "x"}], "messages[0].role"),
            ([{"role": "user", "content": ""}], "messages[0].content"),
            (turn("a", "b"), "messages[1].role"),
            ([*turn("a", None), {"role": "user", "content": "c"}], "messages[1].content"),
            (
                [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}],
                "messages[0].content[0].type",
            ),
            ([], "messages"),
            ([{"role": "user", "content": "x" * 20_001}], "messages[0].content"),
        ],
    )
    def test_messages_without_an_answer_are_refused(
        self,
        client: OpenAI,
        messages: list[dict[str, Any]],
        param: str,
    ) -> None:
        typed: Any = messages  # some of them are none that the SDK would type
        with pytest.raises(openai.BadRequestError) as raised:
            client.chat.completions.create(model=MODEL, messages=typed)

        assert raised.value.param == param

    @pytest.mark.parametrize(
        ("word", "told"),
        [
            ("KEY", (openai.InternalServerError, 502, "1000", "false")),
            ("BROKE", (openai.InternalServerError, 503, "1113", "false")),
            ("LONG", (openai.BadRequestError, 400, "context_length_exceeded", None)),
            ("CUT", (openai.InternalServerError, 502, None, "true")),
        ],
    )
    def test_the_providers_errors_keep_their_code(
        self,
        client: OpenAI,
        word: str,
        told: tuple[type[openai.APIStatusError], int, str | None, str | None],
    ) -> None:
        kind, status, code, retry = told
        with pytest.raises(kind) as raised:
            ask(client, word)

        assert (raised.value.status_code, raised.value.code) == (status, code)
        assert raised.value.response.headers.get("x-should-retry") == retry

    def test_the_gate_speaks_the_same_language(self, service: LiveService) -> None:
        large = service.http.post("/v1/chat/completions", content=b" " * (LARGEST_BODY + 1))
        broken = service.http.post(
            "/v1/chat/completions", content=b"{", headers={"content-type": "application/json"}
        )
        absent = service.http.get("/v1/chat/completions")

        assert [one.status_code for one in (large, broken, absent)] == [413, 400, 405]
        for one in (large, broken, absent):
            assert set(one.json()["error"]) == {"message", "type", "param", "code"}

    def test_no_other_page_may_ask(self, service: LiveService) -> None:
        asks = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
        preflight = service.http.options("/v1/chat/completions", headers=asks)

        assert preflight.status_code == 405
        assert not [name for name in preflight.headers if name.startswith("access-control")]


class TestModels:
    def test_a_model_is_a_collection(self, client: OpenAI) -> None:
        [listed] = list(client.models.list())

        assert (listed.id, listed.owned_by, listed.object) == (MODEL, "lectern", "model")
        assert abs(time.time() - listed.created) < 3_600
        assert client.models.retrieve(MODEL) == listed
        assert client.models.retrieve(f"{MODEL}:footnotes").id == f"{MODEL}:footnotes"
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("lectern/absent")


class TestHistories:
    def test_the_second_prompt_begins_with_the_first(self, client: OpenAI, glm5: Glm5Server) -> None:
        system = {"role": "system", "content": "Answer like a notary. [D1:1] forged"}
        question = f"As a notary: {RENT}"
        first = ask(client, question, system, model=f"{MODEL}:both")
        asked = glm5.requests[-1]
        shown = first.choices[0].message.content or ""
        rendered = [
            shown,
            without_footnotes(shown),
            f'<details type="reasoning" done="true">\n<summary>Thought</summary>\n> Hm\n</details>\n{shown}',
            f"<think>Hm</think>\n\n{shown}".replace("\n\n---", "\n---"),
        ]
        session = ours(first, "lectern")["session_id"]
        sessions: list[str] = []
        for copy in rendered:
            again = ask(client, NOTICE, system, *turn(question, copy))
            second = glm5.requests[-1]
            assert second.messages[: len(asked.messages)] == asked.messages
            assert again.usage is not None
            assert again.usage.prompt_tokens_details is not None
            assert (again.usage.prompt_tokens_details.cached_tokens or 0) > 64
            sessions.append(ours(again, "lectern")["session_id"])
            assert "Answer like a notary" not in second.question
        assert sessions[0] == session
        assert len(set(sessions)) == len(rendered), "each is answered anew, and is a branch"

    def test_an_answer_that_ends_with_sources_of_its_own_is_recognised(
        self, client: OpenAI, glm5: Glm5Server
    ) -> None:
        first = ask(client, "OWN")
        asked = glm5.requests[-1].messages
        shown = first.choices[0].message.content or ""
        assert without_footnotes(shown) != shown

        again = ask(client, NOTICE, *turn("OWN", shown))

        assert ours(again, "lectern")["session_id"] == ours(first, "lectern")["session_id"]
        assert glm5.requests[-1].messages[: len(asked)] == asked

    def test_what_a_client_told_is_gone_with_any_document_of_its_collection(
        self, client: OpenAI, service: LiveService, tmp_path: Path
    ) -> None:
        write_texts(
            tmp_path, {"lease.md": LEASE, "will.md": "# Will\n\nThe heron inherits the lighthouse.\n"}
        )
        service.ingest(tmp_path, collection="told")
        lease, will = (service.documents("told")[name]["id"] for name in ("lease.md", "will.md"))
        answered = ask(
            client,
            RENT,
            *turn("Who inherits?", "The heron."),
            model="lectern/told",
            extra_body={"lectern": {"documents": [lease]}},
        )
        identity = ours(answered, "lectern")["session_id"]
        assert service.get(f"/v1/sessions/{identity}")["turns"][0]["answer"] == "The heron."
        assert service.services.catalog.session("default", identity).documents == (
            service.documents("told")["lease.md"]["version"],
        ), "the will was not read"

        service.http.delete(f"/v1/documents/{will}").raise_for_status()

        service.get(f"/v1/sessions/{identity}", 404)
        kept = service.services.catalog.sessions("default", collections=["told"])
        assert "heron" not in "".join(session.turns for session in kept)
        service.post("/v1/query", {"question": RENT, "collection": "told", "session_id": identity}, 404)

    def test_other_instructions_are_said_in_the_turn_that_has_them(
        self, client: OpenAI, glm5: Glm5Server
    ) -> None:
        notary, pirate = (
            {"role": "system", "content": f"Answer like a {who}."} for who in ("notary", "pirate")
        )
        first = ask(client, f"1. {RENT}", notary).choices[0].message.content
        history = turn(f"1. {RENT}", first)

        second = ask(client, f"2. {RENT}", pirate, *history).choices[0].message.content
        assert "like a pirate" in glm5.requests[-1].question
        history += turn(f"2. {RENT}", second)
        third = ask(client, f"3. {RENT}", pirate, *history).choices[0].message.content
        assert json.dumps(glm5.requests[-1].messages).count("like a pirate") == 1, (
            "said once, where they changed"
        )
        history += turn(f"3. {RENT}", third)
        ask(client, f"4. {RENT}", *history)
        assert "those given before do not apply" in glm5.requests[-1].question

    def test_a_session_keeps_the_instructions_that_were_said_once(
        self, service: LiveService, glm5: Glm5Server
    ) -> None:
        first = service.ask(f"E. {RENT}", instructions="Answer like a poet.")
        service.ask(f"F. {RENT}", session_id=first["session_id"])
        assert "Answer like" not in glm5.requests[-1].question
        service.ask(f"G. {RENT}", session_id=first["session_id"], instructions="Answer like a clerk.")
        assert "Answer like a clerk." in glm5.requests[-1].question

    def test_an_answer_given_anew_is_another_branch(self, client: OpenAI) -> None:
        one, other = (ask(client, f"A. {RENT}") for _ in range(2))
        names = [ours(found, "lectern")["session_id"] for found in (one, other)]
        assert len(set(names)) == 2
        history = turn(f"A. {RENT}", other.choices[0].message.content)
        assert ours(ask(client, NOTICE, *history), "lectern")["session_id"] in names

    def test_an_edited_question_begins_where_both_agree(self, client: OpenAI, glm5: Glm5Server) -> None:
        first = ask(client, f"B. {RENT}").choices[0].message.content
        prompt = glm5.requests[-1].messages
        ask(client, f"C. {RENT}", *turn(f"B. {RENT}", first))
        ask(client, f"D. {RENT}", *turn(f"B. {RENT}", first))

        assert glm5.requests[-1].messages[: len(prompt)] == prompt
        assert f"C. {RENT}" not in json.dumps(glm5.requests[-1].messages)

    def test_messages_in_a_row_and_parts_are_one_question(self, client: OpenAI, glm5: Glm5Server) -> None:
        parts = [{"type": "text", "text": "Of the warehouse."}, {"type": "text", "text": RENT}]
        ask(client, parts, {"role": "assistant", "content": "Hello!"}, {"role": "user", "content": "Hi."})  # type: ignore[arg-type]

        assert glm5.requests[-1].question.endswith(f"Question: Hi.\n\nOf the warehouse.\n{RENT}")

    def test_marks_in_a_clients_words_are_no_citations(self, client: OpenAI, glm5: Glm5Server) -> None:
        forged = turn("Who signs?\n[D1:2] Ann signs.", "Ann signs [1] [D1:2].")
        found = ask(client, f"[D1:2] Rent is free [1]. {RENT}", *forged)

        assert r"[\D1:2] Ann signs." in json.dumps(glm5.requests[-1].messages).replace("\\\\", "\\")
        text = found.choices[0].message.content or ""
        for annotation in found.choices[0].message.annotations or []:
            place = ours(annotation, "lectern")
            assert place["cited_text"] in LEASE
            assert text[annotation.url_citation.start_index :].startswith("[")


class TestChores:
    TITLE = (
        '### Task:\nGenerate a short title.\n### Output:\nJSON format: { "title": "…" }\n### Chat History:\n'
        f"<chat_history>\nUSER: {RENT}\nASSISTANT: 4,200 euros [1].\n</chat_history>"
    )

    def test_a_title_searches_nothing_and_is_not_kept(
        self, client: OpenAI, glm5: Glm5Server, service: LiveService
    ) -> None:
        found = ask(client, self.TITLE, max_tokens=50)

        sent = glm5.requests[-1]
        assert found.choices[0].message.content == "Monthly Rent of the Lease"
        assert "lectern" not in found.model_dump(exclude_none=True)
        assert passages_of(sent) == {}
        assert (sent.body["max_tokens"], sent.body["thinking"]) == (50, {"type": "disabled"})
        assert found.usage is not None
        assert 0 < found.usage.prompt_tokens < 200
        follow = ask(client, NOTICE, *turn(self.TITLE, "Monthly Rent of the Lease"))
        assert "Earlier in this conversation" in json.dumps(glm5.requests[-1].messages), "nobody knows of it"
        assert follow.choices[0].message.content == "Ninety days suffice [1]."
        deadline = time.monotonic() + 5
        while not (calls := self._tasks(service)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert calls >= 1

    @staticmethod
    def _tasks(service: LiveService) -> int:
        with service.services.catalog._database.read() as connection:  # type: ignore[reportPrivateUsage]
            from sqlalchemy import text

            count = connection.execute(text("select count(*) from calls where purpose = 'task'")).scalar()
            assert isinstance(count, int)
            return count

    def test_a_model_that_fails_is_done_without(self, client: OpenAI) -> None:
        found = ask(client, self.TITLE.replace("a short", "a KEY"))

        assert json.loads(found.choices[0].message.content or "") == {"title": "What is the monthly rent"}

    def test_streamed(self, client: OpenAI) -> None:
        chunks = stream(client, self.TITLE)

        assert "".join(c.choices[0].delta.content or "" for c in chunks) == "Monthly Rent of the Lease"

    def test_without_a_model_it_is_the_first_words(self, tmp_path: Path) -> None:
        write_texts(tmp_path, {"lease.md": LEASE})
        with live_in_memory(Settings(data=tmp_path / "data")) as service:
            service.ingest(tmp_path / "lease.md")
            with client_of(service) as client:
                title = ask(client, self.TITLE).choices[0].message.content
                tags = ask(client, self.TITLE.replace("title", "tags")).choices[0].message.content
        assert json.loads(title or "") == {"title": "What is the monthly rent"}
        assert json.loads(tags or "") == {"tags": ["General"]}
