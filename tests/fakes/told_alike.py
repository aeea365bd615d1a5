"""Answers of two servers made comparable: without times, and with a symbol for every id made by chance."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx2

    from tests.fakes.parties import World

TIMES = frozenset(
    {
        "created",
        "created_at",
        "started_at",
        "finished_at",
        "milliseconds",
        "median_milliseconds",
        "slow_milliseconds",
        "timings_ms",
        "answered_at",
        "used_at",
    }
)
TOKENS = frozenset(
    {
        "cache",
        "cached_ratio",
        "cached_tokens",
        "cost",
        "expected_tokens",
        "expected_usd",
        "held_before",
        "planned_tokens",
        "predicted_cached_tokens",
        "prompt_tokens",
        "saved_usd",
        "sends",
        "sent",
        "tokens",
        "total_tokens",
        "usage",
        "usd",
    }
)
"""What one tenant's keys share: its part of the provider's cache, and what was learnt of the tokenizer."""
_SUMS = frozenset({"usd", "saved_usd"})
_MADE = frozenset({"id", "session_id", "document_id"})
_ID = re.compile(r"[A-Za-z0-9_-]{11,}")
_NAMED = re.compile(r"(review-|chatcmpl-)?(.*)", re.DOTALL)
_IMAGE = "image/"
_ABOUT_WORDS = {"citation": "index", "claim": "start"}
"""Events that are told between the words, and which of their fields says of which ones."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it is compared."""

    status: int
    kind: str
    body: Any
    headers: tuple[str, ...]
    """Their names."""


def told_by(world: World, response: httpx2.Response, *, shared_tokens: bool = False) -> Told:
    """The answer of a world; ``shared_tokens`` leaves out what the keys of one tenant share."""
    left_out = TIMES | TOKENS if shared_tokens else TIMES
    kind = response.headers.get("content-type", "")
    if kind.startswith(_IMAGE):
        body: Any = sha256(response.content).hexdigest()
    else:
        body = [_plain(world, part, left_out) for part in _parts(response)]
    names = sorted({name for name in response.headers if name != "content-length"})
    return Told(response.status_code, kind, body, tuple(names))


def _parts(response: httpx2.Response) -> list[Any]:
    """JSON values: of a document or of the frames of a stream; else the text."""
    kind = response.headers.get("content-type", "")
    if "json" in kind:
        return [response.json()] if response.content else []
    if "event-stream" not in kind:
        return [response.text]
    return _gathered([_frame(frame) for frame in response.text.split("\n\n") if frame.strip()])


def _frame(written: str) -> tuple[str, Any]:
    """The event's name, empty where it has none, and its data."""
    fields = {name: value for name, _, value in (line.partition(": ") for line in written.splitlines())}
    said = fields.get("data", written)
    try:
        return fields.get("event", ""), json.loads(said)
    except ValueError:
        return fields.get("event", ""), said


def _gathered(frames: Sequence[tuple[str, Any]]) -> list[Any]:
    """The frames of a stream, however the words came: those that arrive together are passed on together.

    So all words are one, and what is told of them between is in the order of the places that it is about.
    """
    words: dict[str, str] = {}
    told: list[tuple[str, Any]] = []
    others: list[Any] = []
    for name, value in frames:
        said = _words(name, value)
        for kind, text in said.items():
            words[kind] = words.get(kind, "") + text
        if name in _ABOUT_WORDS:
            told.append((name, value))
        elif not said:
            others.append([name, value])
    told.sort(
        key=lambda one: (one[0], one[1][_ABOUT_WORDS[one[0]]])
    )  # stable: the last one of a place stays it
    return [*others, *map(list, told), words]


def _words(name: str, value: Any) -> dict[str, str]:  # noqa: ANN401 — JSON
    """By their kind, those of a frame that holds nothing else."""
    if name in {"delta", "reasoning"}:
        return {name: value["text"]}
    try:
        (choice,) = value["choices"]
        delta = choice["delta"]
    except (KeyError, TypeError, ValueError):
        return {}
    if choice.get("finish_reason") or delta.get("annotations") or "role" in delta:
        return {}
    return {kind: delta[kind] for kind in ("content", "reasoning_content") if delta.get(kind)}


def _plain(world: World, value: Any, left_out: frozenset[str]) -> Any:  # noqa: ANN401 — JSON
    if isinstance(value, dict):
        named = cast("Mapping[str, Any]", value)
        for name in _MADE & named.keys():
            _learn(world, named[name])
        made = {name: _plain(world, held, left_out) for name, held in named.items() if name not in left_out}
        made |= {name: _dollars(made[name]) for name in _SUMS & made.keys()}
        return {**made, "rows": sorted(made["rows"], key=repr)} if made.get("by") == "key" else made
    if isinstance(value, list):
        return [_plain(world, one, left_out) for one in cast("list[Any]", value)]
    if isinstance(value, str):
        return symbols(world, value)
    return value


def _dollars(value: Any) -> Any:  # noqa: ANN401 — JSON
    """A sum depends on its order in the last digits, and calls have their ids by chance."""
    return round(value, 12) if isinstance(value, float) else value


def symbols(world: World, text: str) -> str:
    """A text with symbols in place of ids and of the server's address."""
    return _ID.sub(lambda found: _symbol(world, found[0]), text.replace(world.service.url, "http://server"))


def _symbol(world: World, identity: str) -> str:
    found = _NAMED.fullmatch(identity)
    assert found is not None
    return (found[1] or "") + world.known.get(found[2], found[2])


def _learn(world: World, identity: object) -> None:
    """An id that was made by this answer, unless it is one that everybody could name."""
    if not isinstance(identity, str) or not _ID.fullmatch(identity):
        return
    found = _NAMED.fullmatch(identity)
    assert found is not None
    world.learn(found[2])
