"""XML, JSON, YAML and TOML as they are written: the characters are the text, cut where their structure is.

Nothing is parsed into values, so nothing is expanded, and what is broken is still a text: it is then read as
plain. Every scanner passes over its text once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ingest.media import JSON, JSON_LINES, TOML, XML, YAML
from ingest.model import Document
from ingest.readers.borders import Borders, NotWellFormed
from ingest.readers.braces import scan_json
from ingest.readers.keyed_lines import scan_json_lines, scan_toml, scan_yaml
from ingest.readers.plain import read_plain
from ingest.readers.tags import scan_xml, title_of_xml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ingest.model import ElementKind

READER = "structured/1"
_LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class _Format:
    scan: Callable[[str, Borders], None]
    kind: ElementKind = "code"
    title: Callable[[str], str] = lambda _: ""


_FORMATS: Mapping[str, _Format] = {
    JSON: _Format(scan_json),
    JSON_LINES: _Format(scan_json_lines),
    YAML: _Format(scan_yaml),
    TOML: _Format(scan_toml),
    # Most of what is long in XML is prose: it is searched by its sentences.
    XML: _Format(scan_xml, "paragraph", title_of_xml),
}
FORMATS = frozenset(_FORMATS)
"""Media types."""


def read_structured(text: str, path: str, media_type: str) -> Document:
    """Mark the parts of a structured text; the text itself stays as it is, and is its canonical text.

    The title is the one that XML names near its beginning, else the stem of ``path``.
    """
    form = _FORMATS[media_type]
    borders = Borders()
    try:
        form.scan(text, borders)
    except NotWellFormed:
        return replace(read_plain(text, path), reader=READER)
    title = form.title(text)[:_LONGEST_TITLE] or PurePosixPath(path).stem
    return Document(text, title, tuple(borders.elements(text, form.kind)), reader=READER)
