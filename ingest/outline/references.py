"""Cross-references: where a text names another place of its document, and where that place is."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import partial
from typing import TYPE_CHECKING

from ingest.outline.model import Reference
from ingest.outline.names import is_name
from ingest.outline.numbering import ATTACHED
from ingest.outline.places import Places
from ingest.outline.targets import inside, targets_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.outline.places import Found
    from ingest.outline.sections import Numbered
    from ingest.outline.targets import Target

    Finding = Callable[[Target], Found]

_EN = r"""(?:[Ss]ub-?)?(?:[Ss]ection|[Cc]lause|[Pp]aragraph)s?|SECTIONS?|CLAUSES?|Secs?\.
    |[Aa]rticles?|ARTICLES?|Recitals?|§{1,2}|Exhibits?|EXHIBITS?|Schedules?|SCHEDULES?|Annex(?:es)?|ANNEX(?:ES)?
    |Appendi(?:x|ces)|APPENDI(?:X|CES)|Attachments?|ATTACHMENTS?"""
_RU = r"""[Пп]одпункт(?:а|у|ом|е|ы|ов|ам|ами|ах)?|[Пп]ункт(?:а|у|ом|е|ы|ов|ам|ами|ах)?|п\.\s?п\.|пп?\.
    |[Сс]тать(?:я|и|е|ю|ей|ям|ями|ях)|ст\.|[Рр]аздел(?:а|у|ом|е|ы|ов|ам|ами|ах)?
    |[Гг]лав(?:а|ы|е|у|ой|ам|ами|ах)|[Пп]риложени(?:е|я|ю|ем|и|й|ям|ями|ях)"""
_ONE = r"""(?:\([A-Za-z0-9]{1,5}\)
      |["“]?(?:\d{1,5}(?:\.\d{1,3}){0,5}(?:\.?[A-Z](?![\w])(?:\.[a-z](?![\w]))?)?[a-z]?(?![\w])|[IVXLC]{1,7}(?![\w])
        |[A-Z](?:-?\d{1,2})?(?![\w]))["”]?)
    (?:\s?\([A-Za-z0-9]{1,5}\)){0,5}"""
_PREPOSITION = r"[авикосу]\s+(?!(?:под)?пункта\b|статьи\b|раздела\b|части\b)\w"
_BARE = rf"""[«"(]?(?:\d{{1,4}}(?:\.\d{{1,3}}){{0,5}}|[IVXLC]{{1,7}}
    |(?!пп?\.|ч\.|{_PREPOSITION})[а-яa-zА-ЯA-Z])(?![\w])[»")]?"""
_PARAGRAPH_END = r"[^\S\n]*\n[^\S\n]*\n"
_HAN = r"[一二三四五六七八九十百零〇两\d]{1,6}"
_REFERENCE = re.compile(
    rf"""
      (?<!\w)(?P<en>{_EN})(?:\(s\))?(?![A-Za-z]|{_PARAGRAPH_END})\s{{0,3}}(?:Nos?\.\s?)?(?P<en_numbers>{_ONE}
        (?:(?:\s?,\s(?:and|or)\s|\s?,\s|\s(?:and|or|to|through|&|and/or)\s|\s?[–—-]\s?)
            {_ONE}){{0,12}})
    | (?<!\w)(?P<ru>{_RU})(?:(?<=\.)|(?!\w))\s{{0,3}}(?:№{{1,2}}\s{{0,3}})?(?P<ru_numbers>{_BARE}
        (?:(?:\s?,\s|\s(?:и|или|по|-|–)\s|\s?[–-]\s?)(?:№\s?)?{_BARE}){{0,12}})
    | 第\s?(?P<han>{_HAN})\s?(?P<unit>[编編章节節条條款项項])
        (?P<deeper>(?:第\s?{_HAN}\s?[款项項]|第?\s?[（(]{_HAN}[)）]\s?[款项項]?){{0,2}})
    | (?P<attached>附件|附录)\s?(?P<attached_number>[一二三四五六七八九十\d]{{1,3}})
    """,
    re.VERBOSE,
)
_LOOK_BACK = 40
_LOOK_AHEAD = 120
_ALIAS = r"\s*(?:\([^()\n]{1,60}\)\s*)?,?\s*"
_OF_A_DATE = r"\s+[а-я]+(?:\s+[а-я]+){0,2}\s+(?:от\s|№)"
"""Behind another contract: ``Договора аренды от 1 мая``."""
_OWN = re.compile(
    rf"""{_ALIAS}(?:
        (?:of|to|in|under)\s+(?:this|the\s+present|(?:the\s+)?(?:[aA]greement|[cC]ontract|[lL]ease|Terms)\b
          |(?:the\s+)?(?:Exhibit|Schedule|Annex|Appendix|Attachment|Article|Section)\b)
      | hereof|hereto|herein|above|below|hereunder
      | настоящ\w+|(?:данного|этого)\s+(?:[дД]оговора|[сС]оглашения)
      | [дД]оговора\b(?!{_OF_A_DATE})|[сС]оглашения\b)""",
    re.VERBOSE,
)
_FOREIGN = re.compile(
    rf"""{_ALIAS}(?:
        of\s+(?:the\s+|that\s+certain\s+)?[“"]?[A-Z]
      | (?:of|to|under)\s+(?:the|that|such|its|said)\s+(?:[\w.'’&-]+\s+){{0,4}}?
          (?:[aA]ct|[cC]ode|[lL]aw|[rR]egulations?|[sS]tatute|[bB]ylaws|[iI]ndenture|[pP]lan)\b
      | (?:of|under)\s+(?:any|another|an|such\s+other)\b
      | (?:of|to|under)\s+(?:the|each|such)\s+(?:applicable|relevant|respective|related|underlying)\s+
          (?:[\w.'’&-]+\s+){{0,4}}?(?:[aA]greement|[cC]ontract|[lL]ease)\b
      | et\s+seq | thereof | thereto | therein | thereunder
      | [дД]оговора{_OF_A_DATE}
      | (?:ГК|ТК|НК|АПК|ГПК|УК|КоАП|БК|ЗК|ЖК|УПК)\b | [ГТНЗЖ][а-я]+\s+кодекс | [Кк]одекс
      | (?:[Фф]едерального\s+)?[Зз]акона | Устав | Постановлени | Конституци
      | Правил\b | (?:№|N)\s?\d+-ФЗ)""",
    re.VERBOSE,
)
_FOREIGN_BEFORE = re.compile(
    r"(?:U\.?S\.?C\.?|C\.?F\.?R\.?|\bCode|\bAct|\bRegulations?|\bTitle\s\w+|\bITEM|》|法|法典|条例|规定|办法|原(?:合同|协议)|кодекс\w*),?\s*$"
)
_OF = re.compile(
    r"""\s+of\s+(?:this\s+)?
      | \s+(?:of|to|in)\s+(?:the\s+)?(?:[aA]ttached\s+)?(?=(?i:exhibit|schedule|annex|appendi|attachment))
      | \s+(?:ч(?:\.|асти)\s?\d{1,2}\s+)?(?=п(?:ункта\b|\.)|стат(?:ьи|ей)|ст\.|раздела|[Пп]риложени)""",
    re.VERBOSE,
)
"""Between a clause and the section, or the attached part, that it stands in."""
_PART_BEFORE = re.compile(r"\s?,?\s{0,3}(?:at\s|的)?")
"""Between an attached part and a clause of it: ``Schedule 1, paragraph 3``, ``附件一第二条``."""
_OF_THE_WHOLE = re.compile(
    rf"""{_ALIAS}(?:of|to|in|under)\s+(?:this|the)\s+(?:[aA]greement|[cC]ontract|[lL]ease)\b
      | {_ALIAS}(?:настоящ\w+\s+)?[дД]оговора\b""",
    re.VERBOSE,
)
"""Behind a clause of the main document, where an attached part names it."""
_EMPTY_LINE = re.compile(r"\n[ \t]*\n\s*$")
_OWN_NUMBER = 8
"""Code points that Markdown may put in front of a number."""
_THIS = re.compile(r"(?:\bthis|настоящ\w+|本(?:合同|协议)?)\s*$", re.IGNORECASE)


def find_references(text: str, numbered: Sequence[Numbered], *, amends: bool) -> tuple[Reference, ...]:
    """Every named place in reading order, and the sections that it leads to.

    Args:
        text: the canonical text of the document.
        numbered: its sections.
        amends: whether "the Agreement" is another document, which this one changes.
    """
    places = Places(numbered)
    starts = [one.section.start for one in numbered]
    found: list[Reference] = []
    for match in _REFERENCE.finditer(text):
        inner = bisect_right(starts, match.start()) - 1
        if (inner >= 0 and _is_own_number(numbered[inner], match)) or _opens_block(text, match):
            continue
        whole = _inside_of(text, match)
        around = next(targets_of(whole), None) if whole else None
        before = found[-1] if found and _PART_BEFORE.fullmatch(text, found[-1].end, match.start()) else None
        outside = _leads_outside(text, whole or match, amends=amends)
        find = _finding(text, match, places, inner, around=around, before=before)
        for target in targets_of(match):
            sections, exact = ((), False) if outside else find(inside(target, around))
            shown = " ".join(text[target.start : target.end].split())
            found.append(Reference(target.start, target.end, shown, sections, exact, outside))
    return tuple(found)


def _finding(
    text: str,
    match: re.Match[str],
    places: Places,
    inner: int,
    *,
    around: Target | None,
    before: Reference | None,
) -> Finding:
    """How what a match names is found: inside an attached part, in the main document, or nearby."""
    near = partial(places.find, inner=inner)
    if around is not None and around.kind == ATTACHED:
        return partial(places.find_inside, parts=near(around)[0], inner=inner)
    first: Finding | None = None
    if before is not None and places.are_attached(before.sections):
        first = partial(places.find_inside, parts=before.sections, inner=inner)
    elif places.is_in_part(inner) and _is_of_the_whole(text, match):
        first = places.find_in_main
    return near if first is None else partial(_better, first, near)


def _better(first: Finding, second: Finding, target: Target) -> Found:
    """The first finding, unless it finds nothing or only the second one is exact."""
    found, other = first(target), second(target)
    return other if not found[0] or (other[1] and not found[1]) else found


def _is_of_the_whole(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
    return _OF_THE_WHOLE.match(text, match.end()) is not None and not _THIS.search(before)


def _is_own_number(numbered: Numbered, match: re.Match[str]) -> bool:
    """The number of a heading is no reference to itself."""
    section = numbered.section
    near = match.start() <= section.start + _OWN_NUMBER and match.start() < section.heading_end
    return near and bool(section.number) and " ".join(match[0].split()).startswith(section.number)


def _opens_block(text: str, match: re.Match[str]) -> bool:
    """A number alone or with a name behind an empty line is a heading, or an entry in a list of them."""
    before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
    if before.strip() and not _EMPTY_LINE.search(before):
        return False
    line = text[match.end() : match.end() + _LOOK_AHEAD].split("\n", 1)[0].strip(" .:—–-")
    return not line or line.isupper() or is_name(line)


def _inside_of(text: str, match: re.Match[str]) -> re.Match[str] | None:
    """The section that a clause is said to stand in: ``clause (ii) of Section 4``, ``п. «а» ст. 2``."""
    between = _OF.match(text, match.end())
    return _REFERENCE.match(text, between.end()) if between else None


def _leads_outside(text: str, match: re.Match[str], *, amends: bool) -> bool:
    before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
    after = text[match.end() : match.end() + _LOOK_AHEAD]
    if _THIS.search(before):
        return False
    if _FOREIGN_BEFORE.search(before):
        return True
    if own := _OWN.match(after):
        named = own[0].split()
        return amends and named[-1].strip(",") in {"Agreement", "Contract", "Lease", "Договора", "Соглашения"}
    return _FOREIGN.match(after) is not None
