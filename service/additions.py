"""What clients and footnotes add to an answer, and how it comes off a copy of it again."""

from __future__ import annotations

import re

RULE = "---"
"""The line above footnotes."""
ENGLISH = ("**Sources**", "**Not supported by the documents**")
RUSSIAN = ("**Источники**", "**Не подтверждается документами**")
CHINESE = ("**来源**", "**文档未能证实**")
_HEADINGS = frozenset((*ENGLISH, *RUSSIAN, *CHINESE))
_THOUGHT = re.compile(
    r"\s*(?:<think>.*?(?:</think>|\Z)|<details\b[^>]*\btype=\"reasoning\"[^>]*>.*?(?:</details>|\Z))",
    re.DOTALL,
)
"""The model's thinking as chat clients put it in front of its answer."""


def without_additions(answer: str) -> str:
    """An answer as it was written: without the footnotes after it and the thinking in front of it."""
    while found := _THOUGHT.match(answer):
        answer = answer[found.end() :]
    return without_footnotes(answer).strip()


def bare(answer: str) -> str:
    """What an answer and every copy of it have in common, even where it ends with a list like footnotes."""
    while (less := without_additions(answer)) != answer:
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
