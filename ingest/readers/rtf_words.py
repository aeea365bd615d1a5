"""The vocabulary of RTF: which control words name signs, code pages, and groups with or without words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.model import ElementKind

TOKEN = re.compile(
    rb"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?\d{1,10})? ?|\\'(?P<hex>[0-9A-Fa-f]{2})"
    rb"|\\(?P<symbol>[^A-Za-z])|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)",
    re.DOTALL,
)
SKIPPED = frozenset(
    """colortbl filetbl listtable listoverridetable revtbl rsidtbl generator pict objdata datafield
    fldinst themedata colorschememapping latentstyles datastore xmlnstbl pnseclvl nonshppict shprslt sp
    nonesttables atnid atnauthor atndate atnref atntime atrfstart atrfend bkmkstart bkmkend xe tc rxe private
    operator author company comment keywords subject category manager doccomm creatim revtim printim mmathPr
    factoidname template bin ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn pntxta pntxtb do""".split()
)
"""Destinations that hold no words of the text."""
STARRED = frozenset({"shpinst", "shptxt", "annotation", "footnote", "listtext", "pntext", "nesttableprops"})
"""Of the destinations that older programs may skip, those with words."""
RUNNING: Mapping[str, ElementKind] = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), "header"),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "footer"),
}
TABLES = frozenset({"fonttbl", "stylesheet", "info"})
"""Destinations that describe."""
ASIDE = frozenset({"footnote", "annotation", "shptxt", *RUNNING})
"""Destinations whose words stand apart from the paragraph that they are anchored in."""
SIGNS = {
    "tab": "\t",
    "line": "\n",
    "emdash": "—",
    "endash": "–",
    "lquote": "‘",
    "rquote": "’",
    "bullet": "•",
    "ldblquote": "“",
    "rdblquote": "”",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
    "softline": "\n",
}
SYMBOLS = {"~": "\xa0", "_": "-", "\\": "\\", "{": "{", "}": "}", "-": "", ":": ""}
CHARSETS = {
    0: "cp1252",
    2: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "cp936",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}
PAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
HEADING_STYLE = re.compile(r"\s*(?:heading|заголовок|überschrift|titre|título)\s*(\d)", re.IGNORECASE)
DEEPEST_HEADING = 9
