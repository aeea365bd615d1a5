"""CPU seconds per megabyte of every stage of an ingest, by format; beside other systems' on the same files.

    python -m bench.ingest FOLDER|DOCUMENTS.jsonl… [--files N] [--peers PYTHON]

A megabyte is a million code points of the text that a system read. Every system has the same embedder, one
thread, and a process of its own; each format is rehearsed first, so that imports are not counted.
``PYTHON`` is the interpreter of an environment with ``bench/peers/requirements.txt``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.discovery import discover
from ingest.model import SourceFile
from service.evaluation.dataset import read_documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MILLION = 1_000_000
_PEERS = ("bench.peers.llama_index_ingest", "bench.peers.lightrag_ingest")


@dataclass(frozen=True)
class Row:
    """What one system needed for one format."""

    format: str
    characters: int
    chunks: int
    seconds: Mapping[str, float]

    @property
    def megabytes(self) -> float:
        return self.characters / _MILLION

    @property
    def embedding(self) -> float:
        """CPU seconds per megabyte."""
        return self.seconds.get("embed", 0.0) / self.megabytes

    @property
    def rest(self) -> float:
        """CPU seconds per megabyte of everything but embedding."""
        return sum(self.seconds.values()) / self.megabytes - self.embedding


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sources", type=Path, nargs="+")
    parser.add_argument("--files", type=int, default=20, help="at most so many of each format")
    parser.add_argument("--peers", type=Path, help="interpreter that has the other systems")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = by_format(options.sources, options.files, Path(folder))
        ours = run(sys.executable, "bench.peers.lectern_ingest", files)
        peers = [run(options.peers, module, files) for module in _PEERS] if options.peers else []
        report(ours, dict(zip(("LlamaIndex", "LightRAG"), peers, strict=False)))


def by_format(sources: Sequence[Path], most: int, folder: Path) -> dict[str, list[str]]:
    """Files by their ending, those of each format with the shortest paths' order kept."""
    groups: dict[str, list[str]] = defaultdict(list)
    for location in _files(sources, folder):
        groups[location.suffix.lower().removeprefix(".")].append(str(location))
    return {name: sorted(files)[:most] for name, files in sorted(groups.items())}


def _files(sources: Sequence[Path], folder: Path) -> Iterator[Path]:
    """The files of folders, and the rows of data sets as files of their own."""
    for number, source in enumerate(sources):
        root = source
        if source.suffix == ".jsonl":
            root = folder / str(number)
            root.mkdir()
            for order, row in enumerate(read_documents(source)):
                ending = Path(row.path).suffix or ".txt"
                (root / f"{order:05}{ending}").write_text(row.text, encoding="utf-8")
        yield from (found.location for found in discover([root]).found if isinstance(found, SourceFile))


def run(python: str | Path, module: str, files: Mapping[str, Sequence[str]]) -> dict[str, Row]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TIKTOKEN_CACHE_DIR": _vocabulary()}
    done = subprocess.run(
        [str(python), "-m", module],
        input=json.dumps(files),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
        env=environment,
    )
    rows: dict[str, Row] = {}
    for line in done.stdout.splitlines():
        said: dict[str, Any] = json.loads(line)
        if said["characters"]:
            rows[said["format"]] = Row(said["format"], said["characters"], said["chunks"], said["seconds"])
    return rows


def _vocabulary() -> str:
    """Where tiktoken finds its vocabulary without a network."""
    found = importlib.util.find_spec("llama_index.core")
    return str(Path(found.origin).parent / "_static/tiktoken_cache") if found and found.origin else ""


def report(ours: Mapping[str, Row], peers: Mapping[str, Mapping[str, Row]]) -> None:
    stages = ("read", "cut, weigh", "hop", "store", "record")
    print("CPU s/MB  " + "".join(f"{name:>11}" for name in ("MB", *stages, "rest", "embed")), end="")
    print("".join(f"{name:>12}" for name in peers))
    for name, row in ours.items():
        parts = [row.seconds.get(stage, 0.0) / row.megabytes for stage in stages]
        print(f"{name:10} {row.megabytes:11.2f}" + "".join(f"{part:11.3f}" for part in parts), end="")
        print(f"{row.rest:11.3f}{row.embedding:11.2f}", end="")
        for found in peers.values():
            print(f"{found[name].rest:12.3f}" if name in found else f"{'–':>12}", end="")
        print()
    for name, found in peers.items():
        shared = [each for each in ours if each in found]
        mine = sum(ours[each].rest * ours[each].megabytes for each in shared)
        theirs = sum(found[each].rest * found[each].megabytes for each in shared)
        print(f"all but embedding, formats shared with {name}: {mine:.1f} against {theirs:.1f} CPU s")


if __name__ == "__main__":
    main()
