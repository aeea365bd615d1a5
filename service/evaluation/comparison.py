"""Two runs over the same queries, query by query."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from service.evaluation.bootstrapping import interval_of_mean
from service.evaluation.measures import measure
from service.evaluation.runs import Ran

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.evaluation.bootstrapping import Interval
    from service.evaluation.dataset import LabelledQuery
    from service.evaluation.measures import Found
    from service.evaluation.tables import Measured


LESS_IS_BETTER = frozenset(
    {"unsupported_claims", "usd", "prompt_tokens", "completion_tokens", "milliseconds"}
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A query in both runs."""

    before: Ran
    after: Ran

    @property
    def query(self) -> LabelledQuery:
        """The query itself."""
        return self.before.query

    def change(self, name: str) -> float:
        """How much a measure that the query has grew."""
        return self.after.figures[name] - self.before.figures[name]


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure's means in both runs, the mean of the queries' changes, and how many changed which way."""

    before: float
    after: float
    difference: float
    interval: Interval | None
    """Of the difference; None where the queries are of too few documents."""
    better: int
    """Pairs in which it grew; of a price, those in which it fell."""
    worse: int
    equal: int

    def as_json(self) -> dict[str, Any]:
        """Its fields by name."""
        return asdict(self) | {"interval": self.interval and self.interval.as_json()}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two runs share, and the ids of queries that only one of them has."""

    pairs: tuple[Pair, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    differences: dict[str, Difference]
    """By measure."""


def compare(
    queries: Sequence[LabelledQuery],
    before: Mapping[str, tuple[Found, ...]],
    after: Mapping[str, tuple[Found, ...]],
    texts: Mapping[str, str],
) -> Comparison:
    """Measure both runs, by query id, on the queries that both have."""
    pairs = tuple(
        Pair(_ran(query, before[query.id], texts), _ran(query, after[query.id], texts))
        for query in queries
        if query.id in before and query.id in after
    )
    return Comparison(
        pairs=pairs,
        only_before=tuple(query for query in before if query not in after),
        only_after=tuple(query for query in after if query not in before),
        differences=differences([(pair.before, pair.after) for pair in pairs]),
    )


def most_changed(pairs: Sequence[Pair], name: str, count: int) -> tuple[list[Pair], list[Pair]]:
    """The queries that got most better and most worse, most first; equal ones in the set's order."""
    having = [pair for pair in pairs if name in pair.before.figures]
    better = sorted((p for p in having if p.change(name) > 0), key=lambda p: -p.change(name))
    worse = sorted((p for p in having if p.change(name) < 0), key=lambda p: p.change(name))
    return better[:count], worse[:count]


def _ran(query: LabelledQuery, hits: tuple[Found, ...], texts: Mapping[str, str]) -> Ran:
    return Ran(query, hits, measure(query, hits, texts))


def differences(pairs: Sequence[tuple[Measured, Measured]]) -> dict[str, Difference]:
    """What changed of every measure, over the pairs whose sides both have it."""
    names = dict.fromkeys(name for before, _ in pairs for name in before.figures)
    found = {name: [pair for pair in pairs if all(name in side.figures for side in pair)] for name in names}
    return {name: _difference(having, name) for name, having in found.items() if having}


def _difference(having: Sequence[tuple[Measured, Measured]], name: str) -> Difference:
    changes = [after.figures[name] - before.figures[name] for before, after in having]
    better, worse = sum(c > 0 for c in changes), sum(c < 0 for c in changes)
    if name in LESS_IS_BETTER:
        better, worse = worse, better
    return Difference(
        before=sum(before.figures[name] for before, _ in having) / len(having),
        after=sum(after.figures[name] for _, after in having) / len(having),
        difference=sum(changes) / len(changes),
        interval=interval_of_mean(changes, [before.cluster for before, _ in having]),
        better=better,
        worse=worse,
        equal=len(changes) - better - worse,
    )
