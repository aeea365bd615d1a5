"""What a sentence denies and what it states.

Each negation has *heads*, the words it denies ("shall not **assign**"), and a *scope*, its clause. English,
Russian and Chinese. Double negation ("not unlawful") is beyond this.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from prompts.checks.denials import (
    ADVERB,
    ANOTHER_CLAUSE,
    ASIDE,
    AUXILIARY,
    BEHIND_ASIDE,
    CHINESE_PREPOSITION,
    CLAUSE_BORDER,
    CUE,
    FINITE,
    FLAWS,
    IF,
    INFINITIVE,
    LIGHT,
    MODAL,
    NESTING,
    NEUTRAL,
    OR,
    PARTICIPLE,
    PREFIXED,
    PREPOSITION,
    PREPOSITIONAL,
    REACH,
    RESTRICTIVE,
    SCOPE_END,
)
from prompts.words import WORD, concept, script_of, stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompts.checks.denials import CueKind
    from prompts.words import Word


@dataclass(frozen=True, slots=True)
class Negation:
    """One denial: what kind of word denies, which words are denied, and what else stands in its clause."""

    kind: CueKind
    heads: frozenset[str]
    scope: frozenset[str]
    nested: bool = False
    """Inside an exception or a condition: it denies nothing of what the sentence states."""
    verb: str = ""
    """What stands before a "no": the "receives" of "receives no share"."""
    around: str = ""
    """In Chinese, the characters about it."""


@dataclass(frozen=True)
class Polarity:
    """What a sentence denies and what it states; words are concepts."""

    text: str
    words: frozenset[str]
    negations: tuple[Negation, ...]
    free: frozenset[str]
    """Words outside the scope of every negation."""
    stated: frozenset[str]
    """Of these, the words outside every exception too."""
    tail: frozenset[str]
    """Words behind an exception: the consent of "without consent"."""
    lacked: frozenset[str]
    """What "without" says is not there: the consent, and not whose it is."""
    exceptions: frozenset[str]
    """The exception words themselves."""

    @cached_property
    def denied(self) -> frozenset[str]:
        """The heads of verbs' negations."""
        return frozenset[str]().union(*(item.heads for item in self.main if item.kind in ("verb", "lexical")))

    @cached_property
    def scope(self) -> frozenset[str]:
        """Every word under a negation."""
        return frozenset[str]().union(*(item.scope for item in self.main))

    @cached_property
    def main(self) -> tuple[Negation, ...]:
        """The negations of what the sentence states, those of its exceptions and conditions left out."""
        return tuple(item for item in self.negations if not item.nested)

    @cached_property
    def is_strong(self) -> bool:
        """Whether a grammatical negation stands here."""
        return any(item.kind in ("verb", "noun") for item in self.main)

    @cached_property
    def is_restrictive(self) -> bool:
        """Whether it holds under a condition only."""
        return bool(self.exceptions or RESTRICTIVE.search(self.text))


def polarity(text: str, words: Sequence[Word], neutral: Iterable[tuple[int, int]] = ()) -> Polarity:
    """Read the negations of a sentence.

    Args:
        text: the sentence.
        words: its content words, with offsets into ``text``.
        neutral: ranges of ``text`` that deny nothing, besides those that are known by themselves.
    """
    blanked = NEUTRAL.sub(lambda found: " " * len(found[0]), text)
    for start, end in neutral:
        blanked = blanked[:start] + " " * (end - start) + blanked[end:]
    negations: list[Negation] = []
    covered: set[int] = set()
    excepted: set[int] = set()
    lacked: set[str] = set()
    tail: set[str] = set()
    exceptions: set[str] = set()
    for cue in CUE.finditer(blanked):
        kind: CueKind = (
            "verb"
            if cue["verb"]
            else "noun"
            if cue["noun"]
            else "exception"
            if cue["exception"]
            else "lexical"
        )
        under = _under(blanked, words, cue.end(), commas=kind in ("exception", "lexical"))
        nested = _is_nested(blanked, cue.start())
        around = blanked[max(cue.start() - 2, 0) : cue.end() + 1] if script_of(cue[0]) == "cjk" else ""
        if kind == "exception":
            exceptions.add(cue[0].lower())
            lacked.update(_lacked(blanked, cue, words, under))
            tail.update(concept(words[place].stem) for place in under)
            excepted.update(under)
        elif under:
            negation = _negation(kind, blanked, cue.end(), words, under)
            before = [word for word in words if word.end <= cue.start()][-1:]
            verb = concept(before[0].stem) if before else ""
            negations.append(replace(negation, nested=nested, verb=verb, around=around))
            covered.update(under)
        else:
            negations.append(Negation(kind, frozenset(), frozenset(), nested=nested, around=around))
    for flaw in FLAWS.finditer(blanked):
        nested = _is_nested(blanked, flaw.start())
        negations.append(Negation("lexical", frozenset(), frozenset(), nested=nested))
    for prefix in PREFIXED.finditer(blanked):
        under = [place for place, word in enumerate(words) if word.start <= prefix.end() < word.end][:1]
        stemmed = _bare(blanked, prefix.end())
        nested = _is_nested(blanked, prefix.start())
        negations.append(Negation("lexical", frozenset({stemmed}), frozenset({stemmed}), nested=nested))
        covered.update(under)
    free = frozenset(concept(word.stem) for place, word in enumerate(words) if place not in covered)
    return Polarity(
        text,
        free | {concept(word.stem) for word in words},
        tuple(negations),
        free,
        frozenset(concept(word.stem) for place, word in enumerate(words) if place not in covered | excepted),
        frozenset(tail),
        frozenset(lacked),
        frozenset(exceptions),
    )


