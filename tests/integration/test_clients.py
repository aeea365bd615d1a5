"""Both clients, and the README's examples of them, against a real server with its worker and its index."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from llama_index.core.llms import MockLLM
from pydantic import SecretStr

from service.client import AsyncClient, Client, ServerRefused
from service.http.event_shapes import Delta, PlanEvent, UsageEvent
from service.http.job_shapes import JobFileShape, JobShape
from service.http.requests import QueryRequest, SearchRequest
from service.http.responses import QueryResponse
from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import Glm5Server, Hang, Reply
from tests.fakes.live_service import live, passages_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterator

    from service.http.event_shapes import StreamEvent
    from service.http.job_shapes import JobEvent
    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
RENT = QueryRequest(question="What is the monthly rent?")
SILENCE = QueryRequest(question="What is the monthly rent? (silence)")


def answer(request: Recorded) -> Step:
    if "silence" in request.question:
        return Hang(after=1)
    marker = next(m for m, text in passages_of(request).items() if "monthly rent" in text)
    return Reply(f'The rent is due monthly [{marker} "monthly rent of"].')


@pytest.fixture(scope="module")
def glm5() -> Generator[Glm5Server]:
    with Glm5Server(answer) as server:
        yield server


@pytest.fixture(scope="module")
def service(glm5: Glm5Server, tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveService]:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(
        folder, {"lease.md": LEASE, "policy.txt": "Travel policy\n\nThe monthly rent of a car is not paid.\n"}
    )
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        llm_base_url=glm5.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
        largest_upload_mb=1,
    )
    with live(settings) as running:
        running.ingest(folder)
        yield running


def looping(service: LiveService, step: Callable[[AsyncClient], Awaitable[T]]) -> T:
    async def run() -> T:
        async with AsyncClient(service.url) as client:
            return await step(client)

    return asyncio.run(run())


class TestReading:
    def test_both_clients_read_the_same(self, service: LiveService) -> None:
        client = Client(service.url)
        (document, _) = client.documents().documents
        assert client.documents(limit=1).next
        assert client.document(document.id) == document
        text = client.text(document.id, number=document.number)
        assert text.text == LEASE
        (collection,) = client.collections()
        assert (collection.name, collection.documents) == ("default", 2)
        found = client.search(SearchRequest(query=RENT.question, top_k=1))
        (hit,) = found.hits
        assert text.text[hit.start_char : hit.end_char] == hit.text

        async def read(other: AsyncClient) -> None:
            assert await other.documents() == client.documents()
            assert await other.documents(limit=1) == client.documents(limit=1)
            assert await other.document(document.id) == document
            assert await other.text(document.id) == text
            assert await other.collections() == [collection]
            assert await other.search(SearchRequest(query=RENT.question, top_k=1)) == found

        looping(service, read)


class TestAsking:
    def test_a_stream_ends_with_what_it_told(self, service: LiveService) -> None:
        async def every(client: AsyncClient) -> list[StreamEvent]:
            return [event async for event in client.stream(RENT)]

        for events in (list(Client(service.url).stream(RENT)), looping(service, every)):
            assert isinstance(events[0], PlanEvent)
            usage, whole = events[-2:]
            assert isinstance(usage, UsageEvent)
            assert isinstance(whole, QueryResponse)
            assert "".join(event.text for event in events if isinstance(event, Delta)) == whole.answer
            assert whole.citations
            assert usage.usage == whole.usage

    def test_a_whole_answer_comes_at_once(self, service: LiveService) -> None:
        for whole in (Client(service.url).ask(RENT), looping(service, lambda client: client.ask(RENT))):
            assert whole.answer == "The rent is due monthly [1]."
            assert whole.llm_generated

    def test_leaving_a_stream_ends_the_models_work(self, service: LiveService, glm5: Glm5Server) -> None:
        def leave() -> None:
            events = Client(service.url).stream(SILENCE)
            assert isinstance(next(events), PlanEvent)
            assert glm5.asked.wait(10)
            events.close()

        async def leave_looping(client: AsyncClient) -> None:
            async with aclosing(client.stream(SILENCE)) as events:
                assert isinstance(await anext(events), PlanEvent)
                assert await asyncio.to_thread(glm5.asked.wait, 10)

        for step in (leave, lambda: looping(service, leave_looping)):
            glm5.asked.clear()
            glm5.abandoned.clear()
            step()
            assert glm5.abandoned.wait(10)

    def test_a_refusal_says_what_the_server_says(self, service: LiveService) -> None:
        request = QueryRequest(question="x", collection="nowhere")
        with pytest.raises(ServerRefused, match="no collection named 'nowhere'"):
            Client(service.url).ask(request)
        with pytest.raises(ServerRefused, match="no collection named 'nowhere'"):
            next(Client(service.url).stream(request))
        with pytest.raises(ServerRefused, match="no collection named 'nowhere'"):
            looping(service, lambda client: client.ask(request))


class TestUploading:
    def test_a_file_is_followed_until_it_is_there(self, service: LiveService, tmp_path: Path) -> None:
        write_texts(tmp_path, {"a.md": "# Акт\n\nThe berth is let.\n", "b.pdf": "not a package"})
        files = [tmp_path / "a.md", tmp_path / "b.pdf"]

        async def send(client: AsyncClient) -> list[JobEvent]:
            job = await client.upload(files, collection="loop", paths=["книга/a.md", "b.pdf"])
            return [event async for event in client.follow(job.id)]

        events = looping(service, send)
        ended = events[-1]
        assert isinstance(ended, JobShape)
        assert ended.state == "done"
        outcomes = {event.path: event.outcome for event in events if isinstance(event, JobFileShape)}
        assert outcomes == {"книга/a.md": "indexed", "b.pdf": "failed"}
        client = Client(service.url)
        *_, again = client.follow(ended.id)
        assert again == ended
        assert [failed.path for failed in client.job(ended.id).failures] == ["b.pdf"]
        (document,) = client.documents("loop").documents
        client.delete_document(document.id)
        assert client.documents("loop").documents == []

    def test_what_is_too_large_is_refused_with_the_reason(self, service: LiveService, tmp_path: Path) -> None:
        large = tmp_path / "large.txt"
        large.write_bytes(b"x" * 2**22)
        with pytest.raises(ServerRefused) as refused:
            Client(service.url).upload([large])
        assert refused.value.problem.status == 413
        with pytest.raises(ServerRefused) as refused:
            looping(service, lambda client: client.upload([large]))
        assert refused.value.problem.status == 413


def examples() -> Iterator[str]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    yield from re.findall(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)


class TestReadme:
    def test_its_examples_run(
        self, service: LiveService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_texts(tmp_path, {"contract.md": LEASE})
        monkeypatch.chdir(tmp_path)
        told: list[str] = []
        for example in examples():
            program = example.replace("http://127.0.0.1:8421", service.url)
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(program, {"llm": MockLLM()})
            told.append(out.getvalue())

        waiting, streamed, retrieved = told
        assert "contract.md: “monthly rent of”" in waiting
        assert "The rent is due monthly [1]." in streamed
        assert "4,200 euros" in retrieved
