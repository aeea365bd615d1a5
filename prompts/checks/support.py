"""How well a claim follows from the text that it cites.

The score is the share of the claim's content words that the cited text holds, as stems, with synonyms of
contract language. Hard facts come on top: every number, amount, date, name and identifier must be there or
follow by unit or format. And nothing may be said otherwise: the sentences that support the claim best must
not say no where it says yes (`polarity`), bound a number the other way (`limits`), have "before" for "after"
(`opposites`), let another party act or own (`actors`), or give the number to something else (`bindings`);
and the claim must not add "only" or "in any case" (`absolutes`). One of these refuses the claim.

A claim in another language than its source shares no words with it. Its facts are still checked, and it
counts as supported by facts that agree or by a quote that was found; whether the translation is right is
beyond this module.

A claim with several citations is judged against all of them together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from prompts.checks.absolutes import overstated
from prompts.checks.actors import misattributed
from prompts.checks.bindings import misbound
from prompts.checks.code import contrary_guard, contrary_order, contrary_switch
from prompts.checks.copying import as_written, is_denied_around, neutral_in_copy
from prompts.checks.facts import ClaimFacts, SourceFacts
from prompts.checks.limits import contrary_limits
from prompts.checks.negations import polarity
from prompts.checks.opposites import contrary_prefix, contrary_words, lacks_condition
from prompts.checks.polarity import contradicts
from prompts.folding import fold
from prompts.words import concept, content_words, script_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompts.checks.negations import Polarity
    from prompts.checks.sources import Evidence, Sentence, Source
    from prompts.words import Script, Word

SUPPORTED = 0.5
"""The least score of a supported claim."""

_CJK_SUPPORTED = 0.4
_REFUSED = 0.49
_NEARNESS = 0.5
"""What of the score is asked of the two nearest sentences, the rest of the whole text."""
_QUOTE_BONUS = 0.15
_FALSE_QUOTE = 0.8
_TRANSLATED_QUOTE = 0.75
_TRANSLATED_FACTS = 0.6
_FACT_WEIGHT = 1.5
_CONDITIONAL_VERBS = re.compile(
    r"\b(?:shall|must|will|required|obligated|obliged|обязан\w*|долж\w+)\b|应|必须", re.IGNORECASE
)
_PERMISSIVE_VERBS = re.compile(r"\b(?:may|can|might|entitled|вправе|может|могут)\b|可以|有权", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Support:
    """The verdict on a claim. ``score`` is at least ``SUPPORTED`` exactly where it is supported."""

    score: float
    missing: tuple[str, ...]

    @property
    def supported(self) -> bool:
        """Whether the cited text holds the claim."""
        return self.score >= SUPPORTED


class Judge:
    """One claim, read at most once, to be held against its sources."""

    def __init__(self, claim: str) -> None:
        self.claim = claim

    @cached_property
    def _folded(self) -> str:
        return fold(self.claim).text.rstrip(" .;。；")

    @cached_property
    def _facts(self) -> ClaimFacts:
        return ClaimFacts(self.claim)

    @cached_property
    def _words(self) -> list[Word]:
        return content_words(self.claim)

    @cached_property
    def _concepts(self) -> frozenset[str]:
        """What the claim's words mean; numbers and their units are weighed as facts instead."""
        return frozenset(concept(word.stem) for word in self._words if not self._facts.holds(word.start))

    @cached_property
    def _script(self) -> Script | None:
        return script_of(self.claim)

    @cached_property
    def _polarity(self) -> Polarity:
        return polarity(self.claim, self._words)

    def judge(self, evidence: Sequence[Evidence]) -> Support:
        """Hold the claim against all the cited texts together."""
        if not evidence:
            return Support(0.0, ("citation",))
        if any(self._repeats(item.source) for item in evidence):
            return Support(1.0, ())
        missing = self._missing(evidence)
        translated = all(self._is_translation_of(item.source) for item in evidence)
        score = self._translated_score(evidence) if translated else self._score(evidence)
        if missing:
            score = min(score * 0.5, _REFUSED)
        elif score < SUPPORTED:
            missing = ["quote" if _has_only_false_quotes(evidence) else "words"]
        return Support(round(score, 3), tuple(missing))

    def _repeats(self, source: Source) -> bool:
        """Whether the claim is a sentence of the source, word for word."""
        return any(self._folded == sentence.folded for sentence in source.sentences if self._folded)

    def best_sentence(self, source: Source) -> Sentence | None:
        """The sentence of the source that shares most with the claim; None where none shares anything."""
        ranked = sorted(source.sentences, key=self._closeness, reverse=True)
        return ranked[0] if ranked and self._closeness(ranked[0]) > 0 else None

    def closeness(self, source: Source, start: int, end: int) -> float:
        """How much the sentences of ``source.text[start:end]`` share with the claim, for comparing places."""
        touched = (sentence for sentence in source.sentences if sentence.start < end and start < sentence.end)
        return max(map(self._closeness, touched), default=0.0)

    def _closeness(self, sentence: Sentence) -> float:
        """Shared words and facts, less a little for length: the shorter of two equals says it better."""
        shared = len(self._concepts & sentence.concepts)
        facts = len(self._facts)
        if facts and (shared or self._script != sentence.script):
            shared += facts - len(self._facts.missing(sentence.facts))
        return shared - 0.001 * len(sentence.concepts) if shared else 0.0

    def _score(self, evidence: Sequence[Evidence]) -> float:
        held = frozenset[str]().union(*(item.source.concepts for item in evidence))
        near = frozenset[str]().union(*(self._nearest(item.source) for item in evidence))
        facts = _FACT_WEIGHT * len(self._facts)
        total = len(self._concepts) + facts
        if not total:
            return 1.0 if any(item.has_quote for item in evidence) else 0.0
        shared = self._concepts & held
        score = ((1 - _NEARNESS) * len(shared) + _NEARNESS * len(self._concepts & near) + facts) / total
        if self._script == "cjk":
            score = min(1.0, score * SUPPORTED / _CJK_SUPPORTED)
        if shared and any(item.has_quote and self._shares_with_quote(item) for item in evidence):
            score += _QUOTE_BONUS
        if _has_only_false_quotes(evidence):
            score *= _FALSE_QUOTE
        return min(1.0, score * self._modal_factor(evidence))

    def _nearest(self, source: Source) -> frozenset[str]:
        """The words of the two sentences that together hold most of the claim."""
        first = max((item.concepts for item in source.sentences), key=self._shared, default=frozenset[str]())
        rest = self._concepts - first
        return first | max(
            (item.concepts for item in source.sentences), key=lambda held: len(held & rest), default=first
        )

    def _shared(self, held: frozenset[str]) -> int:
        return len(self._concepts & held)

    def _translated_score(self, evidence: Sequence[Evidence]) -> float:
        if _has_only_false_quotes(evidence):
            return 0.0
        if any(item.has_quote for item in evidence):
            return _TRANSLATED_QUOTE
        return _TRANSLATED_FACTS if len(self._facts) else 0.0

    def _shares_with_quote(self, item: Evidence) -> bool:
        return any(self._concepts & sentence.concepts for sentence in _quoted_sentences(item))

    def _modal_factor(self, evidence: Sequence[Evidence]) -> float:
        """Less for a duty where the text gives a right, and the reverse: it may be a paraphrase."""
        duty, right = _CONDITIONAL_VERBS.search(self.claim), _PERMISSIVE_VERBS.search(self.claim)
        if bool(duty) is bool(right):
            return 1.0
        text = " ".join(sentence.text for item in evidence for sentence in self._closest(item))
        binds, permits = _CONDITIONAL_VERBS.search(text), _PERMISSIVE_VERBS.search(text)
        if duty:
            return 0.9 if permits and not binds else 1.0
        return 0.95 if binds and not permits else 1.0

    def _is_translation_of(self, source: Source) -> bool:
        """Whether the two are in different scripts and share too little to compare words."""
        if self._script is None or source.script is None or self._script == source.script:
            return False
        return len(self._concepts & source.concepts) * 2 < len(self._concepts)

    def _missing(self, evidence: Sequence[Evidence]) -> list[str]:
        combined = evidence[0].source.facts
        if len(evidence) > 1:
            combined = SourceFacts("\n\n".join(dict.fromkeys(item.source.text for item in evidence)))
        missing = self._facts.missing(combined)
        if all(self._is_translation_of(item.source) for item in evidence):
            return missing + ["negation"] * self._translation_denies(evidence)
        texts = [item.source.text for item in evidence]
        if all(item.source.is_code for item in evidence):
            return missing + ["negation"] * all(_contradicts_code(self.claim, text) for text in texts)
        closest = [sentence for item in evidence for sentence in self._closest(item)]
        compared = [sentence for sentence in closest if self._concepts & sentence.concepts]
        return missing + self._contradicted(compared, texts) if compared else missing

    def _contradicted(self, compared: Sequence[Sentence], texts: Sequence[str]) -> list[str]:
        """What the sentences that the claim rests on say otherwise; ``texts`` are all that it cites."""
        near = [sentence.text for sentence in compared]
        everything = "\n\n".join(dict.fromkeys(texts))
        denied = all(self._is_contradicted_by(sentence) for sentence in compared)
        wrong = ["negation"] * denied
        wrong += ["limit"] * contrary_limits(self.claim, near)
        wrong += ["opposite"] * self._says_the_opposite(compared)
        if misattributed(self.claim, near, everything):
            wrong += misattributed(as_written(self.claim, everything), near, everything)
        wrong += misbound(self.claim, texts)
        if not denied:
            wrong += [f"word {word}" for word in overstated(self.claim, " ".join(near), everything)]
        return wrong

    def _is_contradicted_by(self, sentence: Sentence) -> bool:
        """Whether one of the two says no; words that are copied deny what they deny in the sentence."""
        if not contradicts(self._polarity, sentence.polarity) or not is_denied_around(self.claim, sentence):
            return False
        neutral = tuple(neutral_in_copy(self.claim, sentence.text))
        return not neutral or contradicts(polarity(self.claim, self._words, neutral), sentence.polarity)

    def _says_the_opposite(self, compared: Sequence[Sentence]) -> bool:
        """Whether a word of the claim excludes the one that stands in its place in the source."""
        if contrary_words(self.claim, [sentence.text for sentence in compared]):
            return True
        if self._polarity.is_strong:
            return False
        if all(lacks_condition(self.claim, sentence.text) for sentence in compared):
            return True
        plain = [s.text for s in compared if not (s.polarity.is_strong or s.polarity.exceptions)]
        return len(plain) == len(compared) and contrary_prefix(self.claim, " ".join(plain))

    def _closest(self, item: Evidence) -> list[Sentence]:
        """The sentences that the claim rests on: those it quotes, and those that share as much with it."""
        quoted = _quoted_sentences(item)
        shares = {id(sentence): len(self._concepts & sentence.concepts) for sentence in item.source.sentences}
        best = max(shares.values(), default=0)
        if quoted and max(shares[id(sentence)] for sentence in quoted) * 2 >= best:
            return quoted
        return [sentence for sentence in item.source.sentences if shares[id(sentence)] >= 0.85 * best]

    def _translation_denies(self, evidence: Sequence[Evidence]) -> bool:
        """Whether exactly one of claim and quoted sentence holds any word of denial or restriction."""
        quoted = [sentence.polarity for item in evidence for sentence in _quoted_sentences(item)]
        if not quoted:
            return False
        if self._polarity.is_strong:
            return not any(item.negations or item.exceptions or item.is_restrictive for item in quoted)
        soft = bool(self._polarity.negations) or self._polarity.is_restrictive
        return all(item.is_strong for item in quoted) and not soft


def _contradicts_code(claim: str, source: str) -> bool:
    return any(check(claim, source) for check in (contrary_switch, contrary_guard, contrary_order))


def _has_only_false_quotes(evidence: Sequence[Evidence]) -> bool:
    """Whether words were quoted that are not there, and none that are."""
    return any(item.quoted == "not_found" for item in evidence) and not any(
        item.has_quote for item in evidence
    )


def _quoted_sentences(item: Evidence) -> list[Sentence]:
    if not item.has_quote:
        return []
    return [
        sentence
        for sentence in item.source.sentences
        if sentence.start < item.end and item.start < sentence.end
    ]
