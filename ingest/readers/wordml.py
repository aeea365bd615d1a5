"""WordprocessingML with its wrappers taken off, so that a parser which skips them loses no words.

python-docx sees only runs and hyperlinks that stand directly in a paragraph. Tracked insertions, content
controls, simple fields and tags wrap runs, and in contracts they hold parties, dates and amounts.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_WRAPPER = re.compile(
    rb"""</?w:(?:ins|moveTo|sdt|sdtContent|smartTag|customXml|fldSimple)
    (?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*>""",  # an empty tag, which closes itself, stays
    re.VERBOSE,
)


def unwrapped(location: Path) -> io.BytesIO:
    """The package with all tracked changes accepted and nothing between paragraphs and their runs.

    Pictures and other embedded files keep their names and lose their bytes: nobody reads them.

    Raises:
        zipfile.BadZipFile: or another of the errors that ``damage_named`` turns into ``broken``.
    """
    copy = io.BytesIO()
    with zipfile.ZipFile(location) as package, zipfile.ZipFile(copy, "w") as plain:
        for name in dict.fromkeys(package.namelist()):
            plain.writestr(name, _part(package, name))
    copy.seek(0)
    return copy


def _part(package: zipfile.ZipFile, name: str) -> bytes:
    if not name.endswith((".xml", ".rels")):
        return b""
    body = package.read(name)
    return _WRAPPER.sub(b"", body) if name.startswith("word/") else body
