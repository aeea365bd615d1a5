"""Fields inside one sparse vector: the same term has another index in each of them.

So one search asks several fields at once, each with weights of its own, and the store counts how rare a term
is in each field for itself.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from ingest.store.contract import SparseVector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Field(IntEnum):
    """A term's index is its id XOR this number. Ids are below 2³¹, so `TEXT` shares no index with another."""

    TEXT = 0
    """Of a chunk: its words, its neighbours' and its heading's. Of a document: its title and opening."""
    HEADING = 0x9E3779B1
    """Of the first chunk under a heading: the heading's words."""
    LOOSE = 0xD6E8FEB9
    """Of a chunk: the looser terms of its words, see `ingest.terms`."""
    WHOLE = 0x85EBCA6B
    """Of a document: all its words."""
    NAMES = 0xC2B2AE35
    """Of a document: its title or path, its headings or what it defines."""


TEXT_ENDS = 2**31
"""Below it stand the terms of `Field.TEXT` alone: ids are below it, see `ingest.terms.term_id`."""


def in_field(terms: Sequence[int] | NDArray[np.int64], field: Field) -> NDArray[np.int64]:
    """The indices of terms in a field, in the order of the terms."""
    return np.asarray(terms, dtype=np.int64) ^ int(field)


def text_of(vector: SparseVector) -> SparseVector:
    """The part of a point's vector that is its `Field.TEXT`."""
    inside = vector.indices < TEXT_ENDS
    return SparseVector(vector.indices[inside], vector.values[inside])
