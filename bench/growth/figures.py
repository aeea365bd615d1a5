"""The figures of one size, and what follows from those of two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.growth.ingesting import Cost
    from bench.growth.processes import Memory
    from bench.growth.searching import Asked, Parts

MOST = 1.10
"""Of what a document costs at the smallest size, at the largest one: beyond it the costs are not constant."""
_MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Held:
    """What a data folder holds, and takes."""

    chunks: int
    copied: int
    """Chunks of synthetic copies among them."""
    documents: int
    characters: int
    index_bytes: int
    catalog_bytes: int


@dataclass(frozen=True, slots=True)
class Size:
    """All figures of one size."""

    held: Held
    grown: Memory
    """Of the index process that has written it all."""
    opened: Memory
    """Of one that was started anew."""
    searched: Memory
    """Of that one after all searches."""
    start: float
    """Seconds, its files not in memory."""
    first: float
    """Milliseconds of the first search after that."""
    cold: Asked
    warm: Asked
    chosen: Asked
    """Among half of the documents."""
    parts: Parts
    small: Cost
    """Of the fresh documents in a collection of the smallest size, in the same minutes."""
    large: Cost
    again: Cost
    """Of an ingest that finds nothing new."""

    @property
    def ratio(self) -> float:
        """What a fresh document costs here, by what it costs in the smallest collection."""
        return self.large.each / self.small.each

    @property
    def ratio_without_vectors(self) -> float:
        """Likewise, without the embedding, which other machines may do."""
        large, small = (cost.each - cost.of("embed") for cost in (self.large, self.small))
        return large / small


def report(size: Size) -> Iterator[str]:
    """Some lines about one size."""
    held = size.held
    yield (
        f"{held.chunks} chunks ({held.copied} of copies), {held.documents} documents,"
        f" {held.characters / 1e6:.1f} million characters; index {_mb(held.index_bytes)},"
        f" catalog {_mb(held.catalog_bytes)} MB on the disk"
    )
    for name, memory in (("grown", size.grown), ("opened", size.opened), ("searched", size.searched)):
        yield f"  memory, {name:8}: own {_mb(memory.own)}, of files {_mb(memory.cached)} MB"
    yield f"  start {size.start:.2f} s, first search {size.first:.0f} ms"
    for name, asked in (("cold", size.cold), ("warm", size.warm), ("of half", size.chosen)):
        yield f"  search, {name:8}: {asked.times} ms (median, p99), {asked.each:.1f} CPU ms of the index"
    yield f"  CPU ms of a search: {_listed(size.parts.stages)}; hits {size.parts.digest}"
    yield f"  CPU ms of drawing statistics: {_listed(size.parts.drawing)}"
    for name, cost in (("smallest", size.small), ("this", size.large)):
        yield (
            f"  ingest, {name:8}: {cost.each:.1f} CPU ms a document ({cost.documents} of"
            f" {cost.chunks / max(cost.documents, 1):.0f} chunks): {_listed(_stages(cost))}"
        )
    yield f"  this ÷ smallest: {size.ratio:.3f}, without embedding {size.ratio_without_vectors:.3f}"
    yield f"  ingest of nothing new: {_spent(size.again)}"


def slopes(first: Held, last: Held, grown: Memory, less: Memory) -> str:
    """Bytes a chunk by which the one is more than the other."""
    more = last.chunks - first.chunks
    return (
        f"a chunk more, in bytes: disk {(last.index_bytes - first.index_bytes) / more:.0f} of the index,"
        f" {(last.catalog_bytes - first.catalog_bytes) / more:.0f} of the catalog;"
        f" memory {(grown.own - less.own) / more:.0f} own,"
        f" {(grown.cached - less.cached) / more:.0f} of files; text"
        f" {(last.characters - first.characters) / more:.0f} characters"
    )


def failures(sizes: Sequence[Size]) -> list[str]:
    """What `--check` finds wrong."""
    last = sizes[-1]
    if last.ratio <= MOST:
        return []
    at, before = last.held.chunks, sizes[0].held.chunks
    return [
        f"a document costs {last.ratio:.3f} times at {at} chunks what it costs at {before}: at most {MOST}"
    ]


def _mb(size: int) -> str:
    return f"{size / _MEGABYTE:.0f}"


def _stages(cost: Cost) -> Mapping[str, float]:
    return {stage: cost.of(stage) for stage in cost.stages}


def _spent(cost: Cost) -> str:
    return f"{1_000 * cost.seconds:.0f} CPU ms ({_listed({s: 1_000 * v for s, v in cost.stages.items()})})"


def _listed(stages: Mapping[str, float]) -> str:
    ordered = sorted(stages.items(), key=lambda item: -item[1])
    return ", ".join(f"{stage} {value:.1f}" for stage, value in ordered)
