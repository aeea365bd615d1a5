"""Citation markers in running text: escaped in documents, parsed in answers, as they arrive."""

from __future__ import annotations

import re

from prompts.invisible import INVISIBLE, LINE_ENDS
from prompts.marker_grammar import Cursor, Group, MoreNeeded, read_group

_ROLE = r"\|[A-Za-z0-9_]{1,32}\|>|/?(?:think|tools|tool_call|tool_response|arg_key|arg_value|sop|eop)>"
"""What follows ``<`` where GLM's chat template begins a turn, a thought, a call or its result."""
_TURN = re.compile(rf"(<)(?=\\*(?:{_ROLE}))")
_GAP = rf"[{INVISIBLE}{LINE_ENDS}]*"
"""A model may read over it, though `marker_grammar` does not."""
_HEAD = rf"{_GAP}[Dd]{_GAP}[0-9]"
_FORGED = re.compile(rf"([\[【［])(?=\\*{_HEAD})|(<)(?=\\*(?:{_ROLE}))")
_ESCAPED = re.compile(rf"([\[【［])\\(?=\\*{_HEAD})|(<)\\(?=\\*(?:{_ROLE}))")
_FORGEABLE = ("[", "<", "【", "［")
"""Without one of these nothing is forged: told in a fifth of the time that the pattern takes."""
_OPEN = re.compile(r"\\?[\[【［]|\\\Z")
_UNFINISHED = re.compile(
    r'\\?[\[【［] ?[Dd][0-9]{1,12}:[0-9]{1,12}(?:-[0-9]{1,12})? ?"[^"”\\\[\]【】［］\n]{0,1000}\Z'
)
"""The commonest marker while its quote is written: it need not be read to know that there is more to come."""

MOST_OF_RANGE = 20
"""Passages of one cited range that are told one by one."""
Piece = str | Group
"""A stretch of plain text, or a group of citations."""


def escape(text: str) -> str:
    r"""Document text in which nothing can be read as a marker: ``[D7:31]`` becomes ``[\D7:31]``.

    Nor as a turn of the conversation, which servers know by words such as ``<|user|>``: ``<\|user|>``.

    Injective: text that already looks escaped gets one more backslash.
    """
    if not any(sign in text for sign in _FORGEABLE):
        return text
    return _FORGED.sub(r"\g<0>\\", text)


def escape_turns(text: str) -> str:
    """What a model wrote, its citations as they are, in which nothing can be read as another turn."""
    return _TURN.sub(r"\g<0>\\", text)


def unescape(text: str) -> str:
    """The inverse of ``escape``."""
    return _ESCAPED.sub(lambda found: found[1] or found[2], text)


def parse(answer: str) -> list[Piece]:
    """Split an answer into text and citation groups; neighbouring texts are joined."""
    stream = MarkerStream()
    return merge([*stream.feed(answer), *stream.finish()])


def without_citations(answer: str) -> str:
    """What an answer says, as it reads without its markers."""
    said = ""
    for piece in parse(answer):
        said = said + piece if isinstance(piece, str) else said.rstrip(" ")
    return said.strip()


def cited_passages(answer: str) -> list[str]:
    """Markers of the single passages that an answer cites, each once, in its order."""
    groups = (piece for piece in parse(answer) if not isinstance(piece, str))
    places = (one for group in groups for one in group.references)
    cited = (f"D{one.document}:{n}" for one in places for n in range(one.first, one.last + 1)[:MOST_OF_RANGE])
    return list(dict.fromkeys(cited))


def merge(pieces: list[Piece]) -> list[Piece]:
    """Join neighbouring texts."""
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, str) and isinstance(last, str):
            merged[-1] = last + piece
        elif piece:
            merged.append(piece)
    return merged


class MarkerStream:
    """Parses an answer as it arrives; holds back only what may still become a marker."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, delta: str) -> list[Piece]:
        """Take more of the answer; give the pieces that no later text can change."""
        self._held += delta
        return self._pieces(final=False)

    def finish(self) -> list[Piece]:
        """Give what was held back: the answer ends here."""
        return self._pieces(final=True)

    def _pieces(self, *, final: bool) -> list[Piece]:
        pieces: list[Piece] = []
        done = position = 0
        while opening := _OPEN.search(self._held, position):
            if not final and _UNFINISHED.match(self._held, opening.start()):
                break
            try:
                end, group = read_group(Cursor(self._held, opening.start(), final=final))
            except MoreNeeded:
                break
            position = max(end, opening.end())
            if group is not None:
                pieces += [self._held[done : opening.start()], group]
                done = position
        settled = opening.start() if opening else len(self._held)
        pieces.append(self._held[done:settled])
        self._held = self._held[settled:]
        return [piece for piece in pieces if piece]
