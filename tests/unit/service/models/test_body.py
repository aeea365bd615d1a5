"""The JSON that goes out, byte for byte, for each row of the capability table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.models.body import request_body, request_headers
from service.models.contract import (
    Message,
    ModelRequest,
    ResponseFormat,
    Tool,
    ToolCall,
    ToolChoice,
)
from service.models.errors import InvalidRequest
from service.models.providers import GENERIC, PROVIDERS

if TYPE_CHECKING:
    from service.models.providers import Provider

ZAI, VLLM = PROVIDERS["zai"], PROVIDERS["vllm"]
HELLO = (Message("user", "Who signs?"),)
SEARCH = Tool("search", "Find passages.", '{"type": "object", "properties": {"q": {"type": "string"}}}')


def asked(**fields: object) -> ModelRequest:
    return ModelRequest(HELLO, **{"max_tokens": 100, **fields})  # pyright: ignore[reportArgumentType] — a table's row


def test_everything_that_zai_takes() -> None:
    request = asked(
        temperature=0.3,
        top_p=0.9,
        thinking=True,
        clear_thinking=False,
        tools=(SEARCH,),
        tool_choice="auto",
        tool_stream=True,
        stop="END",
        response_format="json_object",
        request_id="r-1",
        user_id="u-1",
        cache_salt="tenant",
        session="s-1",
    )
    assert request_body(request, ZAI, "glm-5") == {
        "model": "glm-5",
        "messages": [{"role": "user", "content": "Who signs?"}],
        "stream": True,
        "max_tokens": 100,
        "temperature": 0.3,
        "top_p": 0.9,
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "search",
                    "description": "Find passages.",
                    "parameters": {"type": "object", "properties": {"q": {"type": "string"}}},
                },
            }
        ],
        "tool_choice": "auto",
        "tool_stream": True,
        "stop": ["END"],
        "response_format": {"type": "json_object"},
        "thinking": {"type": "enabled", "clear_thinking": False},
        "request_id": "r-1",
        "user_id": "u-1",
    }
    assert request_headers(request, ZAI) == {}


def test_what_only_a_server_of_ones_own_takes() -> None:
    request = asked(cache_salt="tenant", session="s-1", request_id="r-1", user_id="u-1", tool_stream=True)
    assert request_body(request, VLLM, "zai-org/GLM-5-FP8") == {
        "model": "zai-org/GLM-5-FP8",
        "messages": [{"role": "user", "content": "Who signs?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 100,
        "cache_salt": "tenant",
        "request_id": "r-1",
        "user": "u-1",
    }
    assert request_headers(request, VLLM) == {"x-session-id": "s-1"}


def test_a_request_may_name_another_model() -> None:
    assert request_body(asked(model="glm-4.7"), ZAI, "glm-5")["model"] == "glm-4.7"


def test_a_tool_loop_goes_back_unmodified() -> None:
    turns = (
        Message("assistant", "", reasoning="look it up", tool_calls=(ToolCall("c1", "search", '{"q": 1 }'),)),
        Message("tool", "[D1:4] Ann Lee", tool_call_id="c1"),
    )
    request = ModelRequest(HELLO + turns, max_tokens=100)
    call = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"q": 1 }'}}
    assert request_body(request, ZAI, "glm-5")["messages"] == [
        {"role": "user", "content": "Who signs?"},
        {"role": "assistant", "content": "", "reasoning_content": "look it up", "tool_calls": [call]},
        {"role": "tool", "content": "[D1:4] Ann Lee", "tool_call_id": "c1"},
    ]
    generic = request_body(request, GENERIC, "glm-5")["messages"]
    assert isinstance(generic, list)
    assert generic[1] == {"role": "assistant", "content": "", "tool_calls": [call]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("messages", ()),
        ("messages", (Message("user", "half \ud800"),)),
        ("messages", (Message("assistant", "", reasoning="half \udfff"),)),
        ("max_tokens", 0),
        ("max_tokens", 131_073),
        ("temperature", -0.1),
        ("temperature", 1.1),
        ("temperature", float("nan")),
        ("top_p", 0.0),
        ("top_p", 1.1),
        ("stop", ""),
        ("tools", (SEARCH,) * 129),
        ("tools", (Tool("t", "", "[]"),)),
        ("tools", (Tool("t", "", "{"),)),
        ("tool_choice", "none"),
        ("tool_choice", "required"),
    ],
)
def test_a_bad_field_is_named_before_anything_is_sent(field: str, value: object) -> None:
    fields: dict[str, object] = {"messages": HELLO, "max_tokens": 100, field: value}
    with pytest.raises(InvalidRequest) as refused:
        request_body(ModelRequest(**fields), ZAI, "glm-5")  # pyright: ignore[reportArgumentType] — a table's row
    assert refused.value.field == field
    assert str(refused.value).startswith(f"{field}: ")
    assert refused.value.http_status == 422
    assert not refused.value.retry


@pytest.mark.parametrize(
    "fields",
    [
        {"max_tokens": 1},
        {"max_tokens": 131_072},
        {"temperature": 0.0},
        {"temperature": 1.0},
        {"top_p": 1.0},
        {"tools": (SEARCH,) * 128},
    ],
)
def test_the_limits_themselves_are_taken(fields: dict[str, object]) -> None:
    body = request_body(asked(**fields), ZAI, "glm-5")
    assert fields.keys() <= body.keys()


@given(
    provider=st.sampled_from(list(PROVIDERS.values())),
    request_=st.builds(
        ModelRequest,
        messages=st.just(HELLO),
        max_tokens=st.integers(1, 131_072),
        temperature=st.none() | st.floats(0, 1),
        thinking=st.none() | st.booleans(),
        clear_thinking=st.none() | st.booleans(),
        tools=st.sampled_from([(), (SEARCH,)]),
        tool_choice=st.sampled_from([None, *get_args(ToolChoice)]),
        response_format=st.sampled_from([None, *get_args(ResponseFormat)]),
        tool_stream=st.none() | st.booleans(),
        user_id=st.none() | st.text(),
        cache_salt=st.none() | st.text(),
    ),
)
def test_a_body_is_json_without_nulls_and_without_foreign_fields(
    provider: Provider, request_: ModelRequest
) -> None:
    if request_.tool_choice not in {None, *provider.tool_choices}:
        with pytest.raises(InvalidRequest, match="tool_choice"):
            request_body(request_, provider, "glm-5")
        return
    body = request_body(request_, provider, "glm-5")
    assert json.loads(json.dumps(body)) == body
    assert None not in body.values()
    assert ("stream_options" in body) == provider.include_usage
    assert ("cache_salt" in body) <= provider.cache_salt
    assert ("tool_stream" in body) <= provider.tool_stream
    assert ("thinking" in body) <= (provider.thinking == "thinking")
