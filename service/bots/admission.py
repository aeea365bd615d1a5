"""Who may talk to a bot, who may send it files, and how often."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.bots.platform import Incoming

EVERYONE = "everyone"
_MINUTE = 60.0
_MOST_PEOPLE = 10_000


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say of one platform."""

    allowed: frozenset[str]
    """Ids of people and chats; `EVERYONE` for all; empty for nobody."""
    uploaders: frozenset[str]
    """Likewise, of those who may send files; they must be allowed to talk, too."""
    collections: tuple[str, ...]
    """The first one is where a thread begins."""
    per_person: int
    """Requests a minute."""
    in_all: int

    def may_talk(self, message: Incoming) -> bool:
        """Whether this person may, or everybody in this chat."""
        return _names(self.allowed, message)

    def may_upload(self, message: Incoming) -> bool:
        """Likewise, send files."""
        return self.may_talk(message) and _names(self.uploaders, message)


class Allowance:
    """Requests of the last minute, by person and in all."""

    def __init__(self, per_person: int, in_all: int, clock: Callable[[], float]) -> None:
        self._per_person = per_person
        self._clock = clock
        self._all = _Window(in_all)
        self._people: dict[str, _Window] = {}

    def __len__(self) -> int:
        """People who are remembered."""
        return len(self._people)

    def wait(self, person: str) -> int:
        """Count a request and give 0; or the seconds until the next one is taken, and count nothing."""
        now = self._clock()
        if len(self._people) > _MOST_PEOPLE:
            self._people = {one: window for one, window in self._people.items() if window.is_busy(now)}
        own = self._people.setdefault(person, _Window(self._per_person))
        wait = max(own.wait(now), self._all.wait(now))
        if wait > 0:
            return math.ceil(wait)
        own.count(now)
        self._all.count(now)
        return 0


class Refusals:
    """Remembers whom it has refused: each is told once in a while, however often they write."""

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._told: dict[str, float] = {}

    def __len__(self) -> int:
        """People who are remembered."""
        return len(self._told)

    def is_due(self, person: str) -> bool:
        """Whether to answer this time."""
        now = self._clock()
        if len(self._told) > _MOST_PEOPLE:
            self._told = {one: at for one, at in self._told.items() if now - at < self._seconds}
        if now - self._told.get(person, -math.inf) < self._seconds:
            return False
        self._told[person] = now
        return True


class _Window:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: deque[float] = deque()

    def wait(self, now: float) -> float:
        while self._times and now - self._times[0] >= _MINUTE:
            self._times.popleft()
        return 0.0 if len(self._times) < self._limit else self._times[0] + _MINUTE - now

    def count(self, now: float) -> None:
        self._times.append(now)

    def is_busy(self, now: float) -> bool:
        return bool(self._times) and now - self._times[-1] < _MINUTE


def _names(ids: frozenset[str], message: Incoming) -> bool:
    return EVERYONE in ids or message.person in ids or message.place.chat in ids
