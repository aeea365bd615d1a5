"""Definitions: the terms of a contract and where it says what they mean; its parties under their aliases."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from ingest.outline.model import Definition
from ingest.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Literal

    from ingest.model import Document, Element

_TERM = r"(?:[*_]{0,2}[\"“«](?P<t%d>[^\W_][^\"“”«»\n]{0,98})[\"”»][*_]{0,2})"
_OTHER = r"(?:[*_]{0,2}[\"“«][^\W_][^\"“”«»\n]{0,98}[\"”»][*_]{0,2})"
"""Another term beside it, of the same meaning."""
_MEANS = re.compile(
    rf"""{_TERM % 1}(?P<more>(?:(?:,\s|,?\s(?:or|and|и|или|,)\s){_OTHER}){{0,8}})
      \s{{0,3}}(?:,|\([^()\n]{{1,80}}\))?\s{{0,3}}
      (?:,?\s?(?:as\sused\s(?:herein|in\sthis\s\w+)|when\sused\s\w+|for\s(?:the\s)?purposes?\sof\sthis\s\w+),?\s)?
      (?::\s)?(?:(?:shall|will)\s+)?(?:each\s+)?(?:collectively\s+)?
      (?:means?|mean|has|have|is\sdefined|are\sdefined|be\sdefined|refers?\sto|(?:(?:shall|will)\s)?includes?)(?!\w)
        (?P<verb>\s+(?:the|that|its|such|their|a|any|all|an|meanings?|respective|same|\w+)){{0,4}}
    | {_TERM % 3}\s{{0,3}}[,，]?\s{{0,3}}(?:是指|系指|意指|指的是|指(?=[^定令派示]))
    | {_TERM % 4}(?P<more_ru>(?:(?:,\s|,?\s(?:и|или)\s){_OTHER}){{0,8}})
      \s{{0,3}}(?:означа[ею]т|обозначает|понима[ею]тся|(?:[—–-]\s?)?это\s|имеет\sзначение)
    | [Пп]од\s(?:термином\s|понятием\s)?{_TERM % 5}\s[^.\n]{{0,60}}?понима[ею]тся
    | 本(?:合同|协议)所称(?:的)?\s?[“"]?(?P<t6>[\u4e00-\u9fff]{{2,20}}?)[”"]?\s?[,，]?\s?(?:是指|系指|指)
    | {_TERM % 8}\s(?:of|with\srespect\sto|in\srelation\sto)\s[^"“”.;:\n]{{1,80}}?
      \b(?<!\bby\s)(?<!\bany\s)(?<!\ball\s)(?<!\bno\s)(?<!\bsuch\s)(?<!\bother\s)(?:shall\s)?means?(?!\w|\sof\b)
    | \*\*(?P<t7>[^*\n]{{2,80}})\*\*\s(?:shall\s)?(?:means?|означает)\s
    """,
    re.VERBOSE,
)
_BLOCK_DASH = re.compile(rf"(?:\d[\d.]*\s{{1,3}}|[-*•–]\s)?{_TERM % 1}\s(?:[—–-]|:)\s", re.VERBOSE)
_ALIAS = re.compile(
    r"\((?P<intro>[^()\"“”«»\n]{0,90})[\"“](?P<a>[^\W_][^\"“”()\n]{0,80})[\"”](?P<rest>[^()\n]{0,160})\)"
)
_QUOTED = re.compile(r"[\"“]([^\W_][^\"“”()\n]{0,80})[\"”]")
_INSIDE_QUOTES = re.compile(r"[\"“«]([^\"“”«»\n]{1,99})[\"”»]")
_HEREINAFTER = re.compile(
    rf"""(?<![(\w])[Hh]ereinafter\s(?:(?:collectively|individually|also)\s)?(?:referred\sto\sas|called|known\sas)\s
      (?:the\s|an?\s|each\s,?an?\s)?{_TERM % 1}""",
    re.VERBOSE,
)
_INTRO = frozenset(
    """the this a an each all any and or such together with collectively individually hereinafter hereafter
    herein hereinbelow hereby referred to as called defined known sometimes also jointly severally its their
    are is be for in of these those agreement purposes respectively either both which shall being""".split()
)
_RU_ALIAS = re.compile(
    r"""\((?:[Дд]алее|в\sдальнейшем)(?:\s(?:по\sтексту|именуем\w+|совместно|вместе|также|соответственно))*\s?[—–:,-]?\s?
          [«"“]?(?P<r1>[^\W_][^«»"“”()\n]{0,80}?)[»"”]?\)
      | (?P<named>именуем\w+\s(?:в\sдальнейшем\s)?|в\sдальнейшем\s(?:именуем\w+\s)?)[—–-]?\s?
          (?:[«"“](?P<r2>[^\W_][^«»"“”\n]{0,80})[»"”]|(?P<r3>[А-ЯЁ][а-яё]+(?:\s[а-яё]+)?)(?=[,.;)]))""",
    re.VERBOSE,
)
_ZH_ALIAS = re.compile(
    r"""(?:以下(?:合称|统称|并称|简?称)为?|下称|简称)\s?[“"「]?(?P<z1>[^“”"「」()（）,，。\n]{1,20})[”"」]?[）)]?
      | [（(]\s?[“"](?P<z2>[^“”"\n]{1,20})[”"]\s?[）)]
      | (?:^|\n)[*\s]{0,4}(?P<z3>[甲乙丙丁]方)(?:[（(][^（）()\n]{1,12}[）)])?\s?[:：]""",
    re.VERBOSE,
)
_COMPANY = re.compile(
    r"""\b(?:inc|llc|ltd|corp|corporation|company|limited|l\.?p|plc|gmbh|s\.?a|n\.?v|b\.?v|co|partnership|bank|trust
        |individual|university|association|organi[sz]ed|incorporated|having|resident|principal|existing)\b|公司|大学|银行
        |\b(?:ООО|ОАО|ЗАО|ПАО|АО|ИП)\b|[Оо]бществ|предприниматель|в\sлице""",
    re.VERBOSE | re.IGNORECASE,
)
_NO_PARTY = re.compile(
    r"""agreement|contract|amendment|addendum|date|territory|products?|services?|term|part(?:y|ies)$|period|amount
        |fees?$|act$|plan|price|PRC|stock|board|committee|meeting|software|order|notice|state
        |交易|合同|协议|договор|соглашени|сторон|товар|работ|услуг""",
    re.VERBOSE | re.IGNORECASE,
)
_NAMES_SOMEBODY = re.compile(
    r"(?:and\s|the\s|as\s|\([a-z]\)\s|\d\.\s|[—–-]\s|,\s)*(?:[A-Z0-9А-ЯЁ«\u4e00-\u9fff]|an?\s)"
)
_TELLS = re.compile(
    r"""\b(?:shall|will|would|must|may|are|was|were|have|agrees?|whereas|upon|pursuant|submitted|includes?
        |desires?|identified|attached)\b""",
    re.VERBOSE | re.IGNORECASE,
)
"""Words of a sentence that does more than name a party."""
_OPENING = 4_000
"""Code points at the beginning, or after a title, where the parties stand."""
_LOOK_BACK = 300
_CLAUSE_BORDER = re.compile(
    r"[\"”»]\)|\b(?:by\s+and\s+between|between|among)\b|;\s|(?:^|,)\s?and\s(?=[A-Z])|[；。]"
)


def find_definitions(document: Document) -> tuple[Definition, ...]:
    """Terms and aliases in reading order, each with the words that say what it means."""
    found: dict[tuple[int, int], Definition] = {}
    starts = [element.start for element in document.elements]
    for definition in (*_defined(document, starts), *_aliases(document, starts)):
        found.setdefault((definition.term_start, definition.term_end), definition)
    return tuple(sorted(found.values(), key=lambda d: (d.term_start, d.term_end)))


def _defined(document: Document, starts: Sequence[int]) -> Iterator[Definition]:
    text = document.text
    for match in _MEANS.finditer(text):
        spans = _spans(match, "t1 t3 t4 t5 t6 t7 t8")
        for more in ("more", "more_ru"):
            if match[more]:
                spans += [quoted.span(1) for quoted in _INSIDE_QUOTES.finditer(text, *match.span(more))]
        if match["t1"] and not _defines(match):
            continue
        start, end = _sentence(text, _element(document, starts, match.start()), match.start(), match.end())
        for first, last in spans:
            yield _definition(text, "term", (first, last), start, end)
    for element in document.elements:
        if element.kind in {"paragraph", "list_item"} and (match := _BLOCK_DASH.match(text, element.start)):
            first, last = match.span("t1")
            start, end = _sentence(text, element, first, match.end())
            yield _definition(text, "term", (first, last), start, end)


def _defines(match: re.Match[str]) -> bool:
    """``"X" has the meaning``, and not ``"X" has been``."""
    words = match[0].split()
    verb = next((i for i in range(len(words) - 1, -1, -1) if words[i] in {"has", "have"}), None)
    return verb is None or any(word.startswith("meaning") for word in words[verb:])


def _aliases(document: Document, starts: Sequence[int]) -> Iterator[Definition]:
    text = document.text
    for match in _ALIAS.finditer(text):
        if not _INTRO.issuperset(re.findall(r"\w+", match["intro"].lower())):
            continue
        start = _clause_start(text, document, starts, match.start())
        terms = [match.span("a")]
        if set(re.findall(r"\w+", _QUOTED.sub("", match["rest"]).lower())) <= _INTRO:
            terms += [quoted.span(1) for quoted in _QUOTED.finditer(text, *match.span("rest"))]
        for first, last in terms:
            yield _definition(text, _kind(text, start, first, last), (first, last), start, match.end())
    for pattern, groups in ((_HEREINAFTER, "t1"), (_RU_ALIAS, "r1 r2 r3"), (_ZH_ALIAS, "z1 z2 z3")):
        for match in pattern.finditer(text):
            yield from _alias_of(document, starts, match, groups)


def _alias_of(
    document: Document, starts: Sequence[int], match: re.Match[str], groups: str
) -> Iterator[Definition]:
    text = document.text
    for first, last in _spans(match, groups):
        start = _clause_start(text, document, starts, match.start())
        end = match.end()
        if groups.startswith("z") and match["z3"]:
            start, end = first, _line_end(text, match.end())
        kind = _kind(text, start, first, last)
        if re.fullmatch(r"[甲乙丙丁]方", text[first:last]):
            kind = "party"
        yield _definition(text, kind, (first, last), start, end)


def _kind(text: str, start: int, first: int, last: int) -> Literal["term", "party"]:
    """An alias that follows a company's name where contracts name their parties."""
    if _NO_PARTY.search(text[first:last]) or first > _OPENING:
        return "term"
    words = text[start:first]
    names = _NAMES_SOMEBODY.match(words) and _COMPANY.search(words) and not _TELLS.search(words)
    return "party" if names else "term"


def _definition(
    text: str, kind: Literal["term", "party"], term: tuple[int, int], start: int, end: int
) -> Definition:
    first, last = term
    last = first + len(text[first:last].rstrip(" ,."))
    return Definition(
        " ".join(text[first:last].split()), kind, first, last, min(start, first), max(end, last)
    )


def _spans(match: re.Match[str], groups: str) -> list[tuple[int, int]]:
    return [match.span(group) for group in groups.split() if match[group]]


def _element(document: Document, starts: Sequence[int], position: int) -> Element | None:
    index = bisect_right(starts, position) - 1
    return document.elements[index] if index >= 0 else None


def _sentence(text: str, element: Element | None, position: int, least: int) -> tuple[int, int]:
    """The sentence around ``position``, inside its block; it holds ``least`` too."""
    begin = max(element.start, position - _LOOK_BACK) if element else position
    limit = max(least, min(element.end, position + _LONGEST)) if element else least
    start = begin
    for first, last in sentences(text, begin, limit):
        if first <= position:
            start = first
        if last >= least:
            limit = last
            break
    stop = start + len(text[start:limit].rstrip())
    return start, max(stop, least)


_LONGEST = 1_200
"""Code points of a definition that are looked at."""


def _clause_start(text: str, document: Document, starts: Sequence[int], position: int) -> int:
    """Where the words begin that an alias in parentheses stands for."""
    element = _element(document, starts, position)
    begin = max(element.start if element else 0, position - _LOOK_BACK)
    for first, _ in sentences(text, begin, position):
        begin = first
    for border in _CLAUSE_BORDER.finditer(text, begin, position):
        begin = border.end()
    return begin + len(text[begin:position]) - len(text[begin:position].lstrip(" ,;\n\t"))


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end
