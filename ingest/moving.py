"""Which files are known documents under another name: moved, renamed, swapped."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ingest.media import language_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ingest.catalog.records import KnownFile
    from ingest.model import Document

_MOST_PAIRS = 250_000
"""Of equal files with equal documents: beyond, nobody can say which is which."""
_HEADINGS = frozenset({"title", "heading"})


def match_moves(
    arrived: Mapping[str, str], lost: Iterable[KnownFile], holders: Mapping[str, KnownFile]
) -> dict[str, KnownFile]:
    """New path → the document that its bytes are known as.

    A match is one file and one document of the same bytes; among several, the two whose paths end alike, if
    no others do so as well. A path that another document goes by is free only where that one moves too; and
    a document whose path still has a file moves only where that file is a document that came here. So names
    may be swapped, and a copy of what a file held before it was edited is a new document.

    Args:
        arrived: path → content hash of the files that are new, or hold other bytes than before.
        lost: documents of which no file at their own path holds the bytes.
        holders: the document that goes by a path, if there is one.
    """
    files: defaultdict[str, list[str]] = defaultdict(list)
    documents: defaultdict[str, list[KnownFile]] = defaultdict(list)
    for path, digest in arrived.items():
        files[digest].append(path)
    for document in lost:
        documents[document.content_hash].append(document)
    moves: dict[str, KnownFile] = {}
    for digest in files.keys() & documents.keys():
        moves |= _pair(files[digest], documents[digest])
    return _possible(moves, arrived, holders)


def is_named_by_file(file: KnownFile) -> bool:
    """Whether the title may come from the file's name."""
    return language_of(file.media_type) is not None or file.title == PurePosixPath(file.path).stem


def title_of_moved(file: KnownFile, document: Document, path: str) -> str | None:
    """The title that the document has under its new path; None where it keeps the one that it has."""
    if language_of(file.media_type) is not None:
        new = path
    elif file.title == PurePosixPath(file.path).stem and not _is_headed(document, file.title):
        new = PurePosixPath(path).stem
    else:
        return None
    return new if new != file.title else None


def _is_headed(document: Document, title: str) -> bool:
    """Whether the title stands in the text: a file may be named as its document is."""
    return any(
        element.kind in _HEADINGS and " ".join(element.text.split()).lstrip("# ") == title
        for element in document.elements
    )


def _pair(paths: list[str], documents: list[KnownFile]) -> dict[str, KnownFile]:
    """Pairs that nothing else fits as well, the best first."""
    pairs: dict[str, KnownFile] = {}
    while paths and documents and len(paths) * len(documents) <= _MOST_PAIRS:
        scores = {(p, d.document): _alike(p, d.path) for p in paths for d in documents}
        most = max(scores.values())
        best = [pair for pair, score in scores.items() if score == most]
        files, ids = Counter(path for path, _ in best), Counter(one for _, one in best)
        chosen = {path: one for path, one in best if files[path] == ids[one] == 1}
        if not chosen:
            break
        pairs |= {path: next(d for d in documents if d.document == one) for path, one in chosen.items()}
        paths = [path for path in paths if path not in chosen]
        documents = [d for d in documents if d.document not in chosen.values()]
    return pairs


def _alike(one: str, other: str) -> int:
    """How many last parts two paths share."""
    parts = zip(reversed(one.split("/")), reversed(other.split("/")), strict=False)
    count = 0
    for left, right in parts:
        if left != right:
            break
        count += 1
    return count


def _possible(
    moves: dict[str, KnownFile], arrived: Mapping[str, str], holders: Mapping[str, KnownFile]
) -> dict[str, KnownFile]:
    while True:
        moving = {document.document for document in moves.values()}
        kept = {
            path: document
            for path, document in moves.items()
            if (path not in holders or holders[path].document in moving)
            and (document.path not in arrived or document.path in moves)
        }
        if len(kept) == len(moves):
            return moves
        moves = kept
