"""The ids of models: one for each collection, with what a client that sends no fields of ours may choose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

PREFIX = "lectern/"
"""What ids begin with, so that they stand apart from other providers' in a list."""
SUFFIXES: Mapping[str, tuple[str, str]] = {
    **{way: ("citations", way) for way in ("annotations", "footnotes", "both", "none")},
    **{mode: ("mode", mode) for mode in ("pin", "retrieve", "map", "agent")},
    **{accuracy: ("accuracy", accuracy) for accuracy in ("low", "high")},
}
"""``lectern/NAME:footnotes`` says what ``lectern: {citations: "footnotes"}`` would; several may follow."""


@dataclass(frozen=True, slots=True)
class ModelName:
    """What an id means."""

    collection: str
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    """Fields of ``lectern`` by name."""


def model_id(collection: str) -> str:
    """The id under which a collection is listed."""
    return PREFIX + collection


def resolve(model: str, collections: Collection[str]) -> ModelName | None:
    """The collection that an id names, with or without the prefix; None where there is none.

    A name that ends like an option is the collection of that name, if there is one.
    """
    return next((name for name in _readings(model) if name.collection in collections), None)


def _readings(model: str) -> Iterator[ModelName]:
    for name in dict.fromkeys((model.removeprefix(PREFIX), model)):
        options: dict[str, str] = {}
        yield ModelName(name)
        rest, colon, suffix = name.rpartition(":")
        while colon and suffix in SUFFIXES:
            option, value = SUFFIXES[suffix]
            options = {option: value, **options}
            yield ModelName(rest, options)
            rest, colon, suffix = rest.rpartition(":")
