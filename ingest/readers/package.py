"""Office files are zip packages of XML: look before anything is unpacked."""

from __future__ import annotations

import html
import lzma
import re
import struct
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING
from xml.parsers import expat

from ingest.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

LARGEST = 512 << 20
"""Bytes of all parts, unpacked."""
STEEPEST = 200
"""Times that a part may be larger than its packed form, once it is larger than ``_SMALL``."""
_SMALL = 1 << 20
_HEAD = 1 << 16
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FOREIGN = (b"%PDF-", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff", b"<")
_ENCRYPTION_FLAG = 1
_MANIFEST = "META-INF/manifest.xml"
_TITLE = re.compile(rb"<dc:title[^>]*>([^<]*)</dc:title>")
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError),
    *(ArithmeticError, AttributeError, LookupError, RuntimeError, SyntaxError, TypeError, ValueError),
)
"""What zipfile, python-docx and lxml raise for files that are cut, scrambled or lack parts."""


class _RootSeen(Exception):
    """Enough of a part was read."""


def check_package(location: Path, folder: str) -> None:
    """Refuse what is no sound package with its main part in ``folder`` (``word/``).

    Raises:
        UnreadableFile: ``empty``, ``encrypted``, ``wrong_extension``, ``unpacks_too_large`` or ``broken``; a
            document type, as entity bombs need it, is broken.
    """
    _check_signature(location)
    with damage_named(), zipfile.ZipFile(location) as package:
        parts = package.infolist()
        _check_sizes(parts)
        _check_folder(parts, folder)
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                _check_prolog(package, part)


def check_archive(location: Path, media_type: str) -> None:
    """Refuse what is no sound zip package that says in its ``mimetype`` that it is of this type.

    Its parts are not looked into: ``markup.parsed`` refuses document types.

    Raises:
        UnreadableFile: as ``check_package`` does.
    """
    _check_signature(location)
    with damage_named(), zipfile.ZipFile(location) as package:
        parts = package.infolist()
        _check_sizes(parts)
        names = package.namelist()
        named = (
            package.read("mimetype")[:_HEAD].decode("ascii", "replace").strip() if "mimetype" in names else ""
        )
        if named and not named.startswith(media_type):
            raise UnreadableFile("wrong_extension", f"calls itself {named[:80]}")
        if _MANIFEST in names and b"encryption-data" in package.read(_MANIFEST):
            raise UnreadableFile("encrypted", "the document asks for a password")


@contextmanager
def damage_named() -> Generator[None]:
    """Turn what parsers raise over a damaged file into ``UnreadableFile("broken")``."""
    try:
        yield
    except _DAMAGE as damage:
        raise UnreadableFile("broken", f"{type(damage).__name__}: {damage}") from damage


def package_title(location: Path) -> str:
    """The title among the core properties, or nothing."""
    with damage_named(), zipfile.ZipFile(location) as package:
        if "docProps/core.xml" not in package.namelist():
            return ""
        with package.open("docProps/core.xml") as part:
            found = _TITLE.search(part.read(_HEAD))
    return " ".join(html.unescape(found[1].decode("utf-8", "replace")).split()) if found else ""


def _check_signature(location: Path) -> None:
    with location.open("rb") as file:
        head = file.read(_HEAD)
        if not head:
            raise UnreadableFile("empty", "the file holds no bytes")
        if head.startswith(_OLE):
            if _ENCRYPTED in head + file.read():
                raise UnreadableFile("encrypted", "the document asks for a password")
            raise UnreadableFile("wrong_extension", "an Office file of before 2007")
        if head.startswith(_FOREIGN):
            raise UnreadableFile("wrong_extension", "the bytes are those of another format")


def _check_sizes(parts: list[zipfile.ZipInfo]) -> None:
    size = sum(part.file_size for part in parts)
    if size > LARGEST:
        raise UnreadableFile("unpacks_too_large", f"{size >> 20} MB unpacked, {LARGEST >> 20} MB allowed")
    for part in parts:
        if part.flag_bits & _ENCRYPTION_FLAG:
            raise UnreadableFile("encrypted", f"{part.filename} asks for a password")
        if part.file_size > max(_SMALL, STEEPEST * part.compress_size):
            raise UnreadableFile("unpacks_too_large", f"{part.filename} unpacks to {part.file_size >> 20} MB")


def _check_folder(parts: list[zipfile.ZipInfo], folder: str) -> None:
    names = [part.filename for part in parts]
    if "[Content_Types].xml" not in names:
        raise UnreadableFile("wrong_extension", "a zip archive, but not of Open XML")
    if any(name.startswith(("word/", "xl/", "ppt/")) for name in names) and not any(
        name.startswith(folder) for name in names
    ):
        raise UnreadableFile("wrong_extension", "another kind of Office file")


def _check_prolog(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Read a part up to its root element; Office writes no document type, entity bombs need one."""

    def refuse(*_: object) -> None:
        raise UnreadableFile("broken", f"{part.filename} declares a document type")

    def finish(*_: object) -> None:
        raise _RootSeen

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = finish
    with package.open(part) as stream:
        head = stream.read(_HEAD)
        try:
            while head:
                parser.Parse(head)
                head = stream.read(_HEAD)
        except _RootSeen:
            return
        except expat.ExpatError as error:
            raise UnreadableFile("broken", f"{part.filename}: {error}") from error
