"""What a backup says of itself: the first member of the archive, and the measure of all others."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, cast

from ingest.errors import PermanentError

FORMAT = 1
"""Of the archive; an older Lectern refuses a newer one."""
NAME = "manifest.json"
LARGEST_MANIFEST = 256 * 2**20
"""Bytes; two million files fit."""
_PARTS = ("catalog.sqlite", "bots.sqlite", "tokens.json", "place", "index", "uploads")
"""What stands at the top of a data folder and in a backup; ``index.512`` counts as ``index``."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


class UnusableBackup(PermanentError):
    """It is no backup, damaged, of a newer Lectern, or cannot be made there. Nothing has been changed."""


class FolderInUse(PermanentError):
    """The data folder holds data, or somebody works in it. Nothing has been changed."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive."""

    path: str
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole backup. Of a catalog in PostgreSQL ``schema`` is empty: it is not in it."""

    created_at: str
    schema: str
    files: tuple[Member, ...]
    left_out: tuple[str, ...] = ()
    """What the data folder does not hold, and what saves it."""
    lectern: str = version("lectern")
    format: int = FORMAT

    def encode(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False).encode("utf-8", "surrogateescape")


def decode(data: bytes, *, head: str) -> Manifest:
    """Read and check a manifest; ``head`` is the newest schema that this Lectern knows.

    Raises:
        UnusableBackup: it is none, it is of a newer Lectern, or it names files that no backup holds.
    """
    try:
        values = cast("dict[str, Any]", json.loads(data.decode("utf-8", "surrogateescape")))
        found = int(values["format"])
        if found > FORMAT:
            raise UnusableBackup(f"the backup is of a newer Lectern ({values['lectern']}, format {found})")
        files = tuple(_member(entry) for entry in values["files"])
        left_out = tuple(map(str, values["left_out"]))
        made = Manifest(
            str(values["created_at"]), str(values["schema"]), files, left_out, str(values["lectern"]), found
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnusableBackup("the file is no backup of Lectern: its manifest cannot be read") from error
    if made.schema > head:
        raise UnusableBackup(
            f"the backup is of a newer Lectern ({made.lectern}): its catalog has schema {made.schema}, "
            f"and this one knows {head}"
        )
    if len({member.path for member in files}) < len(files):
        raise UnusableBackup("the manifest names a file twice")
    return made


def _member(entry: dict[str, Any]) -> Member:
    member = Member(str(entry["path"]), int(entry["size"]), str(entry["sha256"]))
    parts = member.path.split("/")
    top = "index" if re.fullmatch(r"index\.[0-9]+", parts[0]) else parts[0]
    strange = any(part in {"", ".", ".."} or "\\" in part or "\0" in part for part in parts)
    if top not in _PARTS or strange or member.size < 0 or not _DIGEST.fullmatch(member.sha256):
        raise UnusableBackup(f"the manifest names {member.path!r}, which no backup holds")
    return member
