"""Asking a model to order passages, and reading the order that it gives.

Listwise, in windows that slide from the end of the list to its beginning, so that the best of a later window
can still rise in the next (Sun et al., "Is ChatGPT Good at Search?", arXiv 2304.09542).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from prompts.markers import escape
from prompts.plan import PromptMessage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LEAST_READ = 2
"""Numbers that an order must hold: a single one may be a word of an excuse."""
_NUMBER = r"(?<![\d.])\d{1,4}(?![\d.]*\d)"
_LINK = r"[\]】\"']*\s*[>,，、≻→\n]\s*[\[【\"']*"
_CHAIN = re.compile(rf"{_NUMBER}(?:{_LINK}{_NUMBER})*")
"""``[3] > [1]``, ``3, 1``, ``["3", "1"]`` or a line each."""
_BRACKETED = re.compile(r"[\[【](\d{1,4})[\]】]")
_DIGITS = re.compile(r"\d+")
_LINE_NUMBER = re.compile(r"^[^\S\n]*(\d{1,4})[.):][^\S\n]+(?=\S)", re.MULTILINE)


@cache
def ranking_rules() -> str:
    """The constant instructions that open the prompt."""
    return (files("prompts") / "templates" / "ranking.md").read_text(encoding="utf-8")


def ranking_messages(question: str, passages: Sequence[str]) -> tuple[PromptMessage, ...]:
    """The prompt: each passage on one line, so that none can begin a line with a number of its own."""
    lines = [f"[{number}] {_one_line(text)}" for number, text in enumerate(passages, start=1)]
    asked = f"Question: {_one_line(question)}\n\nThe order of all {len(passages)} passages:"
    return (
        PromptMessage("system", ranking_rules()),
        PromptMessage("user", "\n".join([*lines, "", asked])),
    )


def read_order(reply: str, count: int) -> tuple[int, ...] | None:
    """The order of ``count`` passages as indexes from 0; None where the reply holds none.

    Unknown numbers and repetitions are passed over; what is missing follows in the order it had.
    """
    numbers = [int(number) for number in _LINE_NUMBER.findall(reply)]
    if numbers == [*range(1, len(numbers) + 1)]:
        reply = _LINE_NUMBER.sub("", reply)
    chains = [_DIGITS.findall(chain) for chain in reversed(_CHAIN.findall(reply))]
    readings = [*chains, _BRACKETED.findall(reply)]  # what is told before the order may name passages
    everything = _DIGITS.findall(reply)
    if len(everything) == count:
        readings.append(everything)
    best = max((_known(numbers, count) for numbers in readings), key=len)
    if len(best) < min(LEAST_READ, count):
        return None
    told = set(best)
    return (*best, *(index for index in range(count) if index not in told))


def windows(count: int, size: int) -> Iterator[tuple[int, int]]:
    """Ranges of at most ``size`` places, the last places first, each half over the one before."""
    end = count
    while True:
        start = max(end - size, 0)
        yield start, end
        if start == 0:
            return
        end -= max(size // 2, 1)


def _known(numbers: Sequence[str], count: int) -> list[int]:
    return list(dict.fromkeys(n - 1 for n in map(int, numbers) if 1 <= n <= count))


def _one_line(text: str) -> str:
    return escape(" ".join(text.split()))
