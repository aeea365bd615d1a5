"""What ingests, searches, memory and disk come to while a collection grows.

    python -m bench.growth ../shared/data [--sizes N…] [--real N] [--folder FOLDER] [--check]

Contracts, passages, programs and their manuals in one collection, through the pipeline as it is, until there
are ``--real`` chunks or no more documents; from there on whole copies of them under names of their own: read,
cut, weighed, stored and recorded like any document, with vectors near those that were computed before. At
each size 100 documents that were held out are ingested, in turns with a collection of the smallest size, and
deleted again; 200 questions are asked, the files of the index first taken out of memory. CPU seconds count;
times are those of this machine in these minutes. With ``--check`` a document that costs a tenth more at the
largest size than at the smallest makes the exit status 1.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.growth.corpus import read_corpus
from bench.growth.figures import Held, Size, failures, report, slopes
from bench.growth.filling import COLLECTION, TENANT, Filler
from bench.growth.ingesting import again, compared, write_portions
from bench.growth.opened import opened
from bench.growth.processes import forget_cached, memory, on_disk
from bench.growth.searching import ask, parts
from bench.growth.vectors import Replaying
from ingest.embedding import UniversalSentenceEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.growth.corpus import Corpus
    from bench.growth.ingesting import Cost
    from bench.growth.opened import Opened
    from bench.growth.processes import Memory
    from bench.growth.searching import Asked
    from ingest.embedding import Embedder

SIZES = (10_000, 100_000)
FRESH = 100
QUESTIONS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="The folder of the labelled sets.")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="N", help="Chunks.")
    parser.add_argument("--real", type=int, default=10**9, metavar="N", help="Chunks that are no copies.")
    parser.add_argument("--folder", type=Path, help="Where it grows, instead of a folder that goes.")
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args()
    corpus = read_corpus(chosen.data, fresh=FRESH, questions=QUESTIONS)
    with tempfile.TemporaryDirectory(prefix="lectern-growth-", dir=chosen.folder) as folder:
        sizes = Growing(Path(folder), corpus, chosen.real).through(sorted(chosen.sizes))
    failed = failures(sizes)
    for complaint in failed:
        print(f"FAILED: {complaint}", file=sys.stderr)
    if chosen.check and failed:
        sys.exit(1)


class Growing:
    """A collection that grows from size to size, beside a copy of what it was at first."""

    def __init__(self, folder: Path, corpus: Corpus, real: int) -> None:
        self._data = folder / "data"
        self._smallest = folder / "smallest"
        self._again = folder / "again"
        self._fresh = folder / "fresh"
        self._empty = folder / "empty"
        self._empty.mkdir()
        self._questions = corpus.questions
        self._embedder: Embedder = UniversalSentenceEncoder()
        self._embedder.embed(["its weights load once"])
        self._filler = Filler(corpus.filling, Replaying(self._embedder), real=real)
        self._portions = write_portions(corpus.fresh, self._fresh)

    def through(self, sizes: Sequence[int]) -> list[Size]:
        """Measure at each size; it is printed as soon as it is known."""
        measured: list[Size] = []
        for size in sizes:
            measured.append(self._at(size))
            print("\n".join(report(measured[-1])), flush=True)
            if len(measured) > 1:
                before, now = measured[-2], measured[-1]
                print(slopes(before.held, now.held, now.searched, before.searched), flush=True)
        return measured

    def _at(self, size: int) -> Size:
        with opened(self._data) as place:
            self._filler.fill(place.catalog, place.index, size)
            grown = memory(place.index.pid)
        if not self._smallest.exists():
            shutil.copytree(self._data, self._smallest)
            self._rehearse()
        held = self._held()
        forget_cached(self._data)
        with opened(self._data) as place:
            searched = self._searches(place)
        found = parts(self._data, self._embedder, self._questions)
        small, large, nothing = self._ingests()
        return Size(held, grown, *searched, found, small, large, nothing)

    def _held(self) -> Held:
        catalog = sum(on_disk(file) for file in self._data.glob("catalog.sqlite*"))
        filler = self._filler
        counts = (filler.chunks, filler.copied, filler.written, filler.characters)
        return Held(*counts, on_disk(self._data / "index"), catalog)

    def _searches(self, place: Opened) -> tuple[Memory, Memory, float, float, Asked, Asked, Asked]:
        fresh = memory(place.index.pid)
        first = ask(place, self._questions[:1])
        cold = ask(place, self._questions[1:])
        warm = ask(place, self._questions)
        numbers = sorted(place.catalog.manifest(place.catalog.collection(TENANT, COLLECTION)))
        chosen = ask(place, self._questions[:50], documents=numbers[::2])
        now = memory(place.index.pid)
        return fresh, now, place.started, first.milliseconds[0], cold, warm, chosen

    def _ingests(self) -> tuple[Cost, Cost, Cost]:
        """The fresh documents in a copy of the smallest collection, which goes again, and in this one."""
        shutil.copytree(self._smallest, self._again)
        try:
            with opened(self._again) as small, opened(self._data) as large:
                for place in (
                    small,
                    large,
                ):  # counts its points once after each start, which is no document's
                    again(self._empty, self._embedder, place)
                costs = compared(self._portions, self._embedder, small, large)
                nothing = again(self._empty, self._embedder, large)
        finally:
            shutil.rmtree(self._again)
        return *costs, nothing

    def _rehearse(self) -> None:
        """Whatever is imported, or grows warm, with the first ingest of each kind of file."""
        shutil.copytree(self._smallest, self._again)
        with opened(self._again) as small:
            compared(self._portions[:1], self._embedder, small, small)
        shutil.rmtree(self._again)


if __name__ == "__main__":
    main()
