"""Synthetic copies of real documents: as long, as like each other, and with names of their own."""

from __future__ import annotations

import random
import re
import string
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.evaluation.dataset import LabelledDocument

RARE = 2
"""A word of so many documents at most is a name, a number, an identifier: no two documents share many."""
_WORD = re.compile(r"[^\W_]{4,}")


class Copier:
    """Makes documents whose rare words are others, so that a vocabulary grows with them as it really does."""

    def __init__(self, documents: Iterable[LabelledDocument]) -> None:
        held = Counter(word for document in documents for word in set(_WORD.findall(document.text)))
        self._rare = frozenset(word for word, count in held.items() if count <= RARE)

    def copy(self, document: LabelledDocument, number: int) -> LabelledDocument:
        """The copy of this number, from 1; all offsets stay as they are."""
        letters = _others(number)

        def renamed(found: re.Match[str]) -> str:
            word = found.group()
            return word.translate(letters) if word in self._rare else word

        return replace(
            document,
            id=f"{document.id} copy {number}",
            path=f"copy {number}/{document.path}",
            text=_WORD.sub(renamed, document.text),
        )


def _others(number: int) -> Mapping[int, int]:
    """Another letter for each Latin letter and another digit for each digit, for each number."""
    chance = random.Random(number)
    small = chance.sample(string.ascii_lowercase, 26)
    digits = chance.sample(string.digits, 10)
    ours = string.ascii_lowercase + string.ascii_uppercase + string.digits
    return str.maketrans(ours, "".join([*small, *map(str.upper, small), *digits]))
