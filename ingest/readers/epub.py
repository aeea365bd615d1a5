"""Books in EPUB: a zip package of web pages and the order in which they are read."""

from __future__ import annotations

import posixpath
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ingest.errors import UnreadableFile
from ingest.readers.composing import composed, opening_heading
from ingest.readers.decoding import decode
from ingest.readers.markup import attribute, parsed
from ingest.readers.office import html_parts
from ingest.readers.package import check_archive, damage_named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from ingest.model import Document

READER = "epub/1"

_CONTAINER = "META-INF/container.xml"
_LOCKS = "META-INF/encryption.xml"


def read_epub(location: Path) -> Document:
    """Read a book, chapter by chapter as its spine has them, without its navigation page.

    The title is that of the book's metadata, else the first heading, else the stem of the name.

    Raises:
        UnreadableFile: see ``check_archive``; ``encrypted`` where the pages are; ``no_text``.
    """
    check_archive(location, "application/epub+zip")
    with damage_named(), zipfile.ZipFile(location) as package:
        book = _book(package)
        root = parsed(package.read(book))
        pages = [decode(package.read(name)) for name in _pages(package, root, posixpath.dirname(book))]
        title = next((each.text for each in root.iter("title") if each.text), "")
    parts = [part for page in pages if page.strip() for part in html_parts(page)]
    return composed(parts, title=title or opening_heading(parts) or location.stem, reader=READER)


def _book(package: zipfile.ZipFile) -> str:
    """The part that lists all others."""
    for file in parsed(package.read(_CONTAINER)).iter("rootfile"):
        return file.get("full-path", "")
    raise UnreadableFile("broken", "the container names no book")


def _pages(package: zipfile.ZipFile, root: Element, folder: str) -> Iterator[str]:
    names = frozenset(package.namelist())
    locked = _locked(package) if _LOCKS in names else frozenset[str]()
    items = {item.get("id", ""): item for item in root.iter("item")}
    for reference in root.iter("itemref"):
        item = items.get(reference.get("idref", ""))
        if item is None or "nav" in item.get("properties", "").split():
            continue
        name = posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        if name in locked:
            raise UnreadableFile("encrypted", f"{name} is locked")
        if name in names and "html" in f"{item.get('media-type', '')}{name}".lower():
            yield name


def _locked(package: zipfile.ZipFile) -> frozenset[str]:
    """Encrypted parts: the pages of a book with a copy protection, else only its fonts."""
    references = parsed(package.read(_LOCKS)).iter("CipherReference")
    return frozenset(unquote(attribute(each, "URI")) for each in references)
