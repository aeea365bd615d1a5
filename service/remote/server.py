"""Where a server is, and what every request to it carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

TENANT_HEADER = "Lectern-Tenant"
"""Names the tenant that a command works as; only the token of a server's own machine may use it."""
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Server:
    """An address and the key that opens it; the key is in no representation of it."""

    scheme: str
    host: str
    port: int
    prefix: str
    """Path in front of every route, where a proxy puts one; without a slash at its end."""
    headers: dict[str, bytes] = field(repr=False)

    @property
    def url(self) -> str:
        """Its address, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.prefix}"


def server_at(url: str, access_key: str | None, tenant: str | None = None) -> Server:
    """The server at an address such as ``https://lectern.example/team``.

    Args:
        url: its address.
        access_key: what opens it, if anything must.
        tenant: whose data is meant, where the key alone does not say so.

    Raises:
        ValueError: that is no address of a server, or no key that a header can hold; neither is repeated.
    """
    address = urlsplit(url)
    if address.scheme not in _PORTS or not address.hostname or address.query or address.fragment:
        raise ValueError("the address of a server is http://HOST[:PORT][/PATH], or https")
    if address.username is not None:
        raise ValueError("a server's key is not part of its address: give it as access_key")
    return Server(
        address.scheme,
        address.hostname,
        address.port or _PORTS[address.scheme],
        address.path.rstrip("/"),
        _headers(access_key, tenant),
    )


def _headers(access_key: str | None, tenant: str | None) -> dict[str, bytes]:
    headers = {"Accept-Encoding": b"identity", "User-Agent": b"lectern"}
    if access_key:
        if not access_key.isprintable() or any(ord(character) > 0xFF for character in access_key):  # noqa: PLR2004 — Latin-1
            raise ValueError("the access key holds characters that no header can")
        headers["Authorization"] = f"Bearer {access_key}".encode("latin-1")
    if tenant:
        headers[TENANT_HEADER] = quote(tenant).encode("ascii")
    return headers
