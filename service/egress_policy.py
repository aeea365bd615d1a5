"""Who may be shown the text of a collection: anybody, nobody, or these; and how a recipient is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from service.models.providers import Provider

ANY = "any"
NONE = "none"
LOCAL = "local"
"""Names every server that answers on this machine's own loopback addresses."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[?[0-9a-f:.]*:[0-9a-f:.]*\]?")
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Recipient:
    """A server that text could be sent to."""

    name: str
    """As people are told it."""
    names: frozenset[str]
    """All that a policy may allow it by."""

    @classmethod
    def at(cls, address: str, provider: Provider | None = None) -> Self:
        """The server at a URL, known by its host; on loopback by ``local``, too.

        A preset's name stands for it where the preset's own hosts hold it or, of presets for servers of one's
        own, wherever that is. The preset of which nothing is known names nobody.
        """
        host = (urlsplit(address).hostname or "").lower()
        names = {host} - {""}
        if _is_loopback(host):
            names.add(LOCAL)
        if provider is not None and (provider.own or provider.is_at(host)):
            return cls(provider.name, frozenset({*names, provider.name}))
        return cls(host, frozenset(names))


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Which recipients are allowed; None allows any, the empty set none, this machine's own included."""

    allowed: frozenset[str] | None

    @classmethod
    def parse(cls, said: str) -> Self:
        """``any``, ``none``, or names of recipients between commas.

        Raises:
            ValueError: what was said is none of these.
        """
        names = [name.strip().lower() for name in said.split(",")]
        if names == [ANY]:
            return cls(None)
        if names == [NONE]:
            return cls(frozenset())
        if len(said) > _LONGEST or {ANY, NONE} & set(names) or not all(map(_NAME.fullmatch, names)):
            raise ValueError(
                "must be any, none, or names between commas: of presets (zai, vllm, …), of hosts, "
                "or local for servers on this machine"
            )
        return cls(frozenset(name.strip("[]") for name in names))

    def permits(self, recipient: Recipient) -> bool:
        """Whether this recipient may be shown text."""
        return self.allowed is None or not self.allowed.isdisjoint(recipient.names)

    def __str__(self) -> str:
        """As `parse` reads it."""
        if self.allowed is None:
            return ANY
        return ",".join(sorted(self.allowed)) or NONE


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
