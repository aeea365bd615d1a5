"""How figures, comparisons and cases look in a terminal of 100 columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Protocol

from service.evaluation.tables import main_measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence, Sized

    from service.evaluation.bootstrapping import Interval
    from service.evaluation.cases import Case, Excerpt, Side
    from service.evaluation.comparison import Difference
    from service.evaluation.tables import Row, Table

WIDTH = 100
_NAME = 31
_COUNT = 5
_INTERVAL = 16
_COLUMNS = (
    "recall@4000",
    "file_recall@10",
    "passage_recall@10",
    "paragraph_hit@1",
    "document@1",
    "precision@400",
    "recall@400",
    "recall@16000",
    "passage_recall@5",
    "correctness",
    "grounded",
    "judge",
    "usd",
)
"""Of a table of groups, as many as fit, the first ones first."""
_PATTERNS = dict.fromkeys(("prompt_tokens", "completion_tokens", "milliseconds"), ",.0f") | {"usd": ".5f"}
"""How figures are shown that are no shares; with three digits the others."""
_NAMED = 10
_MARKS = {"gold": "*", "document": "+", "nothing": " "}


class Compared(Protocol):
    """Two runs: what both have, what only one of them has, and what changed by measure."""

    @property
    def pairs(self) -> Sized:
        """Queries in both."""
        ...

    @property
    def only_before(self) -> Sequence[str]:
        """Ids."""
        ...

    @property
    def only_after(self) -> Sequence[str]:
        """Likewise."""
        ...

    @property
    def differences(self) -> Mapping[str, Difference]:
        """By measure."""
        ...


def format_table(
    table: Table, *, counted: str = "queries with gold", clustered: str = "their {} documents"
) -> str:
    """A line a measure; after a blank line, a line a group.

    Args:
        table: the means.
        counted: what they are of.
        clustered: what the intervals draw where that is something else, with a place for its number.
    """
    whole = table.everything
    lines = [f"{'':20} {'mean':>8}  95 % interval"]
    for name, interval in whole.intervals.items():
        pattern = _PATTERNS.get(name, ".3f")
        lines.append(f"{name:20} {whole.means[name]:8{pattern}}  {_interval(interval, pattern)}")
    lines.append(f"{counted:20} {whole.means['n']:8.0f}  {_of_what(whole, clustered)}".rstrip())
    groups = {name: row for name, row in sorted(table.groups.items()) if row.intervals}
    if len(groups) > 1 and main_measure(whole.means):
        lines += ["", *_groups(whole, groups)]
    return "\n".join(lines)


def format_comparison(comparison: Compared, counted: str = "queries in both") -> str:
    """A line a measure, then the queries that were left out."""
    counts = f"{'better':>7} {'worse':>7} {'equal':>7}"
    lines = [f"{'':20} {'before':>7} {'after':>7} {'change':>7}  {'95 % interval':16} {counts}"]
    lines += [_difference(name, found) for name, found in comparison.differences.items()]
    lines.append(f"{counted:20} {len(comparison.pairs):7}")
    for which, names in (("before", comparison.only_before), ("after", comparison.only_after)):
        if names:
            rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            said = f"left out, only in {which}: {', '.join(names[:_NAMED])}{rest}"
            lines.append(textwrap.fill(said, WIDTH, subsequent_indent="  "))
    return "\n".join(lines)


def format_cases(heading: str, cases: Sequence[Case]) -> str:
    """The heading, and each case under it."""
    return "\n\n".join([heading, *("\n".join(_case(case)) for case in cases)])


def _groups(whole: Row, groups: Mapping[str, Row]) -> Iterator[str]:
    main = main_measure(whole.means)
    assert main is not None
    names = _fitting(whole)
    yield (
        f"{'':{_NAME + _COUNT}}" + "".join(f"{n.partition('@')[0]:>{_wide(n)}}" for n in names) + "  95 % of"
    )
    yield (
        f"{'by group':{_NAME}}{'n':>{_COUNT}}"
        + "".join(f"{n[len(n.partition('@')[0]) :]:>{_wide(n)}}" for n in names)
        + f"  {main}"
    )
    for group, row in groups.items():
        figures = (f"{row.means[n]:{_PATTERNS.get(n, '.3f')}}" if n in row.means else "–" for n in names)
        cells = (f"{figure:>{_wide(n)}}" for n, figure in zip(names, figures, strict=True))
        yield (
            f"{_cut(group, _NAME - 1):{_NAME}}{row.means['n']:{_COUNT}.0f}{''.join(cells)}"
            f"  {_interval(row.intervals.get(main))}"
        ).rstrip()


def _fitting(row: Row) -> list[str]:
    """The columns that a table of groups has room for."""
    room, chosen = WIDTH - _NAME - _COUNT - _INTERVAL, set[str]()
    for name in _COLUMNS:
        if name in row.means and _wide(name) <= room:
            chosen.add(name)
            room -= _wide(name)
    return [name for name in row.means if name in chosen]


def _wide(name: str) -> int:
    return max(len(name.partition("@")[0]) + 1, 8)


def _of_what(row: Row, clustered: str) -> str:
    queries = int(row.means["n"])
    if row.clusters == queries:
        return "intervals by resampling queries"
    return f"intervals by resampling {clustered.format(row.clusters)}"


def _difference(name: str, found: Difference) -> str:
    pattern = _PATTERNS.get(name, ".3f")
    return (
        f"{name:20} {found.before:7{pattern}} {found.after:7{pattern}} {found.difference:+7{pattern}}"
        f"  {_interval(found.interval, f'+{pattern}'):16} {found.better:7} {found.worse:7} {found.equal:7}"
    )


def _case(case: Case) -> Iterator[str]:
    before, after = case.before, case.after
    yield f"{after.figure - before.figure:+.3f}  {case.query_id}  {before.figure:.3f} → {after.figure:.3f}"
    yield _indented(case.question, 4)
    for excerpt in case.gold[:2]:
        yield from _shown("gold", excerpt)
    if len(case.gold) > 2:  # noqa: PLR2004 — the two above
        yield f"    and {len(case.gold) - 2} more places of gold"
    for name, side in (("before", before), ("after", after)):
        yield f"    {name}: {_reached(side)}"
        for rank, hit in enumerate(side.hits, start=1):
            yield from _shown(f"{rank}", hit)


def _reached(side: Side) -> str:
    if not side.hits:
        return "no hits"
    return f"gold at hit {side.first_gold}" if side.first_gold else "gold at no hit"


def _shown(label: str, excerpt: Excerpt) -> Iterator[str]:
    mark = " " if label == "gold" else _MARKS[excerpt.touches]
    yield f"    {mark} {label:4} {_cut(excerpt.document, 66)} {excerpt.start}–{excerpt.end}"
    if excerpt.text:
        yield _indented(f"“{excerpt.text}”", 11)


def _indented(text: str, columns: int) -> str:
    return textwrap.indent(textwrap.fill(text, WIDTH - columns), " " * columns)


def _cut(name: str, longest: int) -> str:
    """A long name without its middle: its ending tells as much as its beginning."""
    if len(name) <= longest:
        return name
    kept = longest - 1
    return f"{name[: kept - kept // 2]}…{name[-(kept // 2) :]}"


def _interval(interval: Interval | None, pattern: str = ".3f") -> str:
    if interval is None:
        return "–"
    return f"{interval.low:{pattern}} … {interval.high:{pattern}}"
