"""Jupyter notebooks (nbformat 3 and 4): prose, programs and what they printed, cell by cell."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

from ingest.errors import UnreadableFile
from ingest.readers.code import read_code
from ingest.readers.grammars import QUERIES
from ingest.readers.joining import Joining
from ingest.readers.markdown import read_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ingest.model import Document

    Fields = Mapping[str, object]

READER = "notebook/1"

_LONGEST_OUTPUT = 2_000
"""Code points of what one cell printed; the rest is seldom read, and never asked about."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_KERNELS = {"python3": "python", "python2": "python", "ipython": "python", "ir": "r", "c++": "cpp"}
_DEEPEST_HEADING = 6


def read_notebook(text: str, path: str) -> Document:
    """Read a notebook: its canonical text is its cells, joined by empty lines.

    Printed text and results follow their cell, up to a limit; pictures are left out. The title is the first
    heading of a Markdown cell, else the stem of ``path``.

    Raises:
        UnreadableFile: ``broken``, the file is no notebook; ``no_text``, all its cells are empty.
    """
    notebook = _loaded(text)
    language = _language(notebook)
    joining = Joining()
    title, cut = "", 0
    for cell in _cells(notebook):
        kind, source = cell.get("cell_type"), _joined(cell.get("source", cell.get("input")))
        if kind == "code":
            _include_code(joining, source, str(cell.get("language") or language))
            cut += _include_outputs(joining, cell)
            continue
        if kind == "heading":
            source = f"{'#' * _level(cell)} {source}"
        if source.strip():
            prose = read_markdown(source, "")
            title = title or prose.title
            joining.include(prose)
    if not joining.elements:
        raise UnreadableFile("no_text", "all cells are empty")
    said = (
        (f"outputs of {cut} cells are longer than {_LONGEST_OUTPUT:,} characters and were cut",)
        if cut
        else ()
    )
    return joining.document(title or PurePosixPath(path).stem, READER, warnings=said)


def _level(cell: Fields) -> int:
    level = cell.get("level")
    return min(max(level, 1), _DEEPEST_HEADING) if isinstance(level, int) else 1


def _loaded(text: str) -> Fields:
    try:
        notebook = cast("object", json.loads(text))
    except (ValueError, RecursionError) as error:
        raise UnreadableFile("broken", f"no notebook: {error}") from error
    if not isinstance(notebook, dict) or not ({"cells", "worksheets"} & notebook.keys()):
        raise UnreadableFile("broken", "no notebook: it has no cells")
    return cast("Fields", notebook)


def _cells(notebook: Fields) -> Iterator[Fields]:
    """Before version 4, cells stood in worksheets, of which there was one."""
    sheets = [notebook, *_fields(notebook.get("worksheets"))]
    for sheet in sheets:
        yield from _fields(sheet.get("cells"))


def _language(notebook: Fields) -> str:
    metadata = _field(notebook, "metadata")
    told = (
        _field(metadata, "language_info").get("name"),
        _field(metadata, "kernelspec").get("language"),
        _field(metadata, "kernelspec").get("name"),
    )
    return next((name for name in told if isinstance(name, str) and name), "python")


def _include_code(joining: Joining, source: str, language: str) -> None:
    name = language.lower()
    name = _KERNELS.get(name, name)
    if name in QUERIES and source.strip():
        joining.include(read_code(source.encode("utf-8", "replace").decode(), "", name))
    else:
        joining.add(source, "code")


def _include_outputs(joining: Joining, cell: Fields) -> bool:
    """What the cell printed; whether it was cut."""
    shown = "\n".join(filter(None, (_shown(output).rstrip() for output in _fields(cell.get("outputs")))))
    joining.add(shown[:_LONGEST_OUTPUT], "code")
    return len(shown) > _LONGEST_OUTPUT


def _shown(output: Fields) -> str:
    """The text of a stream, of a result, or of an error without its traceback."""
    if output.get("output_type") in {"error", "pyerr"}:
        return _COLOUR.sub("", f"{_joined(output.get('ename'))}: {_joined(output.get('evalue'))}")
    data = _field(output, "data") or output
    text = next((data[key] for key in ("text/plain", "text", "text/markdown") if key in data), "")
    return _COLOUR.sub("", _joined(text))


def _joined(lines: object) -> str:
    """A text, or its lines."""
    if isinstance(lines, list):
        lines = "".join(line for line in cast("Sequence[object]", lines) if isinstance(line, str))
    return lines.replace("\r\n", "\n").replace("\r", "\n") if isinstance(lines, str) else ""


def _field(fields: Fields, name: str) -> Fields:
    value = fields.get(name)
    return cast("Fields", value) if isinstance(value, dict) else {}


def _fields(values: object) -> Iterator[Fields]:
    for value in cast("Sequence[object]", values) if isinstance(values, list) else ():
        if isinstance(value, dict):
            yield cast("Fields", value)
