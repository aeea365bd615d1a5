"""Which Lectern a machine runs: two that differ would fill one index with what does not fit together."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from importlib.metadata import version
from typing import TYPE_CHECKING

from ingest import chunks
from ingest.errors import ClusterRefused
from ingest.media import media_types
from ingest.reading import readers_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Build:
    """What decides how a file becomes chunks."""

    lectern: str
    chunker: str
    readers: str
    """A digest of the names and versions of all."""

    def __str__(self) -> str:
        """As people are told it."""
        return f"Lectern {self.lectern} ({self.chunker}, readers {self.readers})"


def this_build() -> Build:
    """The one that runs here."""
    names = "\n".join(f"{kind} {readers_of(kind)}" for kind in sorted(media_types()))
    return Build(version("lectern"), chunks.VERSION, blake2b(names.encode(), digest_size=4).hexdigest())


def require_same(ours: Build, theirs: Mapping[str, Build | str]) -> None:
    """Compare with what runs on the machines of a cluster; a text says why nothing is known of one.

    Raises:
        ClusterRefused: one is another, or has none.
    """
    wrong = [f"{machine}: {build}" for machine, build in theirs.items() if build != ours]
    if wrong:
        raise ClusterRefused(
            f"every machine of the Ray cluster needs the same Lectern as this one, {ours}; "
            f"there is {'; '.join(wrong)}"
        )
