"""What becomes of every file of a folder: a table of formats, and the properties of every document.

    python -m bench.files FOLDER… [--verbose]

Each file is judged as if it had been named itself, and read in the parsing process. The exit status is 1
where a document breaks a property, a reader fails unexpectedly or a file runs into a limit.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.discovery import Skipped, discover
from ingest.errors import UnreadableFile
from ingest.readers.options import ReadingOptions
from ingest.sandbox import ParsingProcess
from tests.properties import check_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LIMITS = frozenset({"time_limit", "memory_limit"})


@dataclass
class Format:
    """What became of the files of one ending."""

    files: int = 0
    indexed: int = 0
    partial: int = 0
    characters: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])
    seconds: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--verbose", action="store_true", help="name every refused and every partial file")
    options = parser.parse_args()
    formats: dict[str, Format] = defaultdict(Format)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as kept:
        reading = ReadingOptions(recognised=Path(kept))
        with ParsingProcess(options=reading) as process:
            for path in sorted(_files(options.folders)):
                wrong += read(path, process, formats[path.suffix.lower()], verbose=options.verbose)
    report(formats)
    for complaint in wrong:
        print(f"WRONG {complaint}")
    return 1 if wrong else 0


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        for parent, _, names in os.walk(folder):
            yield from (Path(parent, name) for name in names)


def read(path: Path, process: ParsingProcess, kind: Format, *, verbose: bool) -> Iterator[str]:
    """Yields what is wrong."""
    kind.files += 1
    (found,) = discover([path]).found
    if isinstance(found, Skipped):
        kind.refused[found.reason] += 1
        if verbose:
            print(f"{path}: {found.reason}: {found.detail}")
        return
    began = time.perf_counter()
    try:
        document = process.parse(found)
        check_document(document)
    except UnreadableFile as refusal:
        kind.refused[refusal.reason] += 1
        if verbose:
            print(f"{path}: {refusal.reason}: {refusal.detail}")
        if refusal.reason in _LIMITS or "failed with" in refusal.detail or "crashed" in refusal.detail:
            yield f"{path}: {refusal}"
    except AssertionError as broken:
        yield f"{path}: {broken}"
    else:
        kind.indexed += 1
        kind.characters += len(document.text)
        kind.partial += bool(document.warnings)
        if verbose and document.warnings:
            print(f"{path}: partly: {'; '.join(document.warnings)}")
    finally:
        kind.seconds += time.perf_counter() - began


def report(formats: dict[str, Format]) -> None:
    print("| format | files | indexed | partly | characters | seconds | refused |")
    print("|---|---|---|---|---|---|---|")
    for ending, kind in sorted(formats.items()):
        reasons = ", ".join(f"{count} {reason}" for reason, count in kind.refused.most_common())
        counts = f"{kind.files} | {kind.indexed} | {kind.partial} | {kind.characters:,} | {kind.seconds:.1f}"
        print(f"| {ending or 'none'} | {counts} | {reasons} |")
    total = sum(kind.files for kind in formats.values())
    indexed = sum(kind.indexed for kind in formats.values())
    print(f"{indexed} of {total} indexed")


if __name__ == "__main__":
    sys.exit(main())
