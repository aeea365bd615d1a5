"""``lectern mcp``: the tools for agents over standard input and output."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import click

from service.access.caller import Caller
from service.access.view import View
from service.commands import options
from service.knowledge.desk import Desk
from service.mcp_server import create_server, serve_stdio
from service.running import find_server
from service.wiring import open_services

if TYPE_CHECKING:
    from service.services import Services
    from service.settings import Settings


@click.command(short_help="Let coding agents and assistants ask, over stdio.")
@options.collection
def command(collection: str | None) -> None:
    """Serve the Model Context Protocol over standard input and output; the client starts this command.

    Its tools are search, ask, read_passages, list_documents and list_collections. Links in results lead to a
    server over the same data where one runs, or to the setting public_url. A running server serves the same
    tools at /mcp.
    """
    # Whoever waits for a client's next line hears of no interrupt, and so would not end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    settings = options.settings()
    with open_services(settings) as services:
        asyncio.run(_serve(services, collection))


async def _serve(services: Services, collection: str | None) -> None:
    desk = Desk(View(services, Caller(services.settings.tenant)), collection=collection)
    try:
        server = create_server(lambda _: desk, lambda _: _address(services.settings), services.audit)
        await serve_stdio(server)
    finally:
        await services.close_model()


def _address(settings: Settings) -> str:
    """Looked up for every call: a server may begin or end meanwhile."""
    server = find_server(settings.data)
    return settings.public_url or (server.url if server else "")
