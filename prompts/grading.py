"""How far an answer says what was expected of it, told without a model.

Tokens are compared as `prompts.values` has them, in English, Russian and Chinese. An expected answer that
stands in the answer word for word is right. Otherwise the F1 of their tokens tells how near the answer comes,
as in SQuAD (Rajpurkar et al., 2016): of its nearest sentence or of the whole, because an answer with its
conditions is no worse for them. One that lacks an expected date or number, or denies what is expected, is
wrong however many words it shares.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompts.checks.sources import Evidence, Source
from prompts.checks.support import Judge
from prompts.refusals import is_refusal
from prompts.sentences import sentence_spans
from prompts.typed_values import is_absent, read_value
from prompts.values import tokens
from prompts.words import content_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompts.values import Token

_CONTRARY = frozenset({"negation", "opposite", "limit"})
"""What the proof calls it when two sentences exclude each other."""
_LEAST_STATEMENT = 2
"""Content words; of fewer, what is denied around them belongs to something else."""
_REACH = 4
"""Tokens behind a word of denial that it is likely about."""
_VERDICTS = frozenset("yes no да нет 是 是的 有 可以 否 不是 没有 不可以".split())
_EDGES = " \t\n.,!。，！"
_ABSENT = re.compile(
    r"(?:is |are )?(?:not (?:in|found in|stated in|answered by)) (?:the |these )?documents?"
    r"|(?:в документах нет|нет в документах|в документах не указано)"
    r"|(?:文件|文档|资料)(?:中|里)?(?:没有|未提及|未说明)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Grade:
    """What an answer has of the accepted answer that it is nearest to."""

    contained: bool
    """The expected words stand in it, one after another."""
    f1: float
    contrary: bool = False
    """A value is missing, or the answer says the opposite."""

    @property
    def correctness(self) -> float:
        """From 0 to 1."""
        if self.contrary:
            return 0.0
        return 1.0 if self.contained else self.f1


def expects_nothing(expected: str) -> bool:
    """Whether an expected answer is that the documents do not answer, as in "not in the documents"."""
    return bool(_ABSENT.fullmatch(expected.strip(_EDGES))) or is_absent(expected)


def abstains(said: str, substantive: Sequence[bool]) -> bool:
    """Whether an answer says that the documents do not answer, and states nothing else.

    Args:
        said: the answer without its citations.
        substantive: of each claim that the proof found in it.
    """
    if is_absent(said):
        return True
    refuses = any(is_refusal(said[start:end]) for start, end in sentence_spans(said))
    return refuses and not any(substantive)


def grade(said: str, accepted: Sequence[str]) -> Grade | None:
    """Compare an answer without its citations with what would be right.

    None where yes or no is expected and nothing else, and the answer begins with neither: whether its
    sentences come to one of them cannot be told here.
    """
    grades = [one for expected in accepted if (one := _grade(said, expected)) is not None]
    return max(grades, key=lambda one: (one.correctness, one.f1), default=None)


def _grade(said: str, expected: str) -> Grade | None:
    wanted, given = read_value(expected, "yes/no").verdict, read_value(said, "yes/no").verdict
    mine = tokens(expected)
    if expected.strip(_EDGES).lower() in _VERDICTS:
        return None if given is None else Grade(wanted == given, float(wanted == given))
    if not mine:
        return Grade(expected.strip() in said, float(expected.strip() in said))
    whole = tokens(said)
    opposite = wanted is not None and given is not None and wanted != given
    places = _places(whole, mine)
    # The words themselves may stand in a sentence that denies something else.
    denied = not places or all(_is_denied(whole, place) for place in places)
    return Grade(
        contained=bool(places),
        f1=max(_f1(mine, whole), *(_f1(mine, tokens(part)) for part in _sentences(said))),
        contrary=opposite or _lacks_value(whole, mine) or (denied and _contradicts(said, expected)),
    )


def _sentences(said: str) -> list[str]:
    return [said[start:end] for start, end in sentence_spans(said)] or [said]


def _places(whole: Sequence[Token], part: Sequence[Token]) -> list[int]:
    """Where the part begins in the whole."""
    return [
        start
        for start in range(len(whole) - len(part) + 1)
        if all(wanted.same(given) for wanted, given in zip(part, whole[start:], strict=False))
    ]


def _is_denied(whole: Sequence[Token], place: int) -> bool:
    return any(token.denies for token in whole[max(0, place - _REACH) : place])


def _lacks_value(whole: Sequence[Token], part: Sequence[Token]) -> bool:
    return any(token.is_value and not any(map(token.same, whole)) for token in part)


def _f1(wanted: Sequence[Token], given: Sequence[Token]) -> float:
    """Of the two as bags."""
    left = list(given)
    for token in wanted:
        match = next((place for place, other in enumerate(left) if token.same(other)), None)
        if match is not None:
            del left[match]
    shared = len(given) - len(left)
    return 2 * shared / (len(wanted) + len(given)) if shared else 0.0


def _contradicts(said: str, expected: str) -> bool:
    """Whether the answer, as a text to prove the expected one by, says otherwise."""
    if len(content_words(expected)) < _LEAST_STATEMENT:
        return False
    verdict = Judge(expected).judge([Evidence(Source(said), "unquoted", 0, 0)])
    return not _CONTRARY.isdisjoint(verdict.missing)
