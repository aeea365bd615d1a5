"""Means of every measure with their intervals, over all queries and for each group of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from service.evaluation.bootstrapping import interval_of_mean
from service.evaluation.measures import mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from service.evaluation.bootstrapping import Interval

_MAIN = ("recall@4000", "file_recall@10", "passage_recall@10", "correctness")
_RESERVED = ("all", "intervals")


class Measured(Protocol):
    """A query or a question with its figures; those that nothing can be said of have none."""

    @property
    def figures(self) -> Mapping[str, float]:
        """By measure."""
        ...

    @property
    def group(self) -> str:
        """Whose table it is in; empty for that of all alone."""
        ...

    @property
    def cluster(self) -> str:
        """What it stands or falls with."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """Some queries' figures; an interval is None where the queries are of too few documents."""

    means: dict[str, float]
    """By measure; ``n`` is the number of queries that have gold."""
    intervals: dict[str, Interval | None]
    clusters: int
    """What was resampled: documents, and queries of none."""


@dataclass(frozen=True, slots=True)
class Table:
    """All queries, and each repository's or category's."""

    everything: Row
    groups: dict[str, Row]

    def as_json(self) -> dict[str, Any]:
        """``all`` and each group: name to mean; ``intervals``: the same names to [low, high] or null."""
        rows = {"all": self.everything}
        for name, row in sorted(self.groups.items()):
            rows[f"{name} (group)" if name in _RESERVED else name] = row
        return {name: row.means for name, row in rows.items()} | {
            "intervals": {
                name: {m: i and i.as_json() for m, i in row.intervals.items()} for name, row in rows.items()
            }
        }


def tabulate(ran: Sequence[Measured]) -> Table:
    """Figures of all queries and of each group of them."""
    groups: dict[str, list[Measured]] = {}
    for result in ran:
        if result.group:
            groups.setdefault(result.group, []).append(result)
    return Table(_row(ran), {name: _row(members) for name, members in groups.items()})


def main_measure(names: Iterable[str]) -> str | None:
    """The one that stands for a set: the first of the usual ones that it has, else its first."""
    there = [name for name in names if name != "n"]
    return next((name for name in _MAIN if name in there), there[0] if there else None)


def _row(ran: Sequence[Measured]) -> Row:
    means = mean(result.figures for result in ran)
    intervals: dict[str, Interval | None] = {}
    for name in means:
        having = [result for result in ran if name in result.figures]
        if having:  # ``n`` is no measure
            intervals[name] = interval_of_mean(
                [result.figures[name] for result in having], [result.cluster for result in having]
            )
    return Row(means, intervals, len({result.cluster for result in ran if result.figures}))
