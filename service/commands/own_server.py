"""How a command comes to the server that runs over the same data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.client import Client

if TYPE_CHECKING:
    from service.running import RunningServer
    from service.settings import Settings


def client_of(server: RunningServer, settings: Settings) -> Client:
    """A client as the settings' tenant: who reads the data folder needs no access key.

    A server of an older version announces no token; it is asked with the settings' key, if there is one.
    """
    if server.token:
        return Client(server.url, server.token, tenant=settings.tenant)
    key = settings.access_key
    return Client(server.url, key.get_secret_value() if key else None)
