"""Does a claim say yes where its source says no?

A claim contradicts its source when it denies a word that the source states freely, or states a word that
the source denies. An exception turns both around: "not … without consent" is "… with consent".
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from prompts.checks.denials import (
    BEFORE,
    CONDITION,
    DENIALS,
    FREE_NOT_TO,
    INSIDE,
    MODAL,
    TOKEN,
    USED_WITHIN,
)
from prompts.words import concept, content_words

if TYPE_CHECKING:
    from prompts.checks.negations import Polarity


def contradicts(claim: Polarity, source: Polarity) -> bool:
    """Whether the claim cannot be read out of the source sentence because one of them says no."""
    if FREE_NOT_TO.search(claim.text) and FREE_NOT_TO.search(source.text):
        return False
    return (
        _denies_what_is_stated(claim, source)
        or _states_what_is_denied(claim, source)
        or _differs_by_denial(claim, source)
    )


def _denies_what_is_stated(claim: Polarity, source: Polarity) -> bool:
    if not claim.is_strong:
        return False
    if not (source.negations or source.is_restrictive):
        return not all(item.around and item.around in source.text for item in claim.main)
    if claim.exceptions and source.is_restrictive and not (claim.exceptions & source.exceptions):
        return False
    without = source.exceptions & {"without", "без"}
    excepted = source.tail if claim.exceptions or claim.is_restrictive or without else frozenset[str]()
    for negation in claim.main:
        if negation.kind not in ("verb", "noun") or negation.scope & (source.scope | excepted):
            continue
        if negation.around and negation.around in source.text:
            continue
        if negation.heads & (source.free - source.scope):
            return True
    return False


def _states_what_is_denied(claim: Polarity, source: Polarity) -> bool:
    free = claim.free - claim.scope
    turned = (source.denied & free) - source.stated
    if not claim.negations and claim.exceptions & source.exceptions:
        turned |= (frozenset[str]().union(*(item.heads for item in source.main)) & free) - source.stated
    if not claim.negations and not turned:
        turned = _under_nouns(source) & free - source.free
    if not (claim.negations or claim.exceptions or source.is_strong):
        turned |= (source.lacked & free) - source.stated
    # "receives no share" for "shall not receive a share"
    turned -= {item.verb for item in claim.main if item.kind == "noun" and item.scope & source.scope}
    if not (turned or claim.negations or claim.is_restrictive) and source.is_strong:
        shared = claim.words & source.words
        turned = shared if shared <= source.scope | _before_negation(source) else turned
    if not turned:
        return False
    return not (source.is_strong and _uses_exception(claim, source))


def _under_nouns(source: Polarity) -> frozenset[str]:
    """The heads of "no", "neither" and their like."""
    return frozenset[str]().union(*(item.heads for item in source.main if item.kind == "noun"))


def _differs_by_denial(claim: Polarity, source: Polarity) -> bool:
    """Whether the same words stand here with a "not" between them, and there without."""
    ours, theirs = _Neighbours(claim.text), _Neighbours(source.text)
    if (ours.split - theirs.split) & theirs.joined:
        return not (claim.exceptions and source.is_restrictive and not claim.exceptions & source.exceptions)
    return bool((theirs.split - ours.split) & ours.joined - theirs.joined) and not _uses_exception(
        claim, source
    )


class _Neighbours:
    """Which words follow one another directly, and which with a denial between them."""

    def __init__(self, text: str) -> None:
        tokens = TOKEN.findall(text.lower())
        self.joined = set(pairwise(tokens))
        self.split = {
            (before, after)
            for before, denial, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
            if denial in DENIALS
        }


def _before_negation(source: Polarity) -> frozenset[str]:
    """Words of a sentence that is one clause, and negated: its subject belongs to the denial."""
    return (
        source.free
        if len(source.main) == len(source.negations) == 1
        and not re.search(r"[;；，]|,\s|\b(?:and|but|и|но)\b", source.text)
        and not INSIDE.search(source.text)
        else frozenset()
    )


def _uses_exception(claim: Polarity, source: Polarity) -> bool:
    """Whether the claim states the exception of the source: "with consent" for "not … without consent"."""
    if claim.exceptions & source.exceptions or ("until" in source.exceptions and BEFORE.search(claim.text)):
        return False
    if MODAL.search(claim.text) is None:  # a label: "Notice: 20 days"
        return bool(claim.words & source.tail)
    return _states_condition(claim, source.tail)


def _states_condition(claim: Polarity, words: frozenset[str]) -> bool:
    """Whether the claim has any of these words behind a "with", "upon" or "if"."""
    return any(
        concept(word.stem) in words
        and CONDITION.search(claim.text, max(0, word.start - USED_WITHIN), word.start + 1) is not None
        for word in content_words(claim.text)
    )
