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
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOC, PPT, XLS = "application/msword", "application/vnd.ms-powerpoint", "application/vnd.ms-excel"
ODT, ODS, ODP = (
    f"application/vnd.oasis.opendocument.{kind}" for kind in ("text", "spreadsheet", "presentation")
)
EPUB = "application/epub+zip"
RTF = "application/rtf"
ORG = "text/org"
CSV = "text/csv"
HTML = "text/html"
MARKDOWN = "text/markdown"
PLAIN = "text/plain"
EML = "message/rfc822"
MSG = "application/vnd.ms-outlook"
NOTEBOOK = "application/x-ipynb+json"
JSON = "application/json"
JSON_LINES = "application/jsonl"
YAML = "application/yaml"
TOML = "application/toml"
XML = "application/xml"
UNKNOWN = "application/octet-stream"
"""Of a file that only a reader which the user chose can read."""

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
        "text/x-csharp": "csharp",
        "text/x-kotlin": "kotlin",
        "text/x-swift": "swift",
        "text/x-ruby": "ruby",
        "text/x-php": "php",
        "text/x-scala": "scala",
        "text/x-lua": "lua",
        "text/x-perl": "perl",
        "text/x-r": "r",
        "text/x-julia": "julia",
        "text/x-haskell": "haskell",
        "text/x-elixir": "elixir",
        "text/x-erlang": "erlang",
        "text/x-clojure": "clojure",
        "text/x-dart": "dart",
        "text/x-objective-c": "objc",
        "text/x-ocaml": "ocaml",
        "text/x-zig": "zig",
        "text/x-groovy": "groovy",
        "text/x-powershell": "powershell",
        "application/sql": "sql",
        "text/x-hcl": "hcl",
        "text/x-solidity": "solidity",
        "text/x-protobuf": "proto",
        "text/x-thrift": "thrift",
        "text/x-prisma": "prisma",
        "application/graphql": "graphql",
        "text/css": "css",
        "text/x-scss": "scss",
        "text/x-elm": "elm",
        "text/x-fortran": "fortran",
        "text/x-gdscript": "gdscript",
        "text/x-tcl": "tcl",
        "text/x-starlark": "starlark",
        "text/x-common-lisp": "commonlisp",
        "text/x-emacs-lisp": "elisp",
        "application/x-sh": "bash",
        "application/x-fish": "fish",
        "text/x-make": "make",
        "text/x-cmake": "cmake",
        "text/x-dockerfile": "dockerfile",
        "text/x-vue": "vue",
        "text/x-svelte": "svelte",
    }
)

_ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        ending: media_type
        for media_type, endings in {
            PDF: ".pdf",
            DOCX: ".docx .docm .dotx .dotm",
            PPTX: ".pptx .pptm .ppsx .ppsm .potx .potm",
            XLSX: ".xlsx .xlsm .xltx .xltm",
            DOC: ".doc .dot",
            PPT: ".ppt .pps .pot",
            XLS: ".xls .xlt",
            ODT: ".odt .ott",
            ODS: ".ods .ots",
            ODP: ".odp .otp",
            EPUB: ".epub",
            RTF: ".rtf",
            ORG: ".org",
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
            EML: ".eml",
            MSG: ".msg",
            NOTEBOOK: ".ipynb",
            JSON: ".json",
            JSON_LINES: ".jsonl .ndjson",
            YAML: ".yaml .yml",
            TOML: ".toml",
            XML: ".xml .xsd .xsl",
            CSV: ".csv .tsv",
            "text/x-csharp": ".cs .csx",
            "text/x-kotlin": ".kt .kts",
            "text/x-swift": ".swift",
            "text/x-ruby": ".rb .rake .gemspec .ru",
            "text/x-php": ".php .phtml",
            "text/x-scala": ".scala .sc",
            "text/x-lua": ".lua",
            "text/x-perl": ".pl .pm .t",
            "text/x-r": ".r",
            "text/x-julia": ".jl",
            "text/x-haskell": ".hs",
            "text/x-elixir": ".ex .exs",
            "text/x-erlang": ".erl .hrl",
            "text/x-clojure": ".clj .cljs .cljc .edn",
            "text/x-dart": ".dart",
            "text/x-objective-c": ".m .mm",
            "text/x-ocaml": ".ml",
            "text/x-zig": ".zig",
            "text/x-groovy": ".groovy .gradle",
            "text/x-powershell": ".ps1 .psm1",
            "application/sql": ".sql",
            "text/x-hcl": ".tf .tfvars .hcl",
            "text/x-solidity": ".sol",
            "text/x-protobuf": ".proto",
            "text/x-thrift": ".thrift",
            "text/x-prisma": ".prisma",
            "application/graphql": ".graphql .graphqls .gql",
            "text/css": ".css",
            "text/x-scss": ".scss",
            "text/x-elm": ".elm",
            "text/x-fortran": ".f90 .f95 .f03 .f08",
            "text/x-gdscript": ".gd",
            "text/x-tcl": ".tcl",
            "text/x-starlark": ".bzl .bazel .star",
            "text/x-common-lisp": ".lisp .lsp",
            "text/x-emacs-lisp": ".el",
            "application/x-sh": ".sh .bash .zsh .ksh",
            "application/x-fish": ".fish",
            "text/x-make": ".mk .mak",
            "text/x-cmake": ".cmake",
            "text/x-dockerfile": ".dockerfile",
            "text/x-vue": ".vue",
            "text/x-svelte": ".svelte",
            PLAIN: ".txt .text .log .srt .vtt .ini .cfg .conf .properties .tex .adoc .less .bat",
        }.items()
        for ending in endings.split()
    }
)

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        name: media_type
        for media_type, names in {
            "text/x-ruby": "rakefile gemfile vagrantfile podfile brewfile guardfile fastfile capfile",
            "text/x-groovy": "jenkinsfile",
            "text/x-make": "makefile gnumakefile",
            "text/x-cmake": "cmakelists.txt",
            "text/x-dockerfile": "dockerfile containerfile",
            "text/x-starlark": "build workspace tiltfile",
            "text/x-python": "sconstruct sconscript",
            PLAIN: "readme license licence copying notice authors contributors changelog changes news todo"
            " install procfile justfile codeowners",
        }.items()
        for name in names.split()
    }
)

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_RTF = b"{\\"
_OPEN_XML = frozenset({DOCX, PPTX, XLSX})
_OTHER_PACKAGES = frozenset({ODT, ODS, ODP, EPUB})
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
    return _NAMES.get(path.name.lower()) or _ENDINGS.get(path.suffix.lower())


def media_types() -> frozenset[str]:
    """All that some name may promise."""
    return frozenset(_ENDINGS.values())


def language_of(media_type: str) -> str | None:
    """The programming language of a media type, by the name of its grammar; None for what is not code."""
    return _LANGUAGES.get(media_type)


def check_signature(media_type: str, head: bytes) -> None:
    """Compare the first ``SIGNATURE_BYTES`` of a file with what its name promises.

    Raises:
        UnreadableFile: ``wrong_extension``, or ``encrypted`` for a protected Office document.
    """
    if media_type == PDF:
        _require(b"%PDF-" in head, "has no PDF header")
    elif media_type in _OPEN_XML:
        # Office wraps an encrypted document in the old Office container.
        if head.startswith(_OLE):
            raise UnreadableFile(
                "encrypted", "protected by a password, or an old Office file with a new name"
            )
        _require(head.startswith((_ZIP, _EMPTY_ZIP)), "is not an Office document")
    elif media_type in _OTHER_PACKAGES:
        _require(head.startswith((_ZIP, _EMPTY_ZIP)), "is not a document of this kind")
    elif media_type in {DOC, PPT, XLS}:
        _require(head.startswith((_OLE, _ZIP, _RTF)), "is not an Office document")
    elif media_type == RTF:
        _require(head.lstrip().startswith(_RTF), "is not RTF")
    elif media_type == MSG:
        _require(head.startswith(_OLE), "is not an Outlook message")
    elif media_type in IMAGES:
        # Which kind of image the name says does not matter: many are named wrongly.
        _require(head.startswith(_IMAGE), "is not an image")
    else:
        for magic, what in _BINARY.items():
            _require(not head.startswith(magic), f"is {what}")


def _require(agrees: bool, otherwise: str) -> None:
    if not agrees:
        raise UnreadableFile("wrong_extension", f"the content {otherwise}")
