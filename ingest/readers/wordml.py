"""WordprocessingML with its wrappers taken off, so that a parser which skips them loses no words.

python-docx sees only runs and hyperlinks that stand directly in a paragraph. Tracked insertions, content
controls, simple fields and tags wrap runs, and in contracts they hold parties, dates and amounts.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

from ingest.readers.word_asides import with_asides

if TYPE_CHECKING:
    from pathlib import Path

_WRAPPER = re.compile(
    rb"""</?w:(?:ins|moveTo|sdt|sdtContent|smartTag|customXml|fldSimple)
    (?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*>""",  # an empty tag, which closes itself, stays
    re.VERBOSE,
)


_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")
"""Names of the strict form of Open XML, which differs in little else from the usual one."""
_USUAL = rb"http://schemas.openxmlformats.org/\1/2006/"
_VARIANT = re.compile(
    rb"application/vnd\.(?:ms-word\.(?:document|template)\.macroEnabled"
    rb"|openxmlformats-officedocument\.wordprocessingml\.template)\.main\+xml"
)
"""Types of documents with macros and of templates."""
_DOCUMENT = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def unwrapped(location: Path) -> io.BytesIO:
    """The package with all tracked changes accepted and nothing between paragraphs and their runs.

    Notes, comments, text boxes and formulas stand in paragraphs. Pictures and other embedded files keep their
    names and lose their bytes: nobody reads them.

    Raises:
        zipfile.BadZipFile: or another of the errors that ``damage_named`` turns into ``broken``.
    """
    copy = io.BytesIO()
    with zipfile.ZipFile(location) as package, zipfile.ZipFile(copy, "w") as plain:
        parts = {name: _part(package, name) for name in dict.fromkeys(package.namelist())}
        for name, body in with_asides(parts):
            plain.writestr(name, body)
    copy.seek(0)
    return copy


def _part(package: zipfile.ZipFile, name: str) -> bytes:
    if not name.endswith((".xml", ".rels")):
        return b""
    body = _STRICT.sub(_USUAL, package.read(name))
    if name == "[Content_Types].xml":
        return _VARIANT.sub(_DOCUMENT, body)
    return _WRAPPER.sub(b"", body) if name.startswith("word/") else body
