"""From a request to the JSON of a chat completion, as the provider's row of the table wants it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from service.models.checking import check_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.models.contract import Message, ModelRequest, Tool
    from service.models.providers import Provider


def request_body(request: ModelRequest, provider: Provider, model: str) -> dict[str, object]:
    """The JSON object to send; ``model`` answers where the request names none.

    Raises:
        InvalidRequest: a field holds what GLM-5, or this provider, does not take.
    """
    check_request(request, provider)
    body: dict[str, object | None] = {
        "model": request.model or model,
        "messages": [_message(message, provider) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True} if provider.include_usage else None,
        provider.max_tokens_field: request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "tools": [_tool(tool) for tool in request.tools] or None,
        "tool_choice": request.tool_choice,
        "tool_stream": request.tool_stream if provider.tool_stream else None,
        "stop": [request.stop] if request.stop is not None else None,
        "response_format": {"type": request.response_format} if request.response_format else None,
        provider.user_field: request.user_id,
        # An empty one is an error to vLLM.
        "cache_salt": (request.cache_salt or None) if provider.cache_salt else None,
    }
    body |= _thinking(request, provider)
    if provider.request_id_field:
        body[provider.request_id_field] = request.request_id
    return _given(body)


def request_headers(request: ModelRequest, provider: Provider) -> dict[str, str]:
    """The headers that this request adds."""
    if provider.session_header is None or not request.session:
        return {}
    return {provider.session_header: request.session}


def _thinking(request: ModelRequest, provider: Provider) -> dict[str, object]:
    """Thinking is on where nothing is said, so keeping its traces alone means "enabled"."""
    if request.thinking is None and request.clear_thinking is None:
        return {}
    enabled = request.thinking is not False
    match provider.thinking:
        case "thinking":
            switch = {"type": "enabled" if enabled else "disabled", "clear_thinking": request.clear_thinking}
            return {"thinking": _given(switch)}
        case "chat_template":
            switch = {"enable_thinking": enabled, "clear_thinking": request.clear_thinking}
            return {"chat_template_kwargs": _given(switch)}
        case "reasoning":
            return {"reasoning": {"enabled": enabled}}
        case "none":
            return {}


def _given(fields: Mapping[str, object | None]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _message(message: Message, provider: Provider) -> dict[str, object]:
    rendered: dict[str, object] = {"role": message.role, "content": message.content}
    if message.reasoning and provider.reasoning_field:
        rendered[provider.reasoning_field] = message.reasoning
    if message.tool_calls:
        rendered["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id:
        rendered["tool_call_id"] = message.tool_call_id
    return rendered


def _tool(tool: Tool) -> dict[str, object]:
    function: dict[str, object] = {
        "name": tool.name,
        "description": tool.description,
        "parameters": json.loads(tool.parameters),
    }
    return {"type": "function", "function": function}
