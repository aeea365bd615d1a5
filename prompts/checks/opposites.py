"""Words that exclude each other: before and after, increase and decrease, the greater of and the lesser of.

A claim contradicts its source where, beside the same word, it has one member of a family and the source has
another: "five days *after* the **event**" against "five days *prior to* the **event**". What stands nearest
decides, so that a sentence may hold both.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING

from prompts.checks.reading import is_number, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompts.checks.reading import Reading

_FAMILIES: Sequence[tuple[str, ...]] = (
    (
        (
            r"before|prior\s+to|preceding|ahead\s+of|in\s+advance\s+of|до(?=\s+(?:\w+\s+){0,2}(?:дат|окончан"
            r"|истечен|начал|момент|подписан))"
            r"|перед|(?:之|以|届满|期满|到期)前|前(?=[\d一二三四五六七八九十])"
        ),
        (
            r"after(?!\s+th(?:at|is)\b)|subsequent\s+to|upon\s+the\s+expiration\s+of"
            r"|(?<!the )following(?=\s+(?:the|its|such"
            r"|receipt|an?|any|each|termination"
            r"|expiration|delivery|completion|notice))|после|(?:之|以|届满|期满|到期|终止|签订|签署|生效)后|后(?=[\d一二三四五六七八九十])"
        ),
    ),
    (
        r"increas\w*|rais(?:e|es|ed|ing)|увелич\w+|повы[шс]\w+|增加|提高|上调",
        r"decreas\w*|reduc(?:e|es|ed|ing|tion)\w*|lower(?:s|ed|ing)|уменьш\w+|сни[жз]\w+|减少|降低|下调",
    ),
    (r"accept(?:s|ed|ance)?", r"reject(?:s|ed|ion)?"),
    (
        (
            r"(?:greater|greatest|higher|highest|larger|largest)(?=\s+of\b)"
            r"|whichever\s+is\s+(?:the\s+)?(?:greater|higher|larger|more)"
            r"|больш\w+\s+из|较高者|较大者"
        ),
        (
            r"(?:lesser|least|lower|lowest|smaller|smallest|less)(?=\s+of\b)"
            r"|whichever\s+is\s+(?:the\s+)?(?:less(?:er)?|lower|smaller)"
            r"|меньш\w+\s+из|较低者|较小者"
        ),
    ),
    (
        (
            r"(?:earlier|earliest|sooner)(?=\s+of\b)|whichever\s+(?:is\s+(?:the\s+)?(?:earlier|sooner)"
            r"|comes\s+first|occurs\s+first|happens\s+first)"
        ),
        r"(?:later|latest)(?=\s+of\b)|whichever\s+(?:is\s+(?:the\s+)?later|comes\s+last|occurs\s+last)",
    ),
    (r"in\s+addition\s+to|on\s+top\s+of", r"in\s+lieu\s+of|instead\s+of|in\s+place\s+of"),
    (r"buy|buys|purchase[sd]?|purchasing", r"sell|sells|sold|selling"),
    (r"gross", r"net"),
    (r"older|lower(?=\s+than)|earlier(?=\s+version)", r"newer|or\s+later|or\s+above|or\s+higher"),
    (
        r"hourly|per\s+hour|(?:each|every|an)\s+hour|в\s+час|每小时",
        (
            r"daily|per\s+(?:calendar\s+)?day|(?:each|every)\s+day|ежедневн\w+|в\s+день|за\s+каждый\s+день"
            r"|每[日天]|按日"
        ),
        r"weekly|per\s+week|(?:each|every)\s+week|еженедельн\w+|в\s+неделю|每周",
        (
            r"monthly|per\s+(?:calendar\s+)?month|(?:each|every)\s+(?:calendar\s+)?month|ежемесячн\w+"
            r"|в\s+месяц|每个?月|按月"
        ),
        (
            r"quarterly|per\s+(?:calendar\s+)?quarter|(?:each|every)\s+(?:calendar\s+)?quarter"
            r"|ежеквартальн\w+|в\s+квартал|每季度?|按季"
        ),
        (
            r"annual(?:ly)?|yearly|per\s+(?:calendar\s+|contract\s+)?(?:year|annum)|(?:each"
            r"|every)\s+(?:calendar\s+|contract\s+)?year|p\.\s?a\."
            r"|ежегодн\w+|годов\w+|в\s+год|每年|年度|按年"
        ),
    ),
)
_TERMS = (r"commenc\w+|begin\w*|began|start(?:s|ed|ing)?", r"expir\w+|ends?|ended|ending|terminat(?:es|ed)")
"""Beside a date or a number only: what begins and what ends is otherwise said in many ways."""
_BOUNDS = re.compile(
    r"\b(?:no|not)\s+(?:later|earlier|sooner|less|more|fewer)\s+than\b|\bnot\s+(?:be\s+)?(?:reduced"
    r"|increased)\b",
    re.IGNORECASE,
)
"""Bounds hold words of these families and are weighed by themselves."""
_SIGN = re.compile(r"[\u3400-\u9fff]")
_WITH = re.compile(r"\b(?:with|upon|on|by|after|give[sn]?|giving|provid\w+|requir\w+)\b", re.IGNORECASE)
_WITHOUT = re.compile(
    # "including, without limitation" lists, and lacks nothing.
    r"(?<!including )(?<!including, )\bwithout\s+"
    r"(?:(?!(?:on|upon|by|in|if|and|or|but|to|at|for|of|from|within)\b)[\w’'-]+\s*){1,4}",
    re.IGNORECASE,
)
_LACK = re.compile(r"\b(?:without|no|not)\b", re.IGNORECASE)
_NEAR = 4
"""Content words between a member of a family and the word beside it, in the claim."""
_FAR = 6
"""The same in the source, which is wordier."""
_PREFIXED = re.compile(r"\b(?:non-?|un)(?P<base>[a-z]{4,})\b", re.IGNORECASE)
_PREFIXES = re.compile(
    r"\b(?:in(?=direct|valid|complet|accura|sufficien|volunt|consisten|eligib)|im(?=material|possib"
    r"|proper)|ir(?=revocab)"
    r"|dis(?=approv|agree|satisf))(?P<base>[a-z]{4,})\b",
    re.IGNORECASE,
)


def contrary_words(claim: str, sentences: Sequence[str]) -> bool:
    """Whether claim and sentences have different members of a family beside the same word."""
    bare = _without_bounds(claim)
    families = _families(signs=any(map(_SIGN.search, (claim, *sentences))))
    said = [(family, members) for family in families if (members := list(family.finditer(bare)))]
    if not said:
        return False
    ours, theirs = read(claim), [(read(text), _without_bounds(text)) for text in sentences]
    return any(
        _differs(family, members, ours, theirs, numbers_only=family is families[-1])
        for family, members in said
    )


def _without_bounds(text: str) -> str:
    return _BOUNDS.sub(lambda bound: " " * len(bound[0]), text)


def contrary_prefix(claim: str, source: str) -> bool:
    """Whether the claim says "non-exclusive" or "unpaid" where the source only says the opposite."""
    lowered = re.sub(r"-\s*", "", source.lower())
    return any(
        match[0].lower().replace("-", "") not in lowered
        and re.search(rf"(?<![\w-]){match['base'].lower()}\b", lowered) is not None
        for pattern in (_PREFIXED, _PREFIXES)
        for match in pattern.finditer(claim)
    )


def lacks_condition(claim: str, sentence: str) -> bool:
    """Whether the claim is "without" what the sentence asks for: notice, cause, consent."""
    for match in _WITHOUT.finditer(claim):
        ours, theirs = read(claim), read(sentence)
        first, last = bisect_right(ours.places, match.start()), bisect_right(ours.places, match.end())
        wanted = ours.tokens[first:last]
        for at, token in enumerate(theirs.tokens):
            if token in wanted and not is_number(token):
                lead = sentence[theirs.places[at - 3] if at > 3 else 0 : theirs.places[at]]  # noqa: PLR2004
                if not _LACK.search(lead) and _WITH.search(lead):
                    return True
    return False


@cache
def _families(*, signs: bool) -> tuple[re.Pattern[str], ...]:
    """Compiled for the first claim: it takes a tenth of a second, which most commands need not spend.

    Args:
        signs: whether the texts have any Chinese, whose words need nothing around them.
    """
    return tuple(map(_with_signs if signs else _of_words, (*_FAMILIES, _TERMS)))


def _of_words(family: Iterable[str]) -> re.Pattern[str]:
    members = "|".join(f"(?P<v{place}>{words})" for place, words in enumerate(family))
    return re.compile(rf"(?<![\w-])(?=\w)(?:{members})(?!\w)", re.IGNORECASE)


def _with_signs(family: Iterable[str]) -> re.Pattern[str]:
    members = (
        f"(?P<v{place}>(?<![\\w-])(?:{words})(?!\\w)|(?:{words})(?<=[\\u3400-\\u9fff]))"
        for place, words in enumerate(family)
    )
    return re.compile("|".join(members), re.IGNORECASE)


def _differs(
    family: re.Pattern[str],
    members: Sequence[re.Match[str]],
    ours: Reading,
    theirs: Iterable[tuple[Reading, str]],
    *,
    numbers_only: bool,
) -> bool:
    sources = [(reading, list(family.finditer(text))) for reading, text in theirs]
    return any(
        _verdict(member, _beside(member, members, ours), sources, numbers_only=numbers_only)
        for member in members
    )


def _verdict(
    member: re.Match[str],
    beside: Iterable[tuple[str, bool]],
    sources: Sequence[tuple[Reading, list[re.Match[str]]]],
    *,
    numbers_only: bool,
) -> bool:
    """Whether beside the nearest word that decides anything the sources have another member only."""
    for anchor, behind in beside:
        if numbers_only and not is_number(anchor):
            continue
        found = {
            value == member.lastgroup
            for text, members in sources
            for value in _values(anchor, text, members, behind=behind)
        }
        if found:
            return True not in found
    return False


def _beside(
    member: re.Match[str], members: Sequence[re.Match[str]], text: Reading
) -> Iterator[tuple[str, bool]]:
    """The words nearest to a member, up to the next one, and whether they stand behind it: those first."""
    first = bisect_right(text.places, member.end() - 1)
    last = bisect_right(text.places, member.start() - 1)
    following = min((m.start() for m in members if m.start() > member.start()), default=member.end() + 10**6)
    before = max((m.end() for m in members if m.start() < member.start()), default=0)
    for distance in range(_NEAR):
        if first + distance < len(text.tokens) and text.places[first + distance] < following:
            yield text.tokens[first + distance], True
        if last - 1 - distance >= 0 and text.places[last - 1 - distance] >= before:
            yield text.tokens[last - 1 - distance], False


def _values(
    anchor: str, text: Reading, members: Sequence[re.Match[str]], *, behind: bool
) -> Iterator[str | None]:
    """The member nearest to each occurrence of a word, on the side where the claim has it."""
    for at, token in enumerate(text.tokens):
        if token != anchor:
            continue
        place = text.places[at]
        near = [
            (abs(bisect_right(text.places, member.start()) - at), member.lastgroup)
            for member in members
            if (member.start() <= place) == behind
        ]
        if near and min(near)[0] <= _FAR:
            yield min(near)[1]
