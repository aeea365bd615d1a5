"""The value of a cell, read from what the model wrote: yes or no, a date, an amount, a list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from prompts.amounts import PERCENT, amounts, first_amount
from prompts.checks.dates import dates
from prompts.markers import parse
from prompts.refusals import is_refusal
from prompts.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from prompts.checks.dates import Reading
    from prompts.reviewing import AnswerType

Verdict = Literal["yes", "no", "not stated"]
ABSENT = "not in the document"

_YES = re.compile(r"(?:yes|да|是的|是|有|可以)(?![A-Za-zА-Яа-яё\u3400-\u9fff])", re.IGNORECASE)
_NO = re.compile(r"(?:no|нет|否|不是|没有|不可以)\s*(?:[.,:;!。，：；！—–-]|\n|$)", re.IGNORECASE)
_MARKUP = "*_`\"'“”«» \t\n#>"
_BULLET = re.compile(r"^\s*(?:[-*•–—]|\d{1,3}[.)、])\s+")
_NOT_STATED = re.compile(
    r"(?:not (?:stated|specified|mentioned|provided|addressed|in the document)|n/?a|none stated"
    r"|не (?:указан|установлен|определен|определён|предусмотрен|упомянут)[аоы]?"
    r"|(?:本?(?:合同|协议|文件|文档)中?)?未(?:说明|提及|约定|规定|载明|明确)|无相关(?:约定|规定|信息))[.。]?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class CellValue:
    """A typed value. What the answer's type does not have is None or empty."""

    shown: str
    """What a table shows."""
    verdict: Verdict | None = None
    date: str | None = None
    """ISO 8601: ``2024-01-05``, or ``2024-01`` where there is no day."""
    number: str | None = None
    """Plain decimal digits: ``2500000``."""
    currency: str | None = None
    """ISO 4217, or ``%`` for a share."""
    words: str = ""
    """The date or the amount as the answer writes it."""
    items: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    """All that the words can mean, where that is more than one thing."""
    note: str = ""
    """Why there is no value of the wanted type."""


def uncited(reply: str) -> str:
    """What the model wrote, without its citations."""
    text = "".join(piece for piece in parse(reply) if isinstance(piece, str))
    return re.sub(r"[ \t]+(?=[.,;:!?。，；：！？)]|\n|$)", "", text).strip()


def is_absent(text: str) -> bool:
    """Whether an answer says that the document does not answer, and nothing else; three languages."""
    bare = _BULLET.sub("", text).strip(_MARKUP)
    if _NOT_STATED.fullmatch(bare):
        return True
    sentences = [bare[start:end] for start, end in sentence_spans(bare)]
    return bool(sentences) and all(map(is_refusal, sentences))


def absent_value(kind: AnswerType) -> CellValue:
    """The value of a cell whose document does not say."""
    return CellValue("not stated", verdict="not stated") if kind == "yes/no" else CellValue(ABSENT)


def read_value(text: str, kind: AnswerType) -> CellValue:
    """The value that an answer without citations gives; ``note`` says where it gives none of its type."""
    match kind:
        case "text":
            return CellValue(text)
        case "yes/no":
            return _verdict(text)
        case "date":
            return _date(text)
        case "amount":
            return _amount(text)
        case "list":
            items = _items(text)
            return CellValue("\n".join(items), items=items)


def unsupported(value: CellValue, cited: Sequence[str]) -> str | None:
    """What of a typed value none of the cited texts holds; None where nothing is missing."""
    if value.date is not None or (value.readings and value.number is None):
        mine = dates(value.words)
        theirs = [other for text in cited for other in dates(text)]
        held = any(one.agrees(other) for one in mine for other in theirs)
        return None if held else f"date {value.words}"
    if value.number is not None:
        wanted = amounts(value.words)
        held = any(one.agrees(other) for one in wanted for text in cited for other in amounts(text))
        return None if held else f"amount {value.words}"
    return None


def _verdict(text: str) -> CellValue:
    bare = text.lstrip(_MARKUP).replace("**", "")
    if _YES.match(bare):
        return CellValue("yes", verdict="yes")
    if _NO.match(bare):
        return CellValue("no", verdict="no")
    return CellValue(text, note="neither yes nor no")


def _date(text: str) -> CellValue:
    """The first date with a year; one that has two readings has no ISO form."""
    for found in dates(text):
        readings = sorted({iso for reading in found.readings if (iso := _iso(reading))})
        words = text[found.start : found.end].strip()
        if len(readings) == 1:
            return CellValue(readings[0], date=readings[0], words=words)
        if readings:
            note = f"can be read as {' or '.join(readings)}"
            return CellValue(words, words=words, readings=tuple(readings), note=note)
    return CellValue(text, note="no date of the calendar")


def _iso(reading: Reading) -> str | None:
    """None for a day that no calendar has, or without its year."""
    year, month, day = reading
    if year is None:
        return None
    try:
        date(year, month, day or 1)
    except ValueError:
        return None
    return f"{year:04}-{month:02}" + (f"-{day:02}" if day else "")


def _amount(text: str) -> CellValue:
    found = first_amount(text)
    if found is None:
        return CellValue(text, note="no amount")
    readings = tuple(_plain(value) for value in found.values)
    # A number with two readings in an answer about money is in thousands: nobody owes a tenth of a cent.
    chosen = found.values[-1]
    shown = f"{chosen:,f}".rstrip("0").rstrip(".") if "." in f"{chosen:f}" else f"{chosen:,f}"
    note = f"can be read as {' or '.join(readings)}" if len(readings) > 1 else ""
    if found.currency == PERCENT:
        shown += PERCENT
    elif found.currency:
        shown = f"{found.currency} {shown}"
    return CellValue(
        shown,
        number=_plain(chosen),
        currency=found.currency or None,
        words=found.words,
        readings=readings if len(readings) > 1 else (),
        note=note or ("" if found.currency else "no currency"),
    )


def _plain(value: Decimal) -> str:
    digits = f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _items(text: str) -> tuple[str, ...]:
    """The lines of a list without their bullets; an answer without bullets is a list of its lines."""
    lines = [line for line in text.splitlines() if line.strip()]
    if any(map(_BULLET.match, lines)):
        lines = list(_joined(lines))
    return tuple(_BULLET.sub("", line).strip() for line in lines)


def _joined(lines: Iterable[str]) -> Iterable[str]:
    """A line without a bullet goes on with the item before it; what stands before the first is dropped."""
    item = ""
    for line in lines:
        if _BULLET.match(line):
            if item:
                yield item
            item = line
        elif item:
            item = f"{item} {line.strip()}"
    if item:
        yield item
