"""Traces: one for each request, by OpenTelemetry's conventions, without a word of anybody's."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from pydantic import SecretStr

from ingest.embedding import Watched
from service.models.contract import ToolCall
from service.observing import Observer
from service.settings import Settings, SettingsError
from service.telemetry import OpenTelemetry
from service.wiring import open_services
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import ErrorReply, Glm5Server, Reply
from tests.fakes.live_service import live, passages_of

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from opentelemetry.sdk.trace import ReadableSpan

    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

QUESTION = "What is the monthly rent of the amber-question?"
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def cited(request: Recorded) -> Step:
    marker = next(iter(passages_of(request)), "D1:1")
    return Reply(f"The rent is amber-answer [{marker}].")


@contextmanager
def traced(tmp_path: Path, script: Any, **more: Any) -> Generator[tuple[LiveService, InMemorySpanExporter]]:  # noqa: ANN401 — a script of the fake's, and settings
    write_texts(tmp_path / "docs", {"lease.md": LEASE})
    memory = InMemorySpanExporter()
    with Glm5Server(script) as glm5:
        settings = Settings(
            data=tmp_path / "data",
            llm_base_url=glm5.base_url,
            llm_provider="zai",
            llm_api_key=SecretStr("key"),
            **more,
        )
        with live(settings) as service:
            service.services.observer.tracer = OpenTelemetry(SimpleSpanProcessor(memory))
            service.ingest(tmp_path / "docs")
            yield service, memory


def named(spans: Sequence[ReadableSpan], name: str) -> ReadableSpan:
    (found,) = [span for span in spans if span.name == name]
    return found


def parent_of(span: ReadableSpan) -> int:
    assert span.parent is not None
    return span.parent.span_id


def words(spans: Sequence[ReadableSpan]) -> str:
    return " ".join(span.to_json() for span in spans)


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_is_a_trace_that_goes_on_with_the_callers(tmp_path: Path, stream: bool) -> None:
    with traced(tmp_path, cited) as (service, memory):
        body = {"question": QUESTION, "mode": "retrieve", "stream": stream}
        answered = service.http.post("/v1/query", json=body, headers={"traceparent": PARENT})
        spans = await_spans(memory, "POST /v1/query")

    assert answered.status_code == 200
    assert {f"{span.context.trace_id:032x}" for span in spans if span.context} == {TRACE}
    request = named(spans, "POST /v1/query")
    assert f"{parent_of(request):016x}" == "b7ad6b7169203331"
    assert request.kind is SpanKind.SERVER
    assert request.attributes is not None
    assert request.attributes["http.route"] == "/v1/query"
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["lectern.request.id"] == answered.headers["x-request-id"]
    assert request.context is not None
    prepare, search, chat = (named(spans, name) for name in ("prepare", "search", "chat glm-5"))
    assert prepare.context is not None
    assert parent_of(prepare) == parent_of(chat) == request.context.span_id
    assert parent_of(search) == prepare.context.span_id
    assert "amber" not in words(spans)


def test_a_call_of_the_model_is_told_by_the_conventions(tmp_path: Path) -> None:
    with traced(tmp_path, cited) as (service, memory):
        answer = service.ask(QUESTION, mode="retrieve")
        again = service.ask(QUESTION, mode="retrieve")
        spans = await_spans(memory, "POST /v1/query", 2)

    _, chat = [span for span in spans if span.name == "chat glm-5"]
    assert chat.kind is SpanKind.CLIENT
    told = dict(chat.attributes or {})
    assert told.pop("gen_ai.response.time_to_first_chunk", -1.0) > 0  # type: ignore[operator]
    assert told.pop("gen_ai.response.id")
    assert told == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "zai",
        "gen_ai.request.model": "glm-5",
        "gen_ai.request.max_tokens": 4_096,
        "gen_ai.request.stream": True,
        "gen_ai.request.temperature": 0.3,
        "gen_ai.conversation.id": again["session_id"],
        "gen_ai.response.model": "glm-5",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": again["usage"]["prompt_tokens"],
        "gen_ai.usage.output_tokens": again["usage"]["completion_tokens"],
        "gen_ai.usage.cache_read.input_tokens": again["usage"]["cached_tokens"],
        "gen_ai.usage.reasoning.output_tokens": again["usage"]["reasoning_tokens"],
    }
    assert answer["session_id"] != again["session_id"]


def test_each_attempt_that_fails_is_a_span_with_its_error(tmp_path: Path) -> None:
    script: list[Step] = [ErrorReply(500, None, "amber-provider"), ErrorReply(401, "1000", "amber-provider")]
    with traced(tmp_path, script) as (service, memory):
        service.post("/v1/query", {"question": QUESTION, "mode": "retrieve"}, 502)
        spans = await_spans(memory, "POST /v1/query")

    chats = [span for span in spans if span.name == "chat glm-5"]
    assert [span.attributes["error.type"] for span in chats if span.attributes] == [
        "ModelFailed",
        "KeyRejected",
    ]
    assert {span.status.status_code for span in chats} == {StatusCode.ERROR}
    assert "amber" not in words(spans)
    assert not any(span.events for span in spans)


def test_tools_of_an_agent_and_jobs_are_spans(tmp_path: Path) -> None:
    def using(request: Recorded) -> Step:
        if any(turn["role"] == "tool" for turn in request.messages):
            return Reply("The rent is amber-answer [D1:1].")
        call = ToolCall("call-1", "search_documents", json.dumps({"query": "amber-question"}))
        return Reply(tool_calls=(call,))

    with traced(tmp_path, using) as (service, memory):
        service.ask(QUESTION, mode="agent")
        sent = {"file": ("more.md", b"# More\n\nAmber-document.\n")}
        service.http.post("/v1/documents", files=sent, data={"collection": "default"})
        spans = await_spans(memory, "job upload")

    tool = named(spans, "execute_tool search_documents")
    assert dict(tool.attributes or {}) == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "search_documents",
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": "call-1",
    }
    assert tool.context is not None
    assert parent_of(tool) == parent_of(named(spans, "prepare"))
    assert tool.context.span_id in {parent_of(span) for span in spans if span.name == "search"}
    assert "amber" not in words(spans).lower()


def test_texts_that_are_sent_to_be_embedded_are_counted_and_not_told() -> None:
    memory = InMemorySpanExporter()
    observer = Observer(tracer=OpenTelemetry(SimpleSpanProcessor(memory)))
    embedder = WordEmbedder()
    watched = Watched(embedder, lambda: observer.embeddings("m-1", embedder.dimensions))

    assert (watched.embed(["amber"]) == embedder.embed(["amber"])).all()
    assert (watched.identity, watched.dimensions) == (embedder.identity, embedder.dimensions)
    (span,) = memory.get_finished_spans()
    assert (span.name, span.kind) == ("embeddings m-1", SpanKind.CLIENT)
    assert "amber" not in span.to_json()


def test_a_collector_is_never_told_a_question(tmp_path: Path) -> None:
    """The setting is about this machine's log; where spans go, no collection's egress was asked."""
    with traced(tmp_path, cited, log_content=True) as (service, memory):
        service.ask(QUESTION, mode="retrieve")
        spans = await_spans(memory, "POST /v1/query")

    assert named(spans, "prepare")
    assert not [span for span in spans if QUESTION in span.to_json()]


def test_they_are_sent_to_the_collector_of_the_settings(tmp_path: Path) -> None:
    received: list[tuple[str, ExportTraceServiceRequest]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                raise AssertionError
            received.append((self.path, ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:  # type: ignore[override]
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    with live(Settings(data=tmp_path / "data", telemetry_url=url)) as service:
        service.get("/healthz")
    server.shutdown()
    thread.join()
    server.server_close()

    spans = [
        (resource.resource, span)
        for path, request in received
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
        if path == "/v1/traces"
    ]
    assert [span.name for _, span in spans] == ["GET /healthz"]
    named_by = {attribute.key: attribute.value.string_value for attribute in spans[0][0].attributes}
    assert named_by["service.name"] == "lectern"


def test_nothing_of_it_is_loaded_unless_it_is_asked_for() -> None:
    program = (
        "import sys, service.wiring, service.http.app\n"
        "loaded = [n for n in sys.modules if n.startswith('opentelemetry.') and 'sdk' in n]\n"
        "assert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_without_the_extra_the_setting_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "service.telemetry")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    settings = Settings(data=tmp_path, telemetry_url="http://127.0.0.1:1")

    with (
        pytest.raises(SettingsError, match="telemetry_url: traces need OpenTelemetry"),
        open_services(settings),
    ):
        pass


def await_spans(memory: InMemorySpanExporter, name: str, times: int = 1) -> Sequence[ReadableSpan]:
    """All that have ended once so many of this name have."""
    for _ in range(400):
        spans = memory.get_finished_spans()
        if sum(span.name == name for span in spans) >= times:
            return spans
        threading.Event().wait(0.05)
    raise AssertionError([span.name for span in memory.get_finished_spans()])