def _bare(text: str, start: int) -> str:
    if script_of(text[start : start + 1]) == "cjk":
        return concept(text[start : start + 2])
    word = WORD.match(text, start)
    return concept(stem(word[0].lower())) if word else ""


def _under(text: str, words: Sequence[Word], start: int, *, commas: bool) -> list[int]:
    """The places of the words that a cue ending at ``start`` governs; an exception only to the next comma."""
    if ASIDE.match(text, start):
        end = re.compile(r"[;.](?=\s|$)").search(text, start)
        limit = min(end.start() if end else len(text), start + 3 * REACH)
        return [place for place, word in enumerate(words) if start <= word.start < limit]
    if ANOTHER_CLAUSE.match(text, start):
        return []
    end = SCOPE_END.search(text, start)
    if end and end[0] == ":":  # what is denied are the items of the list
        end = SCOPE_END.search(text, end.end())
        limit = min(end.start() if end else len(text), start + 2 * REACH)
    else:
        limit = min(end.start() if end else len(text), start + REACH)
    if INFINITIVE.match(text, start) and (finite := FINITE.search(text, start, limit)):
        limit = finite.start()
    comma = text.find(",", start, limit) if commas else -1
    limit = comma if comma >= 0 else limit
    return [place for place, word in enumerate(words) if start <= word.start < limit]


def _negation(kind: CueKind, text: str, start: int, words: Sequence[Word], under: list[int]) -> Negation:
    scope = frozenset(concept(words[place].stem) for place in under)
    if ASIDE.match(text, start):
        behind = next(
            (at for at, place in enumerate(under) if _follows_aside(text, start, words[place])), None
        )
        heads = () if behind is None else _heads(text, words, under[behind:])
        return Negation(kind, frozenset(heads), scope)
    verbs = under
    if kind == "noun" and (modal := MODAL.search(text, start, words[under[-1]].end)):
        verbs = [place for place in under if words[place].start >= modal.end()] or under
    elif CHINESE_PREPOSITION.match(text, start):
        verbs = _behind_object(text, words, under)
    return Negation(kind, frozenset(_heads(text, words, verbs)), scope)


def _follows_aside(text: str, start: int, word: Word) -> bool:
    """Whether a word is the first behind a comma or colon, and neither adverb nor preposition."""
    opens = BEHIND_ASIDE.search(text, start, word.start) is not None
    return opens and word.stem not in PREPOSITIONAL and not ADVERB.fullmatch(text, word.start, word.end)


def _lacked(text: str, cue: re.Match[str], words: Sequence[Word], under: list[int]) -> Iterator[str]:
    if cue[0].lower() not in {"without", "без"}:
        return
    stop = PREPOSITION.search(text, cue.end())
    for place in under:
        if stop is None or words[place].start < stop.start():
            yield concept(words[place].stem)


def _is_nested(text: str, cue: int) -> bool:
    """Whether a denial stands in an exception, an if-clause or a participle: "payments not received"."""
    if PARTICIPLE.match(text, cue) and not AUXILIARY.search(text, max(0, cue - 30), cue):
        return True
    begin = max((border.end() for border in CLAUSE_BORDER.finditer(text, 0, cue)), default=0)
    before = text[begin:cue]
    return bool(NESTING.search(before) or IF.search(before))


def _behind_object(text: str, words: Sequence[Word], under: list[int]) -> list[int]:
    """The verb of 不得将合同转让给第三方, 不得向第三方披露: before 给 or at the end."""
    given = [place for place in under if text[words[place].end : words[place].end + 1] in tuple("给至予")]
    return given[:1] or under[-1:]


def _heads(text: str, words: Sequence[Word], under: list[int]) -> Iterator[str]:
    """The first word that says something, and those joined to it by "or": "not *assign* or *transfer*".

    What stands before it only helps ("not *entitled* to assign").
    """
    for at, place in enumerate(under):
        word = words[place]
        if word.stem not in LIGHT and not ADVERB.fullmatch(text, word.start, word.end):
            yield concept(word.stem)
            for before, after in pairwise(under[at:]):
                if not OR.fullmatch(text, words[before].end, words[after].start):
                    return
                yield concept(words[after].stem)
            return
    yield concept(words[under[-1]].stem)
