"""Turns by what people saw of them: a client's history leads back to the conversation it came from."""

from __future__ import annotations

import json
from hashlib import blake2b
from itertools import accumulate
from typing import TYPE_CHECKING

from service.additions import bare

if TYPE_CHECKING:
    from collections.abc import Iterable

_BYTES = 16


def fingerprints(tenant: str, collection: str, turns: Iterable[tuple[str, str, str]]) -> list[str]:
    """One for each turn, over it and all before it: equal for equal beginnings, 32 hexadecimal digits.

    Args:
        tenant: nobody else's turns are alike.
        collection: likewise.
        turns: of each the label of the access key, the question, and the answer as it was shown; white
            space counts for nothing but a border of words, and what looks like an addition to an answer
            for nothing: whether it is one cannot be told from a client's copy.
    """
    root = _digest("", tenant, collection)
    chained = accumulate(
        turns,
        lambda parent, turn: _digest(parent, turn[0], _words(turn[1]), _words(bare(turn[2]))),
        initial=root,
    )
    return list(chained)[1:]


def _words(text: str) -> str:
    return " ".join(text.split())


def _digest(*parts: str) -> str:
    content = json.dumps(parts).encode()  # lone surrogates are escaped, borders are unambiguous
    return blake2b(content, digest_size=_BYTES, person=b"lectern-turn").hexdigest()
