"""``lectern doctor``: what must hold of a data folder, checked one by one, and repaired."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ingest.catalog.collection import same_direction
from ingest.discovery import is_vacant
from ingest.embedding import check_vector
from ingest.errors import LecternError
from ingest.reindexing import forget_garbage, garbage
from service.calibration import script_of
from service.ingest_lock import abandoned
from service.models.tokenizers import CountingFailed
from service.running import FILE as SERVER_FILE
from service.running import find_server
from service.token_samples import SAMPLE, TELLING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.catalog.records import CollectionRecord
    from ingest.repairing import Repairer
    from service.generation import Generation
    from service.wiring import Services

State = Literal["ok", "wrong", "repaired", "note"]
LEAST_FREE = 2**30
"""Bytes. Below, an ingest may end in the middle."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, and what came of it."""

    check: str
    state: State
    detail: str = ""
    advice: str = ""
    """What to do about it."""


def check_folder(data: Path) -> Iterator[Finding]:
    """Rights and free space of the data folder, and what a killed process has left in it."""
    mode = data.stat().st_mode & 0o777
    if os.name != "nt" and mode & 0o077:
        yield Finding("data folder", "wrong", f"{data} is open to others ({mode:o})", f"chmod 700 {data}")
    else:
        yield Finding("data folder", "ok", str(data))
    free = shutil.disk_usage(data).free
    said = f"{free / 2**30:,.1f} GiB free"
    if free < LEAST_FREE:
        yield Finding("disk", "wrong", said, "make room: an ingest needs about twice what it reads")
    else:
        yield Finding("disk", "ok", said)


def check_leftovers(data: Path, *, repairs: bool) -> Iterator[Finding]:
    """What processes that were killed have left behind; nothing depends on it."""
    left: list[Path] = []
    if (data / SERVER_FILE).exists() and find_server(data) is None:
        left.append(data / SERVER_FILE)
    left += abandoned(data)
    for path in left:
        if repairs:
            path.unlink(missing_ok=True)
        yield Finding("leftovers", "repaired" if repairs else "note", f"{path.name} of a process that ended")


def check_programs() -> Iterator[Finding]:
    """What is used where it is there."""
    uses = {
        "git": "folders are walked, and .gitignore is read, without it",
        "tesseract": "reads scanned pages",
    }
    for name, use in uses.items():
        found = shutil.which(name)
        yield Finding(name, "note", found or f"not installed ({use})")


def check_catalog(services: Services) -> Finding:
    """Whether the database is whole."""
    damage = services.catalog.damage()
    if not damage:
        return Finding("catalog", "ok")
    advice = "restore catalog.sqlite from a backup, or move the data folder away and ingest anew"
    return Finding("catalog", "wrong", "; ".join(damage[:3]), advice)


def check_tokenizer(services: Services) -> Iterator[Finding]:
    """What the model's tokenizer counts of a document of each script, where the settings ask for that."""
    if services.generation is None or not services.settings.exact_tokens:
        return
    seen: set[str] = set()
    for collection in services.catalog.collections(services.settings.tenant):
        for version in services.catalog.ready_versions(collection)[:1]:
            content = services.catalog.content(services.settings.tenant, collection.name, version.number)
            text = content.document.text
            script = script_of(text[:SAMPLE])
            if len(text) >= TELLING and script not in seen:
                seen.add(script)
                yield _check_count(services.generation, script, text)


def _check_count(generation: Generation, script: str, text: str) -> Finding:
    check, model = f"tokens of {script} text", generation.settings.model
    try:
        ratio = generation.tokens_for_one(text)
    except CountingFailed as error:
        return Finding(check, "note", str(error), "estimates are calibrated by answers alone")
    return Finding(check, "ok", f"{model} reads {ratio:.2f} for each one that is estimated")


