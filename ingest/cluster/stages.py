"""What the workers of a cluster do with files, stage by stage; each makes of bundles other bundles.

They are the functions that the local engine calls. A bundle crosses between them pickled.
"""

from __future__ import annotations

import pickle
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from ingest.cluster.build import require_same, this_build
from ingest.costs import Costs
from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.opening import check_unchanged, opened
from ingest.prepared import Prepared, embed, prepare
from ingest.priority import step_back
from ingest.sandbox import ParsingProcess
from ingest.terms import Analyzer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ingest.cluster.build import Build
    from ingest.costs import Cost, Stage
    from ingest.embedding import Embedder
    from ingest.model import SourceFile
    from ingest.readers.options import ReadingOptions

BUNDLE = "bundle"
"""The only column of the rows."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A file with its bytes: no worker needs to see the disk that it lies on."""

    source: SourceFile
    data: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """Consecutive files on their way, and what they have cost."""

    first: int
    """The number of the first, from 0."""
    items: tuple[SourceFile | Shipped | Document | Prepared | UnreadableFile, ...]
    costs: Mapping[Stage, Cost] = field(default_factory=dict["Stage", "Cost"])


@dataclass(frozen=True, slots=True)
class Order:
    """How every file is to be treated."""

    build: Build
    """Of the machine that asks."""
    options: ReadingOptions
    memory_bytes: int
    """Of address space, for each parsing process."""
    seconds: float
    """That parsing a file may take without a sign of life."""
    dimensions: int
    embedder: Callable[[], Embedder] | None
    """Makes the one that the workers embed with; without it nobody does there."""


class Working(ABC):
    """One stage, as rows call it."""

    stage: Stage

    def __init__(self, order: Order) -> None:
        """Raises `ClusterRefused` on a machine with another Lectern."""
        require_same(order.build, {"a worker": this_build()})
        step_back()
        self.order = order
        self.costs = Costs()

    def __call__(self, row: dict[str, bytes]) -> dict[str, bytes]:
        """The row of a bundle, made into that of the next stage."""
        bundle = cast("Bundle", pickle.loads(row[BUNDLE]))  # noqa: S301 — from a worker of this cluster
        with self.costs.spending(self.stage):
            items = tuple(self.work(bundle.items))
        self.costs.add_all(bundle.costs)
        bundle = Bundle(bundle.first, items, self.costs.take())
        return {BUNDLE: pickle.dumps(bundle, pickle.HIGHEST_PROTOCOL)}

    @abstractmethod
    def work(self, items: Sequence[object]) -> Sequence[Shipped | Document | Prepared | UnreadableFile]:
        """The same files, one stage further; those that have failed stay as they are."""


class Shipping(Working):
    """Reads files where they lie."""

    stage: Stage = "discover"

    def work(self, items: Sequence[object]) -> Sequence[Shipped | Document | Prepared | UnreadableFile]:
        """See `Working.work`."""
        return [ship(cast("SourceFile", item)) for item in items]


class Parsing(Working):
    """Parses in a confined process, as the local engine does."""

    stage: Stage = "parse"

    def __init__(self, order: Order) -> None:
        super().__init__(order)
        _forget_ray()
        self._parser = ParsingProcess(
            options=order.options,
            memory_bytes=order.memory_bytes,
            seconds=order.seconds,
            spent=partial(self.costs.add, "parse"),
        )

    def work(self, items: Sequence[object]) -> Sequence[Shipped | Document | Prepared | UnreadableFile]:
        """See `Working.work`."""
        return [self._parse(item) if isinstance(item, Shipped) else _failed(item) for item in items]

    def _parse(self, shipped: Shipped) -> Document | UnreadableFile:
        with TemporaryDirectory(prefix="lectern-file-") as folder:
            location = Path(folder) / shipped.source.location.name  # titles come of names
            location.write_bytes(shipped.data)
            try:
                return self._parser.parse(replace(shipped.source, location=location))
            except UnreadableFile as error:
                return error


class Cutting(Working):
    """Cuts documents into passages and chunks, and weighs their terms."""

    stage: Stage = "cut"

    def __init__(self, order: Order) -> None:
        super().__init__(order)
        self._analyzer = Analyzer()

    def work(self, items: Sequence[object]) -> Sequence[Shipped | Document | Prepared | UnreadableFile]:
        """See `Working.work`."""
        made = partial(prepare, analyzer=self._analyzer, dimensions=self.order.dimensions)
        return [made(item) if isinstance(item, Document) else _failed(item) for item in items]


class Embedding(Working):
    """Gives chunks their dense vectors."""

    stage: Stage = "embed"

    def __init__(self, order: Order) -> None:
        super().__init__(order)
        assert order.embedder is not None
        self._embedder = order.embedder()

    def work(self, items: Sequence[object]) -> Sequence[Shipped | Document | Prepared | UnreadableFile]:
        """See `Working.work`."""
        embedded = iter(embed([item for item in items if isinstance(item, Prepared)], self._embedder))
        return [next(embedded) if isinstance(item, Prepared) else _failed(item) for item in items]


def ship(source: SourceFile) -> Shipped | UnreadableFile:
    """A file's bytes, unless it is not any more what discovery saw."""
    try:
        with opened(source) as file:
            data = file.read(source.size)
            check_unchanged(file, source)
    except UnreadableFile as error:
        return error
    if len(data) != source.size:
        return UnreadableFile("changed", "the file was written while it was read")
    return Shipped(source, data)


def _forget_ray() -> None:
    """Python's child processes import what their parent was started as: they would read files beside Ray."""
    main = vars(sys.modules["__main__"])
    if Path(main.get("__file__") or "").name == "default_worker.py":
        del main["__file__"]


def _failed(item: object) -> UnreadableFile:
    assert isinstance(item, UnreadableFile)
    return item
