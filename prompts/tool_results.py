"""What a tool returns, as the model reads it: lines of ours first, then passages as everywhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from prompts.render import quote, render_context, render_passage, render_passages

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from prompts.model import ContextPassage, PromptPassage
    from prompts.render import DocumentName

MOST_NAMED = 30
"""Markers in a line of ours."""
CONTEXT_SHARE = 0.25
"""Of the room for passages, what may go to those that others cannot be read without."""
LAST = "No more calls are answered after this: answer now with what was shown, and say what is missing.\n"
REFUSED = (
    "Not carried out. No more calls are answered: answer now with what was shown, and say what is missing.\n"
)
REPEATED = "As above: this call was answered before, with this very result. Ask something else, or answer.\n"
FULL = "Not carried out: there is no more room for passages.\n"


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """Passages that a tool has found, those to be shown first at the front."""

    passages: Sequence[PromptPassage]
    names: Mapping[int, DocumentName]
    remarks: tuple[str, ...] = ()
    """Lines of ours in front of them."""
    context: Sequence[ContextPassage] = ()
    """What those cannot be read without, what is needed most first."""
    ranked: bool = False
    """The best first, which the order that they are shown in does not tell."""
    others: tuple[str, ...] = ()
    """Markers of more that were found."""


@dataclass(frozen=True, slots=True)
class DocumentsListed:
    """Some documents by path."""

    documents: Sequence[tuple[DocumentName, int]]
    """With the number of their passages."""
    all: int
    """Those that fit what was asked for, on other pages too."""
    more: bool
    """Others follow."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A call that brought nothing; ``reason`` tells the model why, in words of ours and its own."""

    reason: str


ToolResult = PassagesFound | DocumentsListed | Trouble


@dataclass(frozen=True, slots=True)
class Rendered:
    """A result as text, and the passages in it that had not been shown before."""

    text: str
    found: int
    """Passages or documents."""
    shown: tuple[PromptPassage, ...] = ()
    error: str | None = None
    """Why the call brought nothing."""


def render_result(
    result: ToolResult, seen: Container[str], room: int, count: Callable[[str], int]
) -> Rendered:
    """A result within its room; what was shown before is only named.

    Args:
        result: what a tool brought.
        seen: markers of the passages that the conversation holds.
        room: tokens.
        count: tokens of a text.
    """
    match result:
        case Trouble():
            reason = quote(result.reason)
            return Rendered(f"Error: {reason}.\n", 0, error=reason)
        case DocumentsListed():
            return _render_list(result, room, count)
        case PassagesFound():
            return _render_passages(result, seen, room, count)


def refusal(text: str) -> Rendered:
    """A line of ours in the place of a result."""
    return Rendered(text, 0, error=" ".join(text.split()))


def document_line(name: DocumentName, passages: int) -> str:
    """``D7 contracts/lease.pdf (Lease), 31 passages``, on one line whatever the names hold."""
    path = " ".join(name.path.split())
    title = "" if name.title in {"", name.path} else f" ({' '.join(name.title.split())})"
    return f"D{name.number} {quote(path)}{quote(title)}, {passages} passage{'' if passages == 1 else 's'}\n"


def name_markers(markers: Iterable[str]) -> str:
    """``D7:3-5, D9:1``: runs together, in canonical order; of very many the first."""
    places = sorted({(int(d), int(n)) for d, n in (marker[1:].split(":") for marker in markers)})
    runs: list[str] = []
    for (document, _), run in groupby(enumerate(places), key=lambda at: (at[1][0], at[1][1] - at[0])):
        numbers = [number for _, (_, number) in run]
        reach = "" if len(numbers) == 1 else f"-{numbers[-1]}"
        runs.append(f"D{document}:{numbers[0]}{reach}")
    more = len(runs) - MOST_NAMED
    return ", ".join(runs[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _render_list(result: DocumentsListed, room: int, count: Callable[[str], int]) -> Rendered:
    if not result.documents:
        return Rendered("No document fits.\n", 0)
    lines: list[str] = []
    for name, passages in result.documents:
        line = document_line(name, passages)
        room -= count(line)
        if room < 0:
            break
        lines.append(line)
    shown = f"{len(lines)} of {result.all} documents:\n"
    cut = result.more or len(lines) < len(result.documents)
    after = f"Go on after D{result.documents[len(lines) - 1][0].number}.\n" if cut and lines else ""
    return Rendered(f"{shown}{''.join(lines)}{after}" if lines else FULL, len(lines))


@dataclass(slots=True)
class _Fitting:
    """Passages as they are taken into a result."""

    names: Mapping[int, DocumentName]
    count: Callable[[str], int]
    room: int
    taken: list[PromptPassage] = field(default_factory=list["PromptPassage"])
    left: list[PromptPassage] = field(default_factory=list["PromptPassage"])

    def offer(self, passage: PromptPassage, room: int) -> bool:
        """Take it if it costs no more than ``room`` and what is left."""
        known = any(passage.document == other.document for other in self.taken)
        text = render_passage(passage) if known else render_passages([passage], self.names)
        cost = self.count(text) + 1
        if cost > min(room, self.room):
            self.left.append(passage)
            return False
        self.room -= cost
        self.taken.append(passage)
        return True


def _render_passages(
    result: PassagesFound, seen: Container[str], room: int, count: Callable[[str], int]
) -> Rendered:
    if not result.passages:
        return Rendered("".join(f"{line}\n" for line in (*result.remarks, "Nothing was found.")), 0)
    fitting = _Fitting(result.names, count, room)
    above = [passage for passage in result.passages if passage.marker in seen]
    for passage in result.passages:
        if passage.marker not in seen:
            fitting.offer(passage, room if not fitting.left else 0)
    left = tuple(fitting.left)
    context = _context(result, seen, fitting)
    lines = [*result.remarks]
    if result.ranked and len(result.passages) > 1:
        lines.append(f"Most relevant first: {', '.join(passage.marker for passage in result.passages)}.")
    if above:
        lines.append(f"Shown above: {name_markers(passage.marker for passage in above)}.")
    if left:
        lines.append(f"Too long to show here: {name_markers(passage.marker for passage in left)}.")
    if result.others:
        lines.append(f"Not shown: {name_markers(result.others)}.")
    head = "".join(f"{line}\n" for line in lines) + (render_context(context) if context else "")
    return Rendered(
        head + render_passages(fitting.taken, result.names), len(result.passages), tuple(fitting.taken)
    )


def _context(result: PassagesFound, seen: Container[str], fitting: _Fitting) -> list[ContextPassage]:
    """Those that fit into their share of the room, taken."""
    share = int(fitting.room * CONTEXT_SHARE)
    brought: list[ContextPassage] = []
    for one in result.context:
        known = {passage.marker for passage in fitting.taken}
        if one.passage.marker in seen or one.passage.marker in known:
            continue
        before = fitting.room
        if fitting.offer(one.passage, share):
            share -= before - fitting.room
            brought.append(one)
    return brought
