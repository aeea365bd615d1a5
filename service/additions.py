"""What clients and footnotes add to an answer, and how it comes off a copy of it again."""

from __future__ import annotations

import re

RULE = "---"
"""The line above footnotes."""
ENGLISH = ("**Sources**", "**Not supported by the documents**")
RUSSIAN = ("**Источники**", "**Не подтверждается документами**")
CHINESE = ("**来源**", "**文档未能证实**")
_HEADINGS = frozenset((*ENGLISH, *RUSSIAN, *CHINESE))
_THOUGHT = re.compile(r"\s*<(think>|details\b)")
_REASONING = re.compile(r"\btype=\"reasoning\"")
"""The model's thinking as chat clients put it in front of its answer: in tags, or to be unfolded."""
_MOST_ROUNDS = 20
"""A client may send megabytes of lists."""


def without_additions(answer: str) -> str:
    """An answer as it was written: without the footnotes after it and the thinking in front of it."""
    return without_footnotes(answer[_end_of_thoughts(answer) :]).strip()


def bare(answer: str) -> str:
    """What an answer and every copy of it have in common, even where it ends with a list like footnotes."""
    for _ in range(_MOST_ROUNDS):
        less = without_additions(answer)
        if less == answer:
            break
        answer = less
    return answer


def without_footnotes(text: str) -> str:
    """An answer without the footnotes that were written after it, wherever white space was changed in them.

    Nothing else is taken off: a line, one of our headings, and nothing but headings and items to the end.
    """
    lines = text.splitlines(keepends=True)
    for start in range(len(lines) - 1, -1, -1):
        line = lines[start].strip()
        if line == RULE:
            follows = next((line.strip() for line in lines[start + 1 :] if line.strip()), "")
            return "".join(lines[:start]).rstrip() if follows in _HEADINGS else text
        if line and line not in _HEADINGS and not line.startswith(("- [", "- “")):
            return text
    return text


def _end_of_thoughts(answer: str) -> int:
    """Where the answer itself begins. Each character is looked at once: a client may send megabytes."""
    end = 0
    while begun := _THOUGHT.match(answer, end):
        inside, closing = begun.end(), "</think>"
        if begun[1] == "details":
            inside, closing = answer.find(">", begun.end()) + 1, "</details>"
            if inside == 0 or not _REASONING.search(answer, begun.end(), inside):
                break
        closed = answer.find(closing, inside)
        end = len(answer) if closed < 0 else closed + len(closing)
    return end
