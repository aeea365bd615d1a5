"""The tools for agents over the Model Context Protocol, by its own package: over stdio, and over HTTP."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import CallToolResult, ListToolsResult, TextContent, Tool, ToolAnnotations
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS

from ingest.catalog.audit_records import OK
from service.knowledge.auditing import entry_of_call
from service.knowledge.calls import ClientLeft, RunningCalls
from service.knowledge.tools import INSTRUCTIONS, Caller, CallFailed, knowledge_tools

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp.server.context import ServerRequestContext
    from mcp.types import CallToolRequestParams, ContentBlock, PaginatedRequestParams

    from service.access.caller import Caller as AccessCaller
    from service.egress import Noting
    from service.knowledge.desk import Desk
    from service.knowledge.tools import KnowledgeTool

    _Context = ServerRequestContext[dict[str, Any], Any]

AgentServer = Server[dict[str, Any]]
AgentSessions = StreamableHTTPSessionManager
VERSIONS_WITH_SESSIONS = frozenset(HANDSHAKE_PROTOCOL_VERSIONS)
"""Of the protocol over HTTP; whoever names another one begins no session."""
_MOST_SESSIONS = 5_000
"""Of agents at once, in all; how many of them one key may have, `service.http.agent_sessions` says."""


def create_server(
    desk_of: Callable[[object], Desk],
    address: Callable[[str], str],
    audit: Noting | None = None,
    over_of: Callable[[object], asyncio.Event | None] = lambda _: None,
) -> AgentServer:
    """A server of the tools.

    Args:
        desk_of: who does their work for a request, which is None over stdio.
        address: what links begin with, from the address that the request came to, which is empty over
            stdio; an empty answer makes no links.
        audit: takes note of the calls.
        over_of: set once a request is over, and a call that it brought in vain.
    """
    calls = RunningCalls()
    tools = {tool.name: tool for tool in knowledge_tools()}
    listed = ListToolsResult(tools=[_described(tool) for tool in tools.values()])

    async def list_tools(_: _Context, __: PaginatedRequestParams | None) -> ListToolsResult:
        return listed

    async def call_tool(context: _Context, params: CallToolRequestParams) -> CallToolResult:
        tool = tools.get(params.name)
        if tool is None:
            return _said(f"there is no such tool; the tools are {', '.join(tools)}", is_error=True)
        desk, given = desk_of(context.request), params.arguments or {}

        def note(outcome: str) -> None:
            if audit is not None:
                audit.note(entry_of_call(tool.name, given, desk, outcome, _peer(context)))

        base = "" if context.request is None else str(context.request.base_url)
        try:
            result, told = await calls.run(
                lambda: tool.call(given, Caller(desk, address(base), _reporting(context))),
                desk.caller,
                over_of(context.request),
            )
        except ClientLeft as left:
            note("cancelled")
            return _said(str(left), is_error=True)
        except CallFailed as error:
            note(type(error.__cause__ or error).__name__)
            return _said(str(error), is_error=True)
        except asyncio.CancelledError:
            note("cancelled")
            raise
        note(OK)
        return _said(told, result.model_dump(mode="json"))

    return Server(
        "lectern",
        title="Lectern",
        version=version("lectern"),
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def serve_stdio(server: AgentServer) -> None:
    """Serve the client at standard input and output until it leaves; what else is printed goes to stderr."""
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def as_principal(caller: AccessCaller) -> AuthenticatedUser:
    """Who asks, as the package tells them apart: a session answers none but the key that has begun it."""
    return AuthenticatedUser(AccessToken(token="", client_id=caller.key, subject=caller.tenant, scopes=[]))


def http_sessions(server: AgentServer, *, idle: float) -> AgentSessions:
    """Serves it over HTTP while its ``run()`` is entered; keys, hosts and origins are checked before it.

    A session that says nothing for ``idle`` seconds is forgotten.
    """
    return AgentSessions(server, max_sessions=_MOST_SESSIONS, session_idle_timeout=idle)


def _peer(context: _Context) -> str | None:
    """Where a call comes from over HTTP, empty where that is not known; None over stdio."""
    if context.request is None:
        return None
    return context.request.client.host if context.request.client else ""


def _described(tool: KnowledgeTool[Any, Any]) -> Tool:
    return Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.takes.model_json_schema(),
        output_schema=tool.gives.model_json_schema(mode="serialization"),
        annotations=ToolAnnotations(
            title=tool.title,
            read_only_hint=True,
            destructive_hint=False,
            idempotent_hint=True,
            open_world_hint=False,
        ),
    )


def _reporting(context: _Context) -> Callable[[str], Any]:
    """Reports of a call, numbered: what is said of it must grow. Nothing is sent to who wants none."""
    said = 0

    async def report(message: str) -> None:
        nonlocal said
        said += 1
        await context.session.report_progress(said, message=message)

    return report


def _said(text: str, structured: object = None, *, is_error: bool = False) -> CallToolResult:
    content: list[ContentBlock] = [TextContent(type="text", text=text)]
    return CallToolResult(content=content, structured_content=structured, is_error=is_error)
