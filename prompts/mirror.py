"""A mirror of the provider's prefix cache: what it probably still holds of a prompt.

The cache itself is out of sight; providers keep the prefixes that they were sent for some minutes. The
mirror remembers the same prompts as a tree of pieces and walks a new prompt along its branches.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from prompts.pieces import opening, pieces

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from prompts.plan import PromptMessage

CAPACITY = 20_000_000
"""Code points remembered."""


@dataclass(slots=True, eq=False)
class _Node:
    """The end of a prefix: its last piece, and what has followed it."""

    piece: str
    before: _Node | None
    used: float = 0.0
    times: int = 0
    after: dict[str, _Node] = field(default_factory=dict[str, "_Node"])
    order: list[str] = field(default_factory=list[str])
    """The pieces in ``after``, sorted."""


@dataclass(frozen=True, slots=True)
class Match:
    """How much of a prompt the mirror knows."""

    characters: int
    """Of the rendered messages, from their beginning."""
    age: float = 0.0
    """Seconds since the last prompt that held all of them."""
    times: int = 0
    """Prompts that have begun with them."""


class PrefixMirror:
    """One provider's and model's cache as one tenant sees it. Times are seconds of one monotonic clock.

    Threads may share it.
    """

    def __init__(self, lifetime: float, *, sightings: int = 1, capacity: int = CAPACITY) -> None:
        """``sightings``: times that a prefix must have been sent before it is held."""
        self.lifetime = lifetime
        self.sightings = sightings
        self._capacity = capacity
        self._size = 0
        self._root = _Node("", None)
        self._nodes: OrderedDict[int, _Node] = OrderedDict()
        """By identity, the longest unused first."""
        self._holding: dict[str, dict[int, _Node]] = {}
        """By their piece, and then by identity."""
        self._lock = Lock()

    @property
    def size(self) -> int:
        """Code points that it remembers."""
        return self._size

    def shrink(self, least: int) -> int:
        """Forget the longest unused until so many code points are gone, or all are; how many went."""
        with self._lock:
            before = self._size
            self._keep(before - least)
            return before - self._size

    def cached(self, messages: Sequence[PromptMessage], now: float) -> int:
        """Code points at the front of the rendered messages that the cache should hold at ``now``."""
        return self._match(messages, now, self.lifetime, self.sightings).characters

    def known(self, messages: Sequence[PromptMessage], now: float) -> Match:
        """The longest beginning that was ever sent and not forgotten, whether it still lives or not."""
        return self._match(messages, now, float("inf"), 1)

    def sent(self, messages: Sequence[PromptMessage], now: float) -> None:
        """Remember a prompt that the provider has read."""
        with self._lock:
            node, path = self._root, list[_Node]()
            for piece in pieces(messages):
                node = node.after.get(piece) or self._grow(node, piece)
                path.append(node)
            for node in reversed(path):  # a prefix outlives what continues it
                node.used = max(node.used, now)
                node.times += 1
                self._nodes[id(node)] = node
                self._nodes.move_to_end(id(node))
            self._keep(self._capacity)

    def at(self, now: float) -> HeldPrefixes:
        """The mirror as a plan reads it."""
        return HeldPrefixes(self, now)

    def place(self, messages: Sequence[PromptMessage], now: float) -> _Node | None:
        """Where a prompt ends that begins with exactly these messages; None where none is held."""
        with self._lock:
            node = self._root
            for piece in pieces(messages):
                found = node.after.get(piece)
                if found is None or not self._lives(found, now):
                    return None
                node = found
            return node

    def following(self, node: _Node, now: float) -> list[_Node]:
        """What is held after a prefix, sorted by its text."""
        with self._lock:
            return [found for piece in node.order if self._lives(found := node.after[piece], now)]

    def leading(self, node: _Node, pieces: Iterable[str]) -> frozenset[int]:
        """Identities of the nodes after a prefix that hold one of these pieces, or lead to one that does."""
        leading, apart = set[int](), set[int]()
        with self._lock:
            for held in (held for piece in pieces for held in self._holding.get(piece, {}).values()):
                way, end = list[int](), held
                while end is not node and end.before and id(end) not in leading and id(end) not in apart:
                    way.append(id(end))
                    end = end.before
                (leading if end is node or id(end) in leading else apart).update(way)
        return frozenset(leading)

    def _match(self, messages: Sequence[PromptMessage], now: float, lifetime: float, sightings: int) -> Match:
        with self._lock:
            node, length = self._root, 0
            for piece in pieces(messages):
                found = node.after.get(piece)
                if found is None or found.used + lifetime <= now or found.times < sightings:
                    length += self._shared(node, piece, now - lifetime, sightings)
                    break
                length, node = length + len(piece), found
            return Match(length, now - node.used, node.times) if length else Match(0)

    def _lives(self, node: _Node, now: float) -> bool:
        return node.used + self.lifetime > now and node.times >= self.sightings

    def _shared(self, node: _Node, piece: str, since: float, sightings: int) -> int:
        """Code points that a piece has in common with one that is held at the same place."""
        at = bisect_left(node.order, piece)
        # The longest common beginning is found beside the place where it would be sorted in.
        beside = (
            self._first(node, side, since, sightings) for side in (node.order[:at][::-1], node.order[at:])
        )
        return max((_common(piece, other) for other in beside if other is not None), default=0)

    def _first(self, node: _Node, order: Sequence[str], since: float, sightings: int) -> str | None:
        """The first of these pieces that lives."""
        nodes = (node.after[piece] for piece in order)
        return next((one.piece for one in nodes if one.used > since and one.times >= sightings), None)

    def _grow(self, node: _Node, piece: str) -> _Node:
        grown = node.after[piece] = _Node(piece, node)
        insort(node.order, piece)
        self._holding.setdefault(piece, {})[id(grown)] = grown
        self._size += len(piece)
        return grown

    def _keep(self, most: int) -> None:
        while self._size > most and self._nodes:
            self._forget(self._nodes.popitem(last=False)[1])

    def _forget(self, node: _Node) -> None:
        assert node.before is not None
        del node.before.after[node.piece]
        del node.before.order[bisect_left(node.before.order, node.piece)]
        holding = self._holding[node.piece]
        del holding[id(node)]
        if not holding:
            del self._holding[node.piece]
        self._size -= len(node.piece)


@dataclass(frozen=True, slots=True)
class HeldPrefixes:
    """What a mirror holds at one moment."""

    mirror: PrefixMirror
    now: float

    def cached(self, messages: Sequence[PromptMessage]) -> int:
        """As `PrefixMirror.cached`."""
        return self.mirror.cached(messages, self.now)

    def after(self, messages: Sequence[PromptMessage]) -> Branch | None:
        """Where prompts go on that begin with exactly these messages; None where none is held."""
        node = self.mirror.place(messages, self.now)
        return None if node is None else Branch(self, node)


@dataclass(frozen=True, slots=True)
class Branch:
    """A held prefix, from which others go on."""

    held: HeldPrefixes
    node: _Node

    @property
    def piece(self) -> str:
        """The last piece of the prefix."""
        return self.node.piece

    def following(self, within: Collection[int] | None = None) -> list[Branch]:
        """The prefixes that are one piece longer, sorted by it; ``within`` are the ones to choose from."""
        nodes = self.held.mirror.following(self.node, self.held.now)
        return [Branch(self.held, node) for node in nodes if within is None or id(node) in within]

    def leading(self, pieces: Iterable[str]) -> frozenset[int]:
        """Which of the longer prefixes end in one of these pieces, or lead to one that does."""
        return self.held.mirror.leading(self.node, pieces)


def render(messages: Sequence[PromptMessage]) -> str:
    """The messages as one text with unambiguous borders: what providers see as the prefix."""
    return "".join(opening(message) + message.content for message in messages)


def _common(one: str, other: str) -> int:
    """Code points that both begin with."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
