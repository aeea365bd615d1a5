"""From what was found in the parts to one answer that cites the documents themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from typing import TYPE_CHECKING

from prompts import labels
from prompts.pinning import OPENING
from prompts.plan import Block, PromptPlan, Stability
from prompts.proof import UNRESOLVED, prove
from prompts.render import quote, render_passage, render_passages, render_question, rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from prompts.model import Citation, Claim, PromptPassage, ProvenAnswer
    from prompts.plan import Role
    from prompts.plan_request import Turn
    from prompts.render import DocumentName

LONGEST_QUOTE = 300
"""Code points of a document's words that a note repeats; what is longer is cited without them."""
MOST_NAMED = 400
"""Documents without a finding that are named; of further ones only the number is said."""
REQUEST_TOKENS = 60
"""Tokens that a request and its messages add, and those that adding up the pieces of a text may hide."""
_NOTHING = re.compile(r"\W*NOTHING\W*", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s+")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a part says about the question, with the places that prove it."""

    text: str
    """Without its citations, on one line."""
    citations: tuple[Citation, ...]
    """Those whose passage was shown, and whose words stand there."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a model reported of a part."""

    findings: tuple[Finding, ...]
    dropped: int
    """Findings without a citation, or whose words do not stand where they are said to."""


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """All that the merge depends on."""

    question: str
    findings: Sequence[Finding]
    """In canonical order of their parts."""
    passages: Mapping[tuple[int, int], PromptPassage]
    """Those of the parts, by document and number."""
    names: Mapping[int, DocumentName]
    without: Sequence[int] = ()
    """Documents that were read and of which nothing was found."""
    unread: Sequence[int] = ()
    history: Sequence[Turn] = ()
    instructions: str = ""
    restated: bool = False
    """As in `PlanRequest`."""


@cache
def merge_rules() -> str:
    """The constant instructions that stand before the findings."""
    return (files("prompts") / "templates" / "merge.md").read_text(encoding="utf-8")


def read_report(said: str, passages: Sequence[PromptPassage]) -> Report:
    """The findings of a reply that could be proven against the part's passages.

    What is not proven is dropped: a merge could not tell it from what is.
    """
    lines = (line for line in said.splitlines() if not _NOTHING.fullmatch(line))
    proven = prove("\n".join(lines), {(p.document, p.number): p for p in passages})
    findings: list[Finding] = []
    dropped = 0
    for claim in proven.claims:
        cited = (proven.citations[index - 1] for index in claim.citations)
        found = tuple(citation for citation in cited if citation.quoted != "not_found")
        if found:
            findings.append(Finding(_words_of(claim, proven), found))
        elif claim.substantive:
            dropped += 1
    return Report(tuple(findings), dropped)


def merge_plan(request: MergeRequest, room: int, budget: int, count: Callable[[str], int]) -> PromptPlan:
    """The prompt of the answer; it continues the conversation, unless the findings need its room.

    Args:
        request: findings and all that they rest on.
        room: tokens that a prompt may have.
        budget: tokens that the findings and their passages may have.
        count: tokens of a text.
    """
    plan = _Merge(request, count).plan(room, budget)
    if plan.left_out and request.history:
        afresh = _Merge(replace(request, history=()), count).plan(room, budget)
        return afresh if len(afresh.left_out) < len(plan.left_out) else plan
    return plan


@dataclass(slots=True)
class _Chosen:
    """Findings that have room, and the passages that they bring."""

    markers: set[str]
    findings: set[int] = field(default_factory=set[int])
    passages: list[PromptPassage] = field(default_factory=list["PromptPassage"])


class _Merge:
    """Builds the prompt of one answer."""

    def __init__(self, request: MergeRequest, count: Callable[[str], int]) -> None:
        self._request = request
        self._count = count

    def plan(self, room: int, budget: int) -> PromptPlan:
        request = self._request
        opening = self._block("rules", Stability.RULES, 0, "system", rules())
        past = history_blocks(request.history, self._count)
        message = past[-1].message + 1 if past else 1
        ending = self._block("question", Stability.FRESH, message, "user", self._ending())
        room -= (
            sum(block.tokens for block in (opening, *past, ending))
            + self._count(merge_rules())
            + REQUEST_TOKENS
        )
        held = [passage for turn in request.history for passage in turn.passages]
        chosen = self._fitting({passage.marker for passage in held}, min(room, budget))
        shown = OPENING + render_passages(chosen.passages, request.names) if chosen.passages else ""
        found = (
            self._block("passages", Stability.FRESH, message, "user", shown),
            self._block("findings", Stability.FRESH, message, "user", self._notes(chosen)),
        )
        return PromptPlan(
            "map",
            "the findings of all parts, and the passages that they cite",
            (opening, *past, *(block for block in found if block.text), ending),
            (*held, *chosen.passages),
            tuple(chosen.passages),
            tuple(self._left_out(chosen)),
            begins=not past,
        )

    def _fitting(self, held: set[str], room: int) -> _Chosen:
        """One finding of each document first, then a second one: every document keeps its voice."""
        chosen = _Chosen(set(held))
        by_document: dict[int, list[int]] = {}
        for index, finding in enumerate(self._request.findings):
            by_document.setdefault(finding.citations[0].document, []).append(index)
        for index in (i for row in zip_longest(*by_document.values()) for i in row if i is not None):
            finding = self._request.findings[index]
            fresh = [p for p in self._passages(finding) if p.marker not in chosen.markers]
            cost = self._count(_note(finding)) + self._cost(fresh, chosen)
            if cost <= room:
                room -= cost
                chosen.findings.add(index)
                chosen.passages += fresh
                chosen.markers.update(passage.marker for passage in fresh)
        return chosen

    def _passages(self, finding: Finding) -> list[PromptPassage]:
        places = (
            (citation.document, number)
            for citation in finding.citations
            for number in range(citation.first_passage, citation.last_passage + 1)
        )
        return [self._request.passages[place] for place in dict.fromkeys(places)]

    def _cost(self, fresh: Sequence[PromptPassage], chosen: _Chosen) -> int:
        known = {passage.document for passage in chosen.passages}
        named = [passage for passage in fresh if passage.document not in known]
        plain = [passage for passage in fresh if passage.document in known]
        cost = self._count(render_passages(named, self._request.names)) if named else 0
        return cost + sum(self._count(render_passage(passage)) for passage in plain)

    def _notes(self, chosen: _Chosen) -> str:
        notes = [_note(self._request.findings[index]) for index in sorted(chosen.findings)]
        return merge_rules() + f"{labels.NOTES}\n" + ("".join(notes) or "There are none.\n")

    def _ending(self) -> str:
        request = self._request
        lines: list[str] = []
        if request.without:
            lines.append(f"\n{labels.WITHOUT}{self._named(request.without)}.\n")
        if request.unread:
            lines.append(f"\n{labels.UNREAD}{self._named(request.unread)}.\n")
        instructions = "" if request.history and not request.restated else request.instructions
        return "".join(lines) + render_question(request.question, instructions=instructions)

    def _named(self, numbers: Sequence[int]) -> str:
        names = (self._request.names[number] for number in numbers[:MOST_NAMED])
        listed = [f"D{name.number} {quote(' '.join(name.path.split()))}" for name in names]
        more = len(numbers) - len(listed)
        return ", ".join([*listed, f"and {more} more"] if more else listed)

    def _left_out(self, chosen: _Chosen) -> Iterator[str]:
        left = (f for i, f in enumerate(self._request.findings) if i not in chosen.findings)
        markers = dict.fromkeys(citation.marker for finding in left for citation in finding.citations)
        yield from markers

    def _block(self, name: str, stability: Stability, message: int, role: Role, text: str) -> Block:
        return Block(name, stability, message, role, text, self._count(text))


def history_blocks(turns: Sequence[Turn], count: Callable[[str], int]) -> list[Block]:
    """Earlier turns as they were sent."""
    blocks: list[Block] = []
    for i, turn in enumerate(turns):
        asked, answered = (f"turn {i + 1}", 2 * i + 1), (f"answer {i + 1}", 2 * i + 2)
        blocks.append(Block(asked[0], Stability.HISTORY, asked[1], "user", turn.user, count(turn.user)))
        blocks.append(
            Block(answered[0], Stability.HISTORY, answered[1], "assistant", turn.answer, count(turn.answer))
        )
    return blocks


def _words_of(claim: Claim, proven: ProvenAnswer) -> str:
    """A claim without bullet and citations."""
    pieces: list[str] = []
    done = claim.start
    for span in sorted((s for c in proven.citations for s in c.answer_spans), key=lambda span: span.start):
        if done <= span.start < claim.end:
            pieces.append(proven.text[done : span.start])
            done = span.end
    pieces.append(proven.text[done : claim.end])
    words = _BULLET.sub("", "".join(pieces).replace(UNRESOLVED, ""))
    return re.sub(r"\s+([.,;:])", r"\1", " ".join(words.split()))


def _note(finding: Finding) -> str:
    """A line of the merge, in which nothing but its own citations can be taken for a marker."""
    cited = " ".join(_cited(citation) for citation in finding.citations)
    return f"- {quote(finding.text)} {cited}\n"


def _cited(citation: Citation) -> str:
    words = " ".join(citation.quote.split())
    usable = citation.quoted in {"exact", "normalized"} and len(words) <= LONGEST_QUOTE
    return f'[{citation.marker} "{quote(words)}"]' if usable and words else f"[{citation.marker}]"
