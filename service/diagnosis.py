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
from ingest.repairing import stray_versions
from service.answers import DEFAULT_TENANT
from service.backup.placing import ARRIVING, remove
from service.backup.taking import abandoned_backups
from service.calibration import script_of
from service.ingest_lock import abandoned, writing
from service.jobs.controlling import settle
from service.jobs.forgetting import forget_strays, strays
from service.jobs.owner import has_died
from service.models.tokenizers import CountingFailed
from service.recording import Origin
from service.replicas import live_servers, means_of
from service.running import FILE as SERVER_FILE
from service.running import PRIVATE, find_server
from service.token_samples import SAMPLE, TELLING
from service.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.catalog.records import CollectionRecord
    from ingest.repairing import Repairer
    from service.generation import Generation
    from service.services import Services

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


def check_folder(data: Path, *, repairs: bool) -> Iterator[Finding]:
    """Rights and free space of the data folder."""
    mode = data.stat().st_mode & 0o777
    said = f"{data} is open to others ({mode:o})"
    if os.name == "nt" or not mode & 0o077:
        yield Finding("data folder", "ok", str(data))
    elif repairs:
        data.chmod(mode & ~0o077)
        yield Finding("data folder", "repaired", said)
    else:
        yield Finding("data folder", "wrong", said, f"chmod 700 {data}")
    if os.name != "nt" and (data / SERVER_FILE).exists():
        yield _check_token(data / SERVER_FILE, repairs=repairs)
    free = shutil.disk_usage(data).free
    said = f"{free / 2**30:,.1f} GiB free"
    if free < LEAST_FREE:
        yield Finding("disk", "wrong", said, "make room: an ingest needs about twice what it reads")
    else:
        yield Finding("disk", "ok", said)


def _check_token(record: Path, *, repairs: bool) -> Finding:
    """The record of the server that runs: its token opens every tenant."""
    mode = record.stat().st_mode & 0o777
    said = f"{record} has the mode {mode:o}, and opens every tenant"
    if mode == PRIVATE:
        return Finding(SERVER_FILE, "ok")
    if not repairs:
        return Finding(SERVER_FILE, "wrong", said, f"chmod 600 {record}")
    record.chmod(PRIVATE)
    return Finding(SERVER_FILE, "repaired", f"{said}; restart the server where others may have read it")


def check_leftovers(data: Path, *, repairs: bool) -> Iterator[Finding]:
    """What processes that were killed have left behind; nothing depends on it."""
    left: list[Path] = []
    if (data / SERVER_FILE).exists() and find_server(data) is None:
        left.append(data / SERVER_FILE)
    left += [*abandoned(data), *abandoned_backups(data), *data.glob(ARRIVING)]
    for path in left:
        if repairs:
            remove(path)
        yield Finding("leftovers", "repaired" if repairs else "note", f"{path.name} of a process that ended")


def check_originals(services: Services, *, repairs: bool) -> Iterator[Finding]:
    """Files that were sent and belong to no document, no failure and no job any more."""
    catalog, originals = services.catalog, services.originals
    if repairs:
        found = forget_strays(catalog, originals)
    else:
        with originals.locked():
            found = strays(catalog, originals)
    said = f"{len(found)} files that were sent belong to nothing any more"
    if not found:
        yield Finding("sent files", "ok")
    elif repairs:
        yield Finding("sent files", "repaired", said)
    else:
        yield Finding(
            "sent files",
            "wrong",
            said,
            "lectern doctor --repair deletes them, and so does the next `lectern serve`",
        )


def check_jobs(services: Services, *, repairs: bool) -> Iterator[Finding]:
    """Jobs that run by their record and whose process is gone."""
    running, now = services.catalog.jobs(states=("running",)), services.catalog.moment()
    dead = [job for job in running if has_died(job.owner, job.heartbeat, now)]
    said = f"{len(dead)} jobs run by their record, and their process is gone"
    if not dead:
        yield Finding("jobs", "ok")
    elif repairs:
        settle(services.catalog)
        yield Finding("jobs", "repaired", said)
    else:
        advice = "lectern serve goes on with them, lectern doctor --repair lets go"
        yield Finding("jobs", "note", said, advice)


def check_servers(services: Services) -> Iterator[Finding]:
    """The servers over a shared database: whether they search one index, and take each other's jobs."""
    if not services.catalog.is_shared:
        return
    servers, mine = live_servers(services.catalog), means_of(services)
    unlike = [server.name for server in servers if server.means.index != mine.index]
    apart = [server.name for server in servers if server.means.sent != mine.sent]
    if unlike:
        said = f"over the same database, {', '.join(unlike)} searches another index"
        yield Finding("servers", "wrong", said, "give all of them the same LECTERN_QDRANT_URL")
    elif services.settings.qdrant_url is None:
        said = "the index lies in this data folder: only servers over this folder may share the database"
        yield Finding("servers", "note", said, "for several machines set LECTERN_QDRANT_URL")
    else:
        yield Finding("servers", "ok", counted(len(servers), "server"))
    if apart:
        said = f"{', '.join(apart)} keeps the files that it is sent elsewhere: nobody else does its jobs"
        yield Finding("sent files", "note", said, "let LECTERN_UPLOADS name a folder that all of them have")


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


