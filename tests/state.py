"""What a stopped data folder holds, so that two of them can be compared: catalog, points, hit lists."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import qdrant_edge as qdrant
from filelock import FileLock

from ingest.embedding import UniversalSentenceEncoder
from ingest.index import LocalIndex, Question
from ingest.model import Scope
from ingest.store.edge_shard import dimensions_of, load
from ingest.store.payload import DENSE, OPENINGS, SPARSE
from service.edge_index import open_shards

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

NEAR = 1e-5
"""How far a dense vector's number may lie from its equal."""
_PATIENCE = 60
_VERSIONS = """
    SELECT d.path, d.location, d.retitled, v.number = d.current, v.number, v.ordinal, v.state, v.size,
           v.content_hash, v.media_type, v.reader, v.chunker, v.embedder, v.title, v.characters, v.pages,
           v.passages, v.chunks, v.warnings, c.text, c.passages, c.layout
    FROM versions v JOIN documents d ON d.id = v.document
    LEFT JOIN contents c ON c.tenant = v.tenant AND c.collection = v.collection AND c.number = v.number
    WHERE v.collection = ? ORDER BY v.number
"""
_FAILURES = """
    SELECT path, location, reason, detail, content_hash, size, reader FROM failures
    WHERE collection = ? ORDER BY path
"""


@dataclass(frozen=True)
class State:
    """All of a collection, whatever the random ids of documents and whenever it was made."""

    versions: list[tuple[Any, ...]]
    failures: list[tuple[Any, ...]]
    points: dict[str, tuple[dict[str, Any], dict[int, float]]]
    """Payload and sparse vector by the point's id."""
    dense: dict[str, NDArray[np.float32]]
    """Empty for a text without words."""
    hits: list[list[tuple[int, int, float]]]
    """For each question: document number, ordinal and score."""


def differences(found: State, wanted: State) -> list[str]:
    """What is not alike, one line for each."""
    told = [f"version {row[:8]}" for row in _unlike(found.versions, wanted.versions)]
    told += [f"failure {row}" for row in _unlike(found.failures, wanted.failures)]
    told += [f"missing point of {wanted.points[key][0]}" for key in wanted.points.keys() - found.points]
    told += [f"point too many of {found.points[key][0]}" for key in found.points.keys() - wanted.points]
    both = found.points.keys() & wanted.points.keys()
    told += [f"point of {found.points[key][0]}" for key in both if found.points[key] != wanted.points[key]]
    told += [
        f"dense vector of {found.points[key][0]}"
        for key in both
        if found.dense[key].shape != wanted.dense[key].shape
        or not np.allclose(found.dense[key], wanted.dense[key], rtol=0, atol=NEAR)
    ]
    told += [f"hits of question {n}" for n, pair in enumerate(_pairs(found, wanted)) if pair[0] != pair[1]]
    return told


def read_state(data: Path, questions: Sequence[str], *, collection: str = "default") -> State:
    """The state of a folder in which nobody works; its index process is told to end."""
    end_index(data)
    with FileLock(data / "index.lock", timeout=_PATIENCE):  # one that ends by itself holds it to the last
        return _read(data, questions, collection)


def _read(data: Path, questions: Sequence[str], collection: str) -> State:
    with closing(sqlite3.connect(data / "catalog.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        generation = database.execute(
            "SELECT generation FROM collections WHERE name = ?", [collection]
        ).fetchone()[0]
        versions = [(*row[:-3], *map(_digest, row[-3:])) for row in database.execute(_VERSIONS, [collection])]
        failures = database.execute(_FAILURES, [collection]).fetchall()
    points = dict(_points(data / "index"))
    return State(
        versions,
        failures,
        {key: (payload, sparse) for key, (payload, sparse, _) in points.items()},
        {key: dense for key, (_, _, dense) in points.items()},
        _hits(data, Scope("default", collection, generation), questions),
    )


def end_index(data: Path, number: int = signal.SIGTERM) -> None:
    """End the index process of a folder, if there is one, and wait until it is gone."""
    with suppress(OSError, ValueError):
        end_process(json.loads((data / "index.json").read_bytes())["pid"], number)


def end_process(pid: int, number: int) -> None:
    """Send a process a signal and wait until it is gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
    deadline = time.monotonic() + _PATIENCE
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} does not end"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether there is such a process that is more than a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def _unlike(found: list[tuple[Any, ...]], wanted: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [("found", *row) for row in found if row not in wanted] + [
        ("wanted", *row) for row in wanted if row not in found
    ]


def _pairs(found: State, wanted: State) -> Iterator[tuple[Any, Any]]:
    for one, other in zip(found.hits, wanted.hits, strict=True):
        yield _rounded(one), _rounded(other)


def _rounded(hits: list[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    return [(document, ordinal, round(score, 5)) for document, ordinal, score in hits]


def _digest(content: bytes | str | None) -> str | None:
    raw = content.encode() if isinstance(content, str) else content
    return None if raw is None else blake2b(raw, digest_size=8).hexdigest()


def _points(folder: Path) -> Iterator[tuple[str, tuple[dict[str, Any], dict[int, float], Any]]]:
    shard = load(folder, dimensions_of(folder) or 0)
    try:
        offset: Any = None
        while True:
            request = qdrant.ScrollRequest(offset=offset, limit=1_000, with_payload=True, with_vector=True)
            records, offset = shard.scroll(request)
            for record in records:
                vectors = cast("dict[str, Any]", record.vector or {})
                terms = vectors.get(SPARSE, vectors.get(OPENINGS))
                sparse = {} if terms is None else dict(zip(terms.indices, terms.values, strict=True))
                dense = np.asarray(vectors.get(DENSE, []), dtype=np.float32)
                yield str(record.id), (dict(record.payload or {}), sparse, dense)
            if offset is None:
                return
    finally:
        shard.close()


@cache
def _embedder() -> UniversalSentenceEncoder:
    """One for all: its weights take a second to load."""
    return UniversalSentenceEncoder()


def _hits(data: Path, scope: Scope, questions: Sequence[str]) -> list[list[tuple[int, int, float]]]:
    embedder = _embedder()
    index = LocalIndex(open_shards(data, embedder.dimensions), embedder)
    try:
        found = [index.search(scope, Question(asked), documents=None, limit=20) for asked in questions]
    finally:
        index.close()
    return [[(hit.document, hit.ordinal, hit.score) for hit in hits] for hits in found]
