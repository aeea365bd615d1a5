"""The lines that only Lectern writes into a prompt, and text of documents in which none of them can begin.

A model tells the parts of a prompt apart by how their lines begin. So no line of a document may begin in the
same way, whatever ends lines in it, and whatever invisible characters stand in front.
"""

from __future__ import annotations

import re

from prompts.invisible import INVISIBLE, LINE_ENDS

INSTRUCTIONS, CONVERSATION = "Instructions of the application:", "Earlier in this conversation:"
RELEVANT, CONTEXT, CHANGED = "Probably most relevant: ", "Context: ", "Changed meanwhile: "
DAY, QUESTION = "Today is ", "Question: "
CLOSING_LABELS = (INSTRUCTIONS, CONVERSATION, RELEVANT, CONTEXT, CHANGED, DAY, QUESTION)
"""How the lines after the passages begin, in their order."""
PASSAGES, DOCUMENTS, NOTES = "Passages:", "Documents:", "Notes:"
"""Lines of their own, above what they announce."""
ANSWER_TYPE, WITHOUT, UNREAD = "Answer type: ", "Nothing was found in: ", "Could not be read: "
"""How other lines beside a question begin."""
_ASKED, _ANSWERED = "Q: ", "A: "

_START = rf"(?:\A|(?<=[{LINE_ENDS}]))"
_BLANK = rf"[{INVISIBLE}]*"
_OPENINGS = tuple(
    label.rstrip() for label in (*CLOSING_LABELS, ANSWER_TYPE, WITHOUT, UNREAD, _ASKED, _ANSWERED)
)
_HEADINGS = (PASSAGES, DOCUMENTS, NOTES)
_FORGEABLE = (*_OPENINGS, *_HEADINGS, "#")
"""Without one of these nothing is forged: told in a tenth of the time that the pattern takes."""
_BEGUN, _ALONE = "|".join(map(re.escape, _OPENINGS)), "|".join(_HEADINGS)
_LABEL = rf"(?:{_BEGUN}|(?:{_ALONE}){_BLANK}(?:[{LINE_ENDS}]|\Z))"
_NAME = rf"{_BLANK}D{_BLANK}[0-9]"
_FORGED = re.compile(rf"({_START}{_BLANK})(?=\\*{_LABEL})|({_START}{_BLANK}#)(?=\\*{_NAME})")
_GUARDED = re.compile(rf"({_START}{_BLANK})\\(?=\\*{_LABEL})|({_START}{_BLANK}#)\\(?=\\*{_NAME})")


def guard(text: str) -> str:
    r"""Document text in which no line begins as Lectern's own do: ``Question:`` becomes ``\Question:``.

    Nor as the line that names a document, ``# D7 lease.pdf``: ``#\ D7 lease.pdf``. Injective: what already
    looks guarded gets one more backslash.
    """
    if not any(words in text for words in _FORGEABLE):
        return text
    return _FORGED.sub(r"\g<0>\\", text)


def notices_in(text: str) -> str:
    """The lines of a prompt's text in which Lectern says what has changed; none of a document's."""
    return "\n".join(line for line in text.split("\n") if line.startswith(CHANGED))


def unguard(text: str) -> str:
    """The inverse of ``guard``."""
    return _GUARDED.sub(lambda found: found[1] if found[2] is None else found[2], text)