def check_deleted(services: Services) -> Iterator[Finding]:
    """What was deleted and still takes room."""
    deleted = services.index.deleted()
    if deleted:
        said = f"{counted(deleted, 'deleted chunk')}: their vectors still stand there"
        advice = "they go once they are many, or with lectern documents purge"
        yield Finding("files of the index", "note", said, advice)


def check_tokenizer(services: Services) -> Iterator[Finding]:
    """What the model's tokenizer counts of a document of each script, where the settings ask for that."""
    if services.generation is None or not services.settings.exact_tokens:
        return
    seen: set[str] = set()
    for collection in _collections(services):
        for version in services.catalog.ready_versions(collection)[:1]:
            content = services.catalog.content(collection.tenant, collection.name, version.number)
            text = content.document.text
            script = script_of(text[:SAMPLE])
            if len(text) >= TELLING and script not in seen:
                seen.add(script)
                origin = Origin(collection.tenant, collection.name)
                yield _check_count(services.generation, script, text, origin)


def _check_count(generation: Generation, script: str, text: str, origin: Origin) -> Finding:
    check, model = f"tokens of {script} text", generation.settings.model
    try:
        ratio = generation.tokens_for_one(text, origin=origin)
    except CountingFailed as error:
        return Finding(check, "note", str(error), "estimates are calibrated by answers alone")
    return Finding(check, "ok", f"{model} reads {ratio:.2f} for each one that is estimated")


def check_collections(services: Services, repairer: Repairer | None) -> Iterator[Finding]:
    """Every collection of every tenant against the index; with a ``repairer`` what differs is repaired."""
    collections = _collections(services)
    vector: bytes | LecternError = b""
    if collections:
        try:
            vector = check_vector(services.embedder).tobytes()
        except LecternError as error:
            vector = error
    for collection in collections:
        yield _check_embedder(services, collection, vector)
        yield from _check_index(services, collection, repairer)
        yield _check_files(services, collection)


def _collections(services: Services) -> list[CollectionRecord]:
    catalog = services.catalog
    return [collection for tenant in catalog.tenants() for collection in catalog.collections(tenant)]


def _name(collection: CollectionRecord) -> str:
    """With its tenant, where that is not the laptop's."""
    if collection.tenant == DEFAULT_TENANT:
        return collection.name
    return f"{collection.tenant}/{collection.name}"


def _check_embedder(
    services: Services, collection: CollectionRecord, vector: bytes | LecternError
) -> Finding:
    check = f"embedder of {_name(collection)}"
    if isinstance(vector, LecternError):
        return Finding(check, "wrong", str(vector), "see the settings that begin with embeddings")
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
    check = f"index of {_name(collection)}"
    try:
        wrong = list(_differences(services, collection))
        if wrong and repairer is not None and collection.embedder == services.embedder.identity:
            with writing(services.catalog, collection.tenant, collection.name, "repair"):
                repairer.repair(collection)
                repairer.rewrite(collection, _unopened(services, collection))
            left = list(_differences(services, collection))
            state: State = "wrong" if left else "repaired"
            yield Finding(check, state, "; ".join(left or wrong))
        elif wrong:
            yield Finding(check, "wrong", "; ".join(wrong), "lectern doctor --repair")
        else:
            documents = len(services.catalog.manifest(collection))
            yield Finding(check, "ok", counted(documents, "document"))
        yield from _check_garbage(services, collection, repairs=repairer is not None)
    except LecternError as error:
        yield Finding(check, "wrong", str(error), "see index.log in the data folder")


def _differences(services: Services, collection: CollectionRecord) -> Iterator[str]:
    manifest = services.catalog.manifest(collection)
    held = services.index.counts(collection.scope)
    lacking = [number for number, count in manifest.items() if held.get(number, 0) != count]
    stray = stray_versions(services.catalog, services.index, collection)
    retitled = services.catalog.retitled(collection)
    for numbers, what in (
        (lacking, "documents without all their chunks"),
        (_unopened(services, collection), "documents without their description"),
        (stray, "documents that the catalog does not know"),
        (retitled, "documents under their name before a move"),
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
    check = f"generations of {_name(collection)}"
    if collection.next_generation is not None:
        advice = f"lectern reindex {collection.name} goes on with it"
        yield Finding(
            check, "note", f"a re-index to generation {collection.next_generation} has begun", advice
        )
    left = sum(garbage(services.index, collection).values())
    if left and repairs:
        with writing(services.catalog, collection.tenant, collection.name, "repair"):
            forget_garbage(services.index, collection)
        yield Finding(check, "repaired", f"{left} points of old generations")
    elif left:
        yield Finding(check, "wrong", f"{left} points of old generations", "lectern doctor --repair")


def _check_files(services: Services, collection: CollectionRecord) -> Finding:
    known = services.catalog.known_files(collection).values()
    lost = [file.path for file in known if is_vacant(file.location)]
    if not lost:
        return Finding(f"files of {_name(collection)}", "ok")
    detail = f"{len(lost)} documents have no file any more, {lost[0]} first"
    return Finding(
        f"files of {_name(collection)}",
        "note",
        detail,
        "lectern ingest FOLDER follows those that were moved, and with --prune deletes the others",
    )
