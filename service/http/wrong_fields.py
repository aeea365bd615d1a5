"""Fields of a request that are wrong, in so many words as somebody would read, however many there are."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_TOLD = 20
"""Whoever mends these sends the request again, and hears of the next ones."""
NOT_BLANK = r"\S"
"""What a text holds that says something, as an expression."""
_LONGEST_NAME = 200
"""Code points of a field's place: an unknown name is as long as its sender likes."""


def wrong_fields(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The first of a validation's errors: where each is, and what may be there; never what was there."""
    return [{"field": _place(error), "message": _message(error)} for error in islice(errors, MOST_TOLD)]


def in_one_line(fields: Sequence[Mapping[str, str]], found: int) -> str:
    """The same for people; ``found`` errors there were in all."""
    more = [f"and {found - len(fields):,} more"] if found > len(fields) else []
    return "; ".join([*(f"{each['field']}: {each['message']}" for each in fields), *more])


def _message(error: Mapping[str, Any]) -> str:
    """Of a text that must not be blank so, not the expression that tells."""
    bounds: Mapping[str, Any] = error.get("ctx", {})
    is_empty = error.get("type") == "string_too_short" and bounds.get("min_length") == 1
    return "must not be blank" if is_empty or bounds.get("pattern") == NOT_BLANK else str(error["msg"])


def _place(error: Mapping[str, Any]) -> str:
    place = ".".join(map(str, error["loc"]))
    return place if len(place) <= _LONGEST_NAME else f"{place[:_LONGEST_NAME]}…"
