"""At most, at least, less than, more than: the bound that a text puts on a number.

A bound belongs to the number that it stands before ("no more than 30 days") or behind ("30 days or less").
"No later than 60 days before the end" asks for at least 60 days.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from prompts.checks.quantities import quantities
from prompts.patterns import Pattern
from prompts.words import at_words, concept, content_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from decimal import Decimal

    from prompts.checks.quantities import Quantity

Bound = Literal["<", "<=", ">=", ">", "~<"]
"""``~<`` is "within" and "up to": at most, however strictly it is read."""
_Bounds = dict[tuple["Decimal", str] | str, set[Bound]]
"""By value and unit or, where no number follows, by the first word that does."""

_OPPOSITE: frozenset[frozenset[str]] = frozenset(
    frozenset(pair)
    for pair in (
        ("<", ">"),
        ("<", ">="),
        ("<=", ">"),
        ("<=", ">="),
        ("~<", ">"),
        ("~<", ">="),
        ("<", "<="),
        (">", ">="),
    )
)
_CUES: Sequence[tuple[Bound, str]] = (
    (
        "<=",
        (
            r"\b(?:not|no|never)\s+(?:to\s+|be\s+)?(?:exceed(?:ing)?|more|greater|higher|later|longer"
            r"|over)\b(?:\s+than)?"
            r"|\b(?:shall|may|must|will|can|does|do)\s+not\s+(?:be\s+)?exceed\b|\bat\s+(?:the\s+)?(?:most"
            r"|latest)\b|\bmaximum\b"
            r"|\bcap(?:ped)?\b|\bno\s+event\b[^.;]{1,120}?\bexceed\b|\bno\s+event\s+(?:be\s+)?(?:more|later"
            r"|longer|greater)(?:\s+than)?|\blimited\s+to\b|\bnever\s+exceeds?\b"
            r"|\bне\s+(?:дольше|бол\w+|превы\w+|поздн\w+\b(?!\s+чем\s+за)|свыше|выше)|\bмаксим\w+"
            r"|не\s+может\s+превышать"
            r"|不(?:得|应|会)?(?:超过|高于|晚于|迟于|多于)|至多|最多|最高|上限"
        ),
    ),
    ("~<", r"\bup\s+to\b|\bwithin\b|\bв\s+течение\b|\bдо\b(?=\s*\d)|以内|之内"),
    (
        ">=",
        (
            r"\b(?:not|no)\s+(?:be\s+)?(?:less|fewer|lower|earlier|sooner|shorter)\b(?:\s+than)?"
            r"|\bat\s+(?:the\s+)?least\b|\bminimum\b|\bне\s+(?:мен\w+|ран\w+|ниже|поздн\w+\s+чем\s+за)"
            r"|\bминим\w+|\bкак\s+минимум"
            r"|不(?:得|应)?(?:少于|低于|早于)|至少|最少|最低"
        ),
    ),
    (
        ">",
        (
            r"\b(?:more|greater|higher|longer|later|over)\s+than\b|\bexceed(?:s|ed|ing)?\b|\bin\s+excess\s+of\b"
            r"|\b(?:over|above)\b(?=\s+[\d$€£])|\b(?:более|больше|свыше|выше)\b|\bпревыша\w+|超过|高于|多于"
        ),
    ),
    (
        "<",
        (
            r"\b(?:less|fewer|lower|shorter|sooner|earlier)\s+than\b|\b(?:under|below)\b(?=\s+[\d$€£])"
            r"|\b(?:менее|меньше|ниже)\b|少于|低于|不足"
        ),
    ),
)
BOUND = Pattern(
    at_words("|".join(f"(?P<b{place}>{pattern})" for place, (_, pattern) in enumerate(_CUES)), "не"),
    re.IGNORECASE,
)
_BEHIND: Sequence[tuple[Bound, Pattern]] = (
    (
        "<=",
        Pattern(r"\W{0,3}(?:or|and)\s+(?:less|fewer|under|below|earlier)\b|или\s+менее|以下", re.IGNORECASE),
    ),
    (
        ">=",
        Pattern(
            r"\W{0,3}(?:or|and)\s+(?:more|over|above|longer|later|greater)\b|или\s+более|以上", re.IGNORECASE
        ),
    ),
    ("<=", Pattern(r"\s+(?:at\s+(?:the\s+)?most|maximum)\b(?!\s+(?:\d|\w+\s*\())", re.IGNORECASE)),
    (">=", Pattern(r"\s+(?:at\s+(?:the\s+)?least|minimum)\b(?!\s+(?:\d|\w+\s*\())", re.IGNORECASE)),
)
_LATE = Pattern(r"later|latest|поздн|晚于|迟于", re.IGNORECASE)
_EARLY = Pattern(r"earlier|sooner|ран[еь]|早于", re.IGNORECASE)
_DENIED = Pattern(r"(?:\b(?:not|cannot|never)|n['’]t)\s+(?:[\w’'-]+\s+){0,4}$", re.IGNORECASE)
_TURNED: Mapping[Bound, Bound] = {">": "<=", "<": ">="}
"""What "may not ask for more than" sets."""
_UNDONE = Pattern(r"\b(?:unable|fail\w*)\b[^.;,]{0,40}$", re.IGNORECASE)
"""A bound that is not reached: "fails to sell a minimum of" sets another one than it says."""
_AHEAD = Pattern(
    r"[^.;]{0,30}?\b(?:before|prior\s+to|in\s+advance|preceding|ahead\s+of|до|перед)\b|[^。；]{0,10}[前]",
    re.IGNORECASE,
)
_BORDER = Pattern(r"[.;:。；：](?=\s|$)|\n")
_REACH = 40


def contrary_limits(claim: str, sentences: Iterable[str]) -> bool:
    """Whether a number that both bound is bounded the other way, or strictly where it was not."""
    ours = _bounds(claim)
    if not ours:
        return False
    theirs: _Bounds = {}
    for sentence in sentences:
        for key, bounds in _bounds(sentence).items():
            theirs.setdefault(key, set()).update(bounds)
    return any(
        key in theirs
        and all(frozenset((mine, other)) in _OPPOSITE for mine in bounds for other in theirs[key])
        for key, bounds in ours.items()
    )


def _bounds(text: str) -> _Bounds:
    found: _Bounds = {}
    numbers = quantities(text)
    for cue in BOUND.finditer(text):
        if _UNDONE.search(text, max(0, cue.start() - 60), cue.start()):
            continue
        bound = _CUES[int(str(cue.lastgroup)[1:])][0]
        if _DENIED.search(text, max(0, cue.start() - 60), cue.start()):
            bound = _TURNED.get(bound, bound)
        following = [n for n in numbers if cue.end() <= n.start <= cue.end() + _REACH]
        if not following or _BORDER.search(text, cue.end(), following[0].start):
            if word := next((word for word in content_words(text[cue.end() : cue.end() + _REACH])), None):
                found.setdefault(concept(word.stem), set()).add(bound)
            continue
        first = following[0]
        # "thirty (30) days": one number, written twice
        same = [n for n in following if n.values == first.values and n.unit == first.unit]
        end = max(n.start + len(n.written) for n in same)
        if first.unit and _AHEAD.match(text, end):
            bound = ">=" if _LATE.search(cue[0]) else "<=" if _EARLY.search(cue[0]) else bound
        for value in first.values:
            found.setdefault((value, first.unit), set()).add(bound)
    for number, bound in _behind(text, numbers):
        for value in number:
            found.setdefault(value, set()).add(bound)
    return found


def _behind(text: str, numbers: Sequence[Quantity]) -> Iterator[tuple[list[tuple[Decimal, str]], Bound]]:
    for number in numbers:
        for bound, pattern in _BEHIND:
            if pattern.match(text, number.start + len(number.written)):
                yield [(value, number.unit) for value in number.values], bound
