"""Word and web documents, through ``unstructured``, which is imported here and nowhere else."""

from __future__ import annotations

import html
import os
import re
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Protocol, cast

from ingest.errors import UnreadableFile
from ingest.readers.composing import Part, composed, opening_heading
from ingest.readers.decoding import decode
from ingest.readers.offline_nlp import offline_pipeline
from ingest.readers.package import check_package, damage_named, package_title
from ingest.readers.plain import is_heading
from ingest.readers.web_markup import readable
from ingest.readers.wordml import unwrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from types import ModuleType

    from ingest.model import Document, ElementKind

DOCX_READER = "docx/2"
HTML_READER = "html/2"

_QUIET = {"SCARF_NO_ANALYTICS": "true", "DO_NOT_TRACK": "true", "UNSTRUCTURED_DISABLE_NOTICE": "1"}
_KINDS: Mapping[str, ElementKind] = {
    "Title": "heading",
    "ListItem": "list_item",
    "Table": "table",
    "CodeSnippet": "code",
    "Header": "header",
    "Footer": "footer",
}
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_TITLE = re.compile(r"<title[^>]*>([^<]*)</title>", re.IGNORECASE)
_HEAD = 1 << 16
"""Characters among which a page names its title."""


class _Metadata(Protocol):
    category_depth: int | None
    text_as_html: str | None


class _Part(Protocol):
    """An element as ``unstructured`` gives it."""

    text: str
    category: str
    metadata: _Metadata


def read_docx(location: Path) -> Document:
    """Read a Word document: its canonical text is its elements, joined by empty lines.

    Tracked changes count as accepted. Automatic numbers stand in the text as Word prints them, tables as rows
    of cells between bars; notes, comments and text boxes follow the block that they belong to. The title is
    the first heading near the beginning, else that of the core properties, else the stem of the name.

    Raises:
        UnreadableFile: see ``check_package``; ``no_text`` where nothing but pictures is left.
    """
    check_package(location, "word/")
    partition = _partitioner("docx")
    with damage_named():
        found = partition(file=unwrapped(location), include_page_breaks=False)
    parts = _parts(found, shallowest_item=0)
    title = opening_heading(parts) or package_title(location) or location.stem
    return composed(parts, title=title, reader=DOCX_READER)


def read_html(location: Path) -> Document:
    """Read a web page, its ``main`` part where it names one; else as ``read_docx`` does.

    The title is that of the page, else the first heading near the beginning, else the stem of the name.

    Raises:
        UnreadableFile: ``not_text``, ``empty``, ``broken``, or ``no_text`` where no words are shown.
    """
    source = decode(location.read_bytes())
    if not source.strip():
        raise UnreadableFile("empty", "the file holds no characters")
    parts = html_parts(source)
    named = _TITLE.search(source, 0, _HEAD)
    title = " ".join(html.unescape(named[1]).split()) if named else ""
    return composed(parts, title=title or opening_heading(parts) or location.stem, reader=HTML_READER)


def html_parts(source: str) -> list[Part]:
    """The blocks that a web page shows, in order.

    Raises:
        UnreadableFile: ``broken``.
    """
    partition = _partitioner("html")
    with damage_named():
        found = partition(text=_XML_DECLARATION.sub("", readable(source), count=1))
    return _parts(found, shallowest_item=1)


@cache
def _partitioner(name: str) -> Callable[..., Sequence[_Part]]:
    """``partition_docx`` or ``partition_html``, silenced and kept off the network.

    Raises:
        ImportError: this version of ``unstructured`` hides its language model elsewhere, and would fetch one.
    """
    os.environ.update(_QUIET)
    module = _imported(name)
    function = cast("Callable[..., Sequence[_Part]]", getattr(module, f"partition_{name}"))

    def partition(**source: object) -> Sequence[_Part]:
        return function(**source, languages=[""], unique_element_ids=True)

    return partition


def _imported(name: str) -> ModuleType:
    from importlib import import_module  # noqa: PLC0415 — stands beside what it imports late: 2 CPU seconds

    from unstructured.nlp import tokenize  # noqa: PLC0415 — the same

    if not hasattr(tokenize, "_get_nlp"):
        raise ImportError("unstructured.nlp.tokenize has no _get_nlp to replace")
    tokenize.__dict__["_get_nlp"] = offline_pipeline
    return import_module(f"unstructured.partition.{name}")


def _parts(found: Iterable[_Part], *, shallowest_item: int) -> list[Part]:
    parts: list[Part] = []
    for each in found:
        text = _text(each)
        if text:
            parts.append(Part(text, *_kind(each, text, shallowest_item)))
    return parts


def _text(part: _Part) -> str:
    table = part.metadata.text_as_html
    text = _rows(table) if table else part.text
    return (text or part.text).replace("\r\n", "\n").replace("\r", "\n").strip()


def _kind(part: _Part, text: str, shallowest_item: int) -> tuple[ElementKind, int | None]:
    """Styles first; where an author used none, headings are told from their words."""
    kind = _KINDS.get(part.category, "paragraph")
    depth = part.metadata.category_depth or 0
    if kind == "heading":
        return kind, depth + 1
    if kind in {"paragraph", "list_item"} and is_heading(text, alone=kind == "paragraph"):
        return "heading", None
    return kind, max(1, depth + 1 - shallowest_item) if kind == "list_item" else None


def _rows(table: str) -> str:
    reader = _Rows()
    reader.feed(table)
    reader.close()
    return "\n".join(" | ".join(row) for row in reader.rows if any(row))


class _Rows(HTMLParser):
    """The cells of a table, row by row; a cell that spans several is given once."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 — inherited
        if tag in {"tr", "caption"}:
            self.rows.append([])
        if tag in {"td", "th", "caption"} and self.rows:
            self.rows[-1].append("")
        if tag == "br":
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data
