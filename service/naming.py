"""The rules for names and ids that callers give: over HTTP, and before the audit log notes one."""

from __future__ import annotations

import re

LONGEST_NAME = 200
"""Code points of a collection's name."""
COLLECTION_NAME = r"^[^\x00-\x1f\x7f]+$"
_COLLECTION = re.compile(r"[^\x00-\x1f\x7f]+")
_ID = re.compile(r"[\w.:%@-]{1,200}")


def name_or_nothing(said: object) -> str:
    """What may be a collection's name; empty where no collection can have this one."""
    is_name = isinstance(said, str) and len(said) <= LONGEST_NAME and _COLLECTION.fullmatch(said)
    return str(said) if is_name else ""


def id_or_nothing(said: object) -> str:
    """What may be an id, a recipient or an address, none of which holds white space; else empty."""
    return said if isinstance(said, str) and _ID.fullmatch(said) else ""