def check_collections(services: Services, repairer: Repairer | None) -> Iterator[Finding]:
    """Every collection against the index; with a ``repairer`` what differs is repaired."""
    collections = services.catalog.collections(services.settings.tenant)
    vector = check_vector(services.embedder).tobytes() if collections else b""
    for collection in collections:
        yield _check_embedder(services, collection, vector)
        yield from _check_index(services, collection, repairer)
        yield _check_files(services, collection)


def _check_embedder(services: Services, collection: CollectionRecord, vector: bytes) -> Finding:
    check = f"embedder of {collection.name}"
    if collection.embedder != services.embedder.identity:
        detail = (
            f"its vectors are of {collection.embedder!r}, the settings ask for {services.embedder.identity!r}"
        )
    elif not same_direction(collection.check_vector, vector):
        detail = f"{collection.embedder!r} gives other vectors now"
    else:
        return Finding(check, "ok", collection.embedder)
    return Finding(check, "wrong", detail, f"lectern reindex {collection.name}")


def _check_index(
    services: Services, collection: CollectionRecord, repairer: Repairer | None
) -> Iterator[Finding]:
    check = f"index of {collection.name}"
    try:
        wrong = list(_differences(services, collection))
        if wrong and repairer is not None and collection.embedder == services.embedder.identity:
            repairer.repair(collection)
            repairer.rewrite(collection, _unopened(services, collection))
            left = list(_differences(services, collection))
            state: State = "wrong" if left else "repaired"
            yield Finding(check, state, "; ".join(left or wrong))
        elif wrong:
            yield Finding(check, "wrong", "; ".join(wrong), "lectern doctor --repair")
        else:
            documents = len(services.catalog.manifest(collection))
            yield Finding(check, "ok", f"{documents} documents")
        yield from _check_garbage(services, collection, repairs=repairer is not None)
    except LecternError as error:
        yield Finding(check, "wrong", str(error), "see index.log in the data folder")


def _differences(services: Services, collection: CollectionRecord) -> Iterator[str]:
    manifest = services.catalog.manifest(collection)
    begun = {version.number for version in services.catalog.pending_versions(collection)}
    held = services.index.counts(collection.scope)
    openings = services.index.counts(collection.scope.openings)
    lacking = [number for number, count in manifest.items() if held.get(number, 0) != count]
    stray = (held.keys() | openings.keys()) - manifest.keys() - begun
    retitled = services.catalog.retitled(collection)
    for numbers, what in (
        (lacking, "documents without all their chunks"),
        (_unopened(services, collection), "documents without their description"),
        (stray, "documents that the catalog does not know"),
        (retitled, "documents under their title before a move"),
    ):
        if numbers:
            yield f"{len(numbers)} {what}"


def _unopened(services: Services, collection: CollectionRecord) -> list[int]:
    """Documents without the point that tells which they are."""
    openings = services.index.counts(collection.scope.openings)
    return [
        version.number
        for version in services.catalog.ready_versions(collection)
        if version.number not in openings
    ]


def _check_garbage(services: Services, collection: CollectionRecord, *, repairs: bool) -> Iterator[Finding]:
    check = f"generations of {collection.name}"
    if collection.next_generation is not None:
        advice = f"lectern reindex {collection.name} goes on with it"
        yield Finding(
            check, "note", f"a re-index to generation {collection.next_generation} has begun", advice
        )
    left = sum(garbage(services.index, collection).values())
    if left and repairs:
        forget_garbage(services.index, collection)
        yield Finding(check, "repaired", f"{left} points of old generations")
    elif left:
        yield Finding(check, "wrong", f"{left} points of old generations", "lectern doctor --repair")


def _check_files(services: Services, collection: CollectionRecord) -> Finding:
    known = services.catalog.known_files(collection).values()
    lost = [file.path for file in known if is_vacant(file.location)]
    if not lost:
        return Finding(f"files of {collection.name}", "ok")
    detail = f"{len(lost)} documents have no file any more, {lost[0]} first"
    return Finding(
        f"files of {collection.name}", "note", detail, "lectern ingest --prune FOLDER deletes them"
    )
