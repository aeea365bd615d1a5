"""What a file's name says it is, and whether its first bytes agree."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePath

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HTML = "text/html"
MARKDOWN = "text/markdown"
PLAIN = "text/plain"

IMAGES = ("image/png", "image/jpeg", "image/tiff", "image/bmp", "image/gif", "image/webp")

SIGNATURE_BYTES = 1024
"""How much of a file ``check_signature`` wants to see: a PDF may begin with that much of something else."""

_LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "text/x-python": "python",
        "text/javascript": "javascript",
        "text/typescript": "typescript",
        "text/tsx": "tsx",
        "text/x-go": "go",
        "text/x-java": "java",
        "text/x-c": "c",
        # A header may be either; the C++ grammar reads both.
        "text/x-c-header": "cpp",
        "text/x-c++": "cpp",
        "text/x-rust": "rust",
    }
)

_ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        ending: media_type
        for media_type, endings in {
            PDF: ".pdf",
            DOCX: ".docx",
            "image/png": ".png",
            "image/jpeg": ".jpg .jpeg",
            "image/tiff": ".tif .tiff",
            "image/bmp": ".bmp",
            "image/gif": ".gif",
            "image/webp": ".webp",
            HTML: ".html .htm",
            MARKDOWN: ".md .markdown",
            "text/x-rst": ".rst",
            "text/x-python": ".py .pyi",
            "text/javascript": ".js .mjs .cjs .jsx",
            "text/typescript": ".ts .mts .cts",
            "text/tsx": ".tsx",
            "text/x-go": ".go",
            "text/x-java": ".java",
            "text/x-c": ".c",
            "text/x-c-header": ".h",
            "text/x-c++": ".cc .cpp .cxx .hpp .hh .hxx",
            "text/x-rust": ".rs",
            "application/json": ".json .jsonl",
            "application/yaml": ".yaml .yml",
            "application/toml": ".toml",
            "application/xml": ".xml .xsd .xsl",
            "text/csv": ".csv .tsv",
            "text/css": ".css .scss .less",
            "application/x-sh": ".sh .bash .zsh .fish .ps1 .bat",
            "application/sql": ".sql",
            PLAIN: ".txt .text .ini .cfg .conf .properties .proto .graphql .tex .adoc .org .cmake .mk .gradle"
            " .kt .kts .scala .swift .cs .rb .php .pl .lua .r .jl .hs .ex .exs .erl .clj .dart .m .mm .vue"
            " .svelte",
        }.items()
        for ending in endings.split()
    }
)

_NAMES: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(
        "readme license licence copying notice authors contributors changelog changes news todo"
        " install makefile gnumakefile dockerfile containerfile jenkinsfile rakefile gemfile".split(),
        PLAIN,
    )
)

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IMAGE = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II", b"MM", b"BM", b"GIF8", b"RIFF")
_BINARY = MappingProxyType(
    {
        b"%PDF-": "a PDF",
        _ZIP: "a zip archive",
        _OLE: "an old Office document",
        b"\x7fELF": "a program",
        b"\x89PNG\r\n\x1a\n": "a PNG image",
        b"\xff\xd8\xff": "a JPEG image",
        b"GIF87a": "a GIF image",
        b"GIF89a": "a GIF image",
        b"\x1f\x8b\x08": "a gzip archive",
        b"7z\xbc\xaf\x27\x1c": "a 7z archive",
        b"SQLite format 3\x00": "an SQLite database",
    }
)


def media_type_of(path: PurePath) -> str | None:
    """The media type that the name promises, or None where Lectern has no reader for it."""
    if path.suffix:
        return _ENDINGS.get(path.suffix.lower())
    return _NAMES.get(path.name.lower())


def language_of(media_type: str) -> str | None:
    """The programming language of a media type, by the name of its grammar; None for what is not code."""
    return _LANGUAGES.get(media_type)


def check_signature(media_type: str, head: bytes) -> None:
    """Compare the first ``SIGNATURE_BYTES`` of a file with what its name promises.

    Raises:
        UnreadableFile: ``wrong_extension``, or ``encrypted`` for a protected Word document.
    """
    if media_type == PDF:
        _require(b"%PDF-" in head, "has no PDF header")
    elif media_type == DOCX:
        # Word wraps an encrypted document in the old Office container.
        if head.startswith(_OLE):
            raise UnreadableFile("encrypted", "protected by a password, or an old .doc with a new name")
        _require(head.startswith((_ZIP, _EMPTY_ZIP)), "is not a Word document")
    elif media_type in IMAGES:
        # Which kind of image the name says does not matter: many are named wrongly.
        _require(head.startswith(_IMAGE), "is not an image")
    else:
        for magic, what in _BINARY.items():
            _require(not head.startswith(magic), f"is {what}")


def _require(agrees: bool, otherwise: str) -> None:
    if not agrees:
        raise UnreadableFile("wrong_extension", f"the content {otherwise}")
