"""What ingesting the same fresh documents costs in a small collection and in a large one, in turns."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from bench.clocked import ClockedEmbedder, ClockedParser
from bench.growth.filling import COLLECTION, TENANT
from ingest.pipeline import Ingester

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.growth.opened import Opened
    from ingest.embedding import Embedder
    from service.evaluation.dataset import LabelledDocument

PORTIONS = 4
"""The documents come in so many ingests, each in the one collection and then in the other."""
_LARGEST = 2**30
_UNSAFE = re.compile(r"[^\w.]+")


@dataclass
class Cost:
    """CPU seconds, of both processes, for so many documents."""

    documents: int = 0
    chunks: int = 0
    stages: Counter[str] = field(default_factory=Counter[str])

    @property
    def seconds(self) -> float:
        return sum(self.stages.values())

    @property
    def each(self) -> float:
        """Milliseconds for a document."""
        return 1_000 * self.seconds / max(self.documents, 1)

    def of(self, stage: str) -> float:
        """Milliseconds for a document."""
        return 1_000 * self.stages[stage] / max(self.documents, 1)


def write_portions(documents: Sequence[LabelledDocument], folder: Path) -> list[Path]:
    """The documents as files, a folder for each portion."""
    folders: list[Path] = []
    for portion in range(PORTIONS):
        folders.append(folder / str(portion))
        folders[-1].mkdir(parents=True)
        for number, document in enumerate(documents[portion::PORTIONS]):
            name = _UNSAFE.sub("-", PurePosixPath(document.path).name)[-60:]
            ending = "" if "." in name else ".txt"
            (folders[-1] / f"{number:03}-{name}{ending}").write_text(document.text, encoding="utf-8")
    return folders


def compared(folders: Sequence[Path], embedder: Embedder, small: Opened, large: Opened) -> tuple[Cost, Cost]:
    """What the documents cost in each; those of the large collection are deleted again."""
    costs = Cost(), Cost()
    for turn, folder in enumerate(folders):
        pairs = [(small, costs[0]), (large, costs[1])]
        for place, cost in pairs if turn % 2 else reversed(pairs):
            ingest(folder, embedder, place, cost)
    forget(large, folders)
    return costs


def ingest(folder: Path, embedder: Embedder, place: Opened, cost: Cost) -> None:
    """Ingest a folder; what no part is clocked for is that of finding, cutting and weighing."""
    clock = place.clock
    clock.seconds.clear()
    parser, clocked = ClockedParser(clock), ClockedEmbedder(embedder, clock)
    ingester = Ingester(place.catalog, place.index, clocked, parser)
    began = time.process_time()
    report = ingester.ingest(TENANT, COLLECTION, [folder], largest=_LARGEST, on_progress=lambda _: None)
    spent = time.process_time() - began
    here = sum(seconds for stage, seconds in clock.seconds.items() if stage not in _THERE)
    cost.stages += Counter(clock.seconds)
    cost.stages["cut, weigh"] += spent - here  # pyright: ignore[reportArgumentType] — seconds
    cost.documents += len(report.indexed)
    cost.chunks += report.chunks


_THERE = frozenset({"store", "count"})
"""Stages in the index process."""


def again(folder: Path, embedder: Embedder, place: Opened) -> Cost:
    """What an ingest costs that finds nothing new."""
    cost = Cost()
    ingest(folder, embedder, place, cost)
    assert cost.documents == 0
    return cost


def forget(place: Opened, folders: Sequence[Path]) -> None:
    """Delete what lies below these folders."""
    roots = tuple(str(folder) for folder in folders)
    known = place.catalog.known_files(place.catalog.collection(TENANT, COLLECTION)).values()
    for file in known:
        if file.location.startswith(roots):
            numbers = place.catalog.delete_document(TENANT, file.document)
            scope = place.catalog.collection(TENANT, COLLECTION).scope
            place.index.delete_documents(scope, numbers)
    place.index.flush()


def shares(cost: Cost) -> Mapping[str, float]:
    """Milliseconds for a document, by stage, the largest first."""
    return {stage: cost.of(stage) for stage, _ in cost.stages.most_common()}
