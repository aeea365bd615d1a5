"""A connector of LlamaIndex's as a source: what it delivers becomes files, and files are ingested as ever."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ingest.errors import UnknownName, UnusableReader
from ingest.media import MARKDOWN, PLAIN, language_of, media_type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.readers.llama import Loaded
    from ingest.readers.options import ChosenReader
    from service.services import Services

_PLACES = ("file_path", "file_name", "filename", "title", "name", "url", "source")
"""Facts that name a document, the most telling first."""
_RANDOM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""An identity that LlamaIndex made up: another one in every run."""
_UNSAFE = re.compile(r"[^\w.,()+@=-]+")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_LONGEST_PART = 80
_MOST_PARTS = 6
_HEADING = re.compile(r"^#{1,6} \S", re.MULTILINE)
_DIGEST_BYTES = 6
_ROOT, _OLD_ROOT = "delivered", "loaded"
"""In the data folder. Below the old one tenants shared the folders of collections of one name."""


@dataclass(frozen=True, slots=True)
class Materialised:
    """The files of a source after it was asked; what it does not deliver any more is gone."""

    folder: Path
    files: list[Path]


def folder_of(data: Path, tenant: str, collection: str, chosen: ChosenReader) -> Path:
    """Where a source's files lie: the same reader with other arguments is another source."""
    return _collection_folder(data, tenant, collection) / _source(chosen)


def old_folder_of(data: Path, collection: str, chosen: ChosenReader) -> Path:
    """Where a source's files lay before tenants had folders of their own, see `adopt`."""
    safe = _safe(collection)
    return (
        data / _OLD_ROOT / (safe if safe == collection else f"{safe}-{_digest(collection)}") / _source(chosen)
    )


def forget_delivered(data: Path, locations: Iterable[str]) -> None:
    """Delete files that sources have delivered; what lies elsewhere is its owner's and stays."""
    roots = [(data / name).resolve() for name in (_ROOT, _OLD_ROOT)]
    for location in map(Path, filter(None, locations)):
        if any(location.is_relative_to(root) for root in roots):
            location.unlink(missing_ok=True)


def forget_sources(data: Path, tenant: str, collection: str) -> None:
    """Delete all that sources have delivered for a collection."""
    shutil.rmtree(_collection_folder(data, tenant, collection), ignore_errors=True)


def materialise(folder: Path, delivered: Sequence[Loaded]) -> Materialised:
    """Make the files of ``folder`` say what was delivered; a file that says it already is left alone.

    Raises:
        UnusableReader: nothing was delivered: more likely a wrong argument than an empty source.
        OSError: the disk.
    """
    if not delivered:
        raise UnusableReader("the reader delivers no documents: check its --reader-argument")
    wanted = {folder / path: text.encode("utf-8", "replace") for path, text in _named(delivered).items()}
    for path in [path for path in folder.rglob("*") if path.is_file() and path not in wanted]:
        path.unlink()
    for path, content in wanted.items():
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return Materialised(folder, sorted(wanted))


def adopt(services: Services, collection: str, folder: Path, old_folder: Path) -> None:
    """Have the documents of a source name files in its own folder, where it shared one with other tenants.

    The files are copied before the source is asked, so that a document stays what it is; what no tenant names
    any more is deleted.
    """
    tenant, catalog = services.settings.tenant, services.catalog
    with suppress(UnknownName):  # it is new: nothing of it is old
        record = catalog.collection(tenant, collection)
        for known in catalog.known_files(record).values():
            location = Path(known.location)
            if known.location and location.is_relative_to(old_folder):
                own = folder / location.relative_to(old_folder)
                own.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileNotFoundError):
                    shutil.copy2(location, own)
                catalog.touch(known, size=known.size, modified_ns=known.modified_ns, location=str(own))
        failed = catalog.failures(record).values()
        catalog.forget_failures(
            record, [each.path for each in failed if Path(each.location).is_relative_to(old_folder)]
        )
    if not any(Path(location).is_relative_to(old_folder) for location in _locations(services)):
        shutil.rmtree(old_folder, ignore_errors=True)


def forget_removed(services: Services, collection: str, folder: Path) -> None:
    """Delete the documents of files that lay in ``folder`` and are gone, by this run or one that was killed.

    Raises:
        IndexUnavailable: the index does not answer.
    """
    record = services.catalog.collection(services.settings.tenant, collection)
    for known in services.catalog.known_files(record).values():
        location = Path(known.location)
        if known.location and location.is_relative_to(folder) and not location.exists():
            services.delete_document(services.settings.tenant, known.document)


def _locations(services: Services) -> Iterator[str]:
    """Where the files of all tenants lie."""
    catalog = services.catalog
    for tenant in catalog.tenants():
        for collection in catalog.collections(tenant):
            yield from catalog.locations(tenant, collection.name).values()


def _named(delivered: Iterable[Loaded]) -> dict[str, str]:
    """Texts by path. The parts of one file, such as its pages, go together; equal names are told apart."""
    parts: dict[str, list[Loaded]] = {}
    for number, loaded in enumerate(delivered):
        parts.setdefault(loaded.said("file_path") or f"\0{number}", []).append(loaded)
    texts: dict[str, str] = {}
    taken: set[str] = set()
    for group in parts.values():
        text = "\n\n".join(loaded.text for loaded in group)
        stem, count = _path(group[0]), 1
        path = _ended(stem, text)
        while path.casefold() in taken:  # systems differ in whether they tell small letters from capitals
            count += 1
            path = _ended(f"{stem}-{count}", text)
        taken.add(path.casefold())
        texts[path] = text
    return texts


def _path(loaded: Loaded) -> str:
    """What names the document, without anything that leads out of the folder or that a system forbids."""
    named = loaded.said(*_PLACES) or (
        loaded.identity if not _RANDOM.fullmatch(loaded.identity) else _digest(loaded.text)
    )
    parts = [part for part in map(_safe, re.split(r"[/\\]+", named)) if part]
    return "/".join(parts[-_MOST_PARTS:]) or _digest(named)


def _safe(part: str) -> str:
    name = _UNSAFE.sub("_", part).strip("._")[:_LONGEST_PART].rstrip("._")
    return f"{name}_" if _DEVICE.fullmatch(name) else name


def _ended(path: str, text: str) -> str:
    """What a reader took out of a PDF is no PDF: only the endings of texts are kept."""
    media_type = media_type_of(PurePosixPath(path))
    if PurePosixPath(path).suffix and (
        media_type in {MARKDOWN, PLAIN} or (media_type and language_of(media_type))
    ):
        return path
    return path + (".md" if _HEADING.search(text) else ".txt")


def _collection_folder(data: Path, tenant: str, collection: str) -> Path:
    return data / _ROOT / _distinct(tenant) / _distinct(collection)


def _source(chosen: ChosenReader) -> str:
    given = _digest(repr(sorted(chosen.arguments)))
    return _safe(chosen.name.replace(":", ".")) + (f"-{given}" if chosen.arguments else "")


def _distinct(name: str) -> str:
    """A folder's name for a tenant or a collection: no two share one, whatever a system takes for equal."""
    safe = _safe(name)
    return safe if safe == name.casefold() else f"{safe}-{_digest(name)}"


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=_DIGEST_BYTES).hexdigest()
