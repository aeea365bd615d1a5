"""What can be told of a claim about code without running it: numbers, switches, guards, order of calls."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from prompts.words import content_words

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE = re.compile(
    r"^\s*(?:def |class |return\b|import |from \w+ import|if .*[:{]$|func |fn |pub |const |let |var "
    r"|public |private |@\w+|#include|}|raise )|[;{]\s*$|\w\(.*\)\s*[:{;]?$"
    r"|^\s*[A-Za-z_]\w*(?:\s*:\s*[\w\[\], .|]+)?\s*=[^=]",
    re.MULTILINE,
)
_COMMENTED = re.compile(
    r"(?<![\w.])(?P<number>\d+(?:\.\d+)?)\s*[,;)]*\s*(?:\#|//|--|/\*)\s*(?:in\s+)?"
    r"(?P<unit>ms|milliseconds?|seconds?|minutes?|hours?|days?|bytes?|kb|mb)\b",
    re.IGNORECASE,
)
_TIMES_UNIT = re.compile(r"(?P<number>\d+)\s*\*\s*time\.(?P<unit>Millisecond|Second|Minute|Hour)\b")
_SWITCH = re.compile(
    r"\b(?P<name>[A-Za-z_]\w*)\s*(?::\s*(?:bool|boolean)\s*)?(?:=|:)\s*(?P<value>true|false)\b", re.IGNORECASE
)
_OFF = re.compile(
    r"\b(?:not|disabled?|off|false|never|no|without)\b|n['’]t\b|\bне\b|отключ\w+|выключ\w+|不|关闭|禁用",
    re.IGNORECASE,
)
_ON = re.compile(r"\b(?:enabled?|on|true)\b|включ\w+|启用|开启", re.IGNORECASE)
_DEFAULT = re.compile(r"\bdefaults?\b|умолчани\w+|默认", re.IGNORECASE)
_ORDER = re.compile(r"\b(?P<word>before|after|до|после)\b", re.IGNORECASE)
_GUARD = re.compile(
    r"\bif\s+(?P<negated>not\s+|!)?(?P<condition>[^:{\n]+?)\s*[:{)]?\s*\n\s*(?:raise|throw|return)\b"
)


def looks_like_code(text: str) -> bool:
    """Whether a third of the lines are a program's."""
    lines = [line for line in text.splitlines() if line.strip()]
    return sum(1 for line in lines if _LINE.search(line)) * 3 >= len(lines) > 0


def contrary_switch(claim: str, source: str) -> bool:
    """Whether the claim says that a switch is off by default which the source turns on, or the reverse."""
    if not _DEFAULT.search(claim):
        return False
    said = {word.stem for word in content_words(claim)}
    off, on = _OFF.search(claim) is not None, _ON.search(claim) is not None
    values = [
        match["value"].lower() == "true"
        for match in _SWITCH.finditer(source)
        if {word.stem for word in content_words(match["name"])} <= said
    ]
    return bool(values) and off != on and all(value is off for value in values)


def contrary_guard(claim: str, source: str) -> bool:
    """Whether the claim drops the "not" of the guard that it tells of, or adds one."""
    told = re.search(r"\b(?:if|when|unless|если|когда)\b(?P<rest>[^.;]*)", claim, re.IGNORECASE)
    if told is None:
        return False
    said = {word.stem for word in content_words(told["rest"])}
    denies = (_OFF.search(told["rest"]) is not None) != told[0].lower().startswith("unless")
    denies = (
        denies
        or re.search(r"\b(?:missing|absent|lacks?|empty|fails?)\b|нет\b|отсутств", told["rest"]) is not None
    )
    guards = [guard for guard in _GUARD.finditer(source) if _shares(guard["condition"], said)]
    return bool(guards) and all(
        bool(guard["negated"]) is not denies
        and not re.search(r"[<>=]|\bis\b|\bin\b|\band\b|\bor\b|&&", guard["condition"])
        for guard in guards
    )


def contrary_order(claim: str, source: str) -> bool:
    """Whether the claim has two calls in the other order than the source."""
    told = _ORDER.search(claim)
    if told is None:
        return False
    first, second = (
        _call(claim[: told.start()], source, last=True),
        _call(claim[told.end() :], source, last=False),
    )
    if first is None or second is None or first == second:
        return False
    return (first < second) is (told["word"].lower() in {"after", "после"})


def _call(words: str, source: str, *, last: bool) -> int | None:
    """Where the source calls what the words name, by its own name or by the stem of it."""
    said = {word.stem for word in content_words(words)}
    places = [
        match.start()
        for match in re.finditer(r"(?P<name>[A-Za-z_]\w*)\s*\(", source)
        if {word.stem for word in content_words(match["name"])} <= said
        and content_words(match["name"])
        and not re.search(r"\b(?:def|function|func|fn)\s+(?:\([^)]*\)\s*)?$", source[: match.start()])
    ]
    return (places[-1] if last else places[0]) if places else None


def with_units(text: str) -> str:
    """The program with the units that its comments and constants give put behind the numbers.

    ``30  # minutes``, ``10 * time.Second``.
    """
    return _COMMENTED.sub(r"\g<number> \g<unit>", _TIMES_UNIT.sub(r"\g<number> \g<unit>", text))


def bare_values(text: str) -> Iterator[str]:
    """The numbers of a program that have no unit, as they are written, and the products of such."""
    bare = _COMMENTED.sub("", _TIMES_UNIT.sub("", text))
    for match in re.finditer(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", bare):
        yield match[0]
    for match in re.finditer(r"(?<![\w.])\d{1,9}(?:\s*\*\s*\d{1,9}){1,3}(?![\w.])", bare):
        yield str(math.prod(map(int, match[0].split("*"))))


def _shares(condition: str, said: set[str]) -> bool:
    words = {word.stem for word in content_words(condition)}
    return bool(words) and len(words & said) * 2 >= len(words)
