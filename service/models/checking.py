"""What can be said of a request before it is sent: limits of GLM-5's chat completions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from service.models.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.models.contract import Message, ModelRequest, Tool
    from service.models.providers import Provider

MOST_OUTPUT = 131_072
"""Tokens."""
MOST_TOOLS = 128


def check_request(request: ModelRequest, provider: Provider) -> None:
    """Refuse what the provider would refuse, with the field's name.

    Raises:
        InvalidRequest: the first field that is wrong.
    """
    for field, complaint in _complaints(request, provider):
        raise InvalidRequest(field, complaint)


def _complaints(request: ModelRequest, provider: Provider) -> Iterator[tuple[str, str]]:
    yield from _messages(request.messages)
    yield from _sampling(request)
    yield from _tools(request.tools)
    if request.tool_choice is not None and request.tool_choice not in provider.tool_choices:
        known = ", ".join(sorted(provider.tool_choices))
        yield "tool_choice", f"{provider.name} takes {known}, not {request.tool_choice}"


def _messages(messages: tuple[Message, ...]) -> Iterator[tuple[str, str]]:
    if not messages:
        yield "messages", "there are none"
    for message in messages:
        if not (_is_unicode(message.content) and _is_unicode(message.reasoning)):
            yield "messages", "half of a surrogate pair cannot be sent"


def _sampling(request: ModelRequest) -> Iterator[tuple[str, str]]:
    if not 1 <= request.max_tokens <= MOST_OUTPUT:
        yield "max_tokens", f"{request.max_tokens} is not within 1..{MOST_OUTPUT}"
    if request.temperature is not None and not 0 <= request.temperature <= 1:
        yield "temperature", f"{request.temperature} is not within 0..1"
    if request.top_p is not None and not 0 < request.top_p <= 1:
        yield "top_p", f"{request.top_p} is not above 0 and at most 1"
    if request.stop == "":
        yield "stop", "the text to stop at is empty"


def _tools(tools: tuple[Tool, ...]) -> Iterator[tuple[str, str]]:
    if len(tools) > MOST_TOOLS:
        yield "tools", f"{len(tools)} are more than {MOST_TOOLS}"
    for tool in tools:
        if not _is_object(tool.parameters):
            yield "tools", f"the parameters of {tool.name!r} are no JSON object"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
