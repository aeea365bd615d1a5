"""Who does what in a text, whether it is a duty or a right, and whose a thing is.

No parser: the tokens of a clause are read once from left to right. A party acts where a verb follows it as
its subject, or where "by" names it after a passive; it owns what stands behind its "'s", or before "of".
English, and Russian by the cases of its roles.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from prompts.checks.clause import clauses
from prompts.checks.grammar import (
    ADVERBS,
    ARTICLES,
    BE,
    BURDENED,
    DENIALS,
    DUTIES,
    GIVING,
    HAVE,
    IRREGULAR,
    LEADS_TO,
    LIGHT_VERBS,
    LONGEST_ASIDE,
    LONGEST_OBJECT,
    MODALS,
    NO_VERBS,
    NOBODY,
    PREPOSITIONS,
    RIGHTS,
    ROOT,
    STARTS,
)
from prompts.checks.parties import tokens
from prompts.words import TEXTS, concept, stem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prompts.checks.clause import Clause

Mode = Literal["duty", "right", ""]


@dataclass(slots=True)
class Deeds:
    """Parties by verb, modes by verb, owners by noun; verbs and nouns are concepts.

    What is denied goes under ``not`` and the verb: who must not assign need not be who may.
    """

    acts: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    modes: defaultdict[str, set[Mode]] = field(default_factory=lambda: defaultdict(set))
    owns: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@lru_cache(maxsize=TEXTS)
def read_deeds(text: str, names: frozenset[str]) -> Deeds:
    """The deeds of a text; ``names`` are the parties' names in small letters."""
    deeds = Deeds()
    for clause in clauses(tokens(text, names)):
        _Reader(clause, deeds).read()
    return deeds


class _Reader:
    """One clause while it is read; ``at`` is always the place of a token in it."""

    def __init__(self, clause: Clause, deeds: Deeds) -> None:
        self._clause = clause
        self._deeds = deeds
        self._subject: set[str] = set()
        self._mode: Mode = ""
        self._denied = False
        self._nobody = False
        """Whether "neither" or "no" stands before the verb that is still to come."""
        self._led = False
        """Whether the next infinitive is what the subject does."""
        self._gives = False
        """Whether the last verb gave its object something to do."""

    def read(self) -> None:
        at = 0
        while at < len(self._clause.tokens):
            at = self._party(at) if self._clause.tokens[at].party else self._word(at)

    def _word(self, at: int) -> int:
        """A token that is no party; returns where to go on."""
        lower = self._clause.tokens[at].lower
        if lower in MODALS:
            return self._modal(at)
        if lower in BE:
            self._mode = ""
            self._begin_verb()
            return self._passive(at + 1)
        if lower in HAVE:
            return self._possession(at + 1)
        if lower == "to" and self._led:
            self._led = False
            return self._verbs(self._skip(at + 1))
        if lower.endswith("ed") and (doer := self._clause.doer_behind(at)):
            self._do(lower, {doer})
        elif lower in LEADS_TO:
            self._led, self._mode = True, _mode_of(lower)
        elif lower in STARTS:
            self._led = False
        self._denied = self._denied or lower in DENIALS
        self._nobody = self._nobody or lower in NOBODY
        return at + 1

    def _begin_verb(self) -> None:
        """What was denied before is over; what "neither" opened comes now."""
        self._denied, self._nobody = self._nobody, False

    def _party(self, at: int) -> int:
        """A party: the owner of something, the object of a preposition, or the next subject."""
        token, before = self._clause.tokens[at], self._clause.before(at)
        if token.possessive:
            self._own(token.party, at + 1)
        elif before == "of":
            self._own_before(token.party, at)
        elif token.agentive:
            self._do_before(token.party, at)
        elif before in PREPOSITIONS or not token.nominative:
            if self._gives and before == "to":
                self._receive(token.party)
        else:
            return self._subject_or_attribute(at, joined=before in {"and", "or"})
        return at + 1

    def _subject_or_attribute(self, at: int, *, joined: bool) -> int:
        party, following = self._clause.tokens[at].party, self._skip(at + 1)
        if self._clause.is_part_of_name(at) or (joined and self._clause.is_second_of_two(at)):
            return at + 1
        if self._clause.is_noun(following):
            self._own(party, following)  # the Licensor consent
            return following
        beside = next(
            (token.party for token in reversed(self._clause.tokens[max(at - 3, 0) : at]) if token.party), ""
        )
        self._subject = {*self._subject, party} if joined and beside in self._subject else {party}
        self._led = False
        return self._verbs(following) if self._clause.is_finite(following) else at + 1

    def _modal(self, at: int) -> int:
        lower = self._clause.tokens[at].lower
        self._mode = _mode_of(lower)
        self._begin_verb()
        if self._clause.has_other_subject(at):
            self._subject = set()
        self._led = lower in LEADS_TO
        if self._led:
            return at + 1
        following = self._skip(at + 1)
        word = self._clause.lower(following)
        if word in BE:
            return self._passive(following + 1)
        return following + 1 if word in HAVE else self._verbs(following)

    def _passive(self, at: int) -> int:
        """``is paid by X``: X acts; ``is entitled to``: the subject will."""
        at = self._skip(at)
        word = self._clause.lower(at)
        if word in BURDENED and not self._denied:
            self._deeds.acts[_deed(word)].update(self._subject)
        if word in LEADS_TO:
            self._led, self._mode = True, _mode_of(word)
        elif word.endswith(("ed", "en")) or word in IRREGULAR:
            self._deeds.modes[_deed(word)].add("" if self._denied else self._mode)
            if doer := self._clause.doer_within(at):
                self._do(word, {doer})
        return at + 1

    def _verbs(self, at: int) -> int:
        """A verb of the subject, with those that are joined to it."""
        while at < len(self._clause.tokens):
            token = self._clause.tokens[at]
            if token.party or token.lower in NO_VERBS or not token.text[0].isalpha():
                return at
            self._do(token.lower, self._subject)
            self._deeds.modes[_deed(token.lower)].add("" if self._denied else self._mode)
            following = at + 1
            while self._clause.lower(following) in {",", "and", "or"}:
                following += 1
            if following == at + 1:
                return self._object(following)
            at = following
        return at

    def _object(self, at: int) -> int:
        """A party right behind its verb is the verb's object, no subject."""
        place = at
        while self._clause.lower(place) in {*ARTICLES, "other", "to"}:
            place += 1
        if place >= len(self._clause.tokens) or not self._clause.tokens[place].party:
            return at
        token = self._clause.tokens[place]
        if token.possessive:
            self._own(token.party, place + 1)
        elif self._gives:
            self._receive(token.party)
        return place + 1

    def _receive(self, party: str) -> None:
        self._subject, self._gives, self._led = {party}, False, True

    def _possession(self, at: int) -> int:
        """``has the first right``: what stands behind is the subject's."""
        at = self._skip(at)
        while self._clause.lower(at) in ARTICLES:
            at += 1
        for party in self._subject if not self._denied else ():
            self._own(party, at)
        return at

    def _own(self, party: str, at: int) -> None:
        for token in self._clause.tokens[at : at + LONGEST_OBJECT]:
            if token.party or token.lower in NO_VERBS or not token.text[0].isalpha():
                return
            self._deeds.owns[concept(stem(token.lower))].add(party)

    def _own_before(self, party: str, at: int) -> None:
        """``the liability of X``."""
        while at >= 0 and self._clause.tokens[at].lower != "of":
            at -= 1
        if at > 0 and self._clause.tokens[at - 1].text[0].isalpha() and not self._clause.tokens[at - 1].party:
            self._deeds.owns[concept(stem(self._clause.tokens[at - 1].lower))].add(party)

    def _do(self, verb: str, parties: Iterable[str]) -> None:
        base = IRREGULAR.get(verb, verb)
        self._gives = stem(base) in GIVING
        if base not in LIGHT_VERBS:
            self._deeds.acts[("not " if self._denied else "") + _deed(verb)].update(parties)

    def _do_before(self, party: str, at: int) -> None:
        """Оплачивается Заказчиком: the verb stands before."""
        for token in reversed(self._clause.tokens[max(at - 3, 0) : at]):
            if token.lower.endswith(("ется", "ится", "ены", "ено", "ена")):
                self._deeds.acts[_deed(token.lower)].add(party)
                return

    def _skip(self, at: int) -> int:
        """Past adverbs, what stands in brackets, and asides between commas."""
        while at < len(self._clause.tokens):
            token = self._clause.tokens[at]
            self._denied = self._denied or token.lower in DENIALS
            if token.lower in ADVERBS or (token.lower.endswith(("ly", "но")) and not token.party):
                at += 1
            elif token.text in {"(", ","}:
                at = self._aside(at)
            else:
                return at
        return at

    def _aside(self, at: int) -> int:
        closing = ")" if self._clause.tokens[at].text == "(" else ","
        reach = range(at + 1, min(at + LONGEST_ASIDE, len(self._clause.tokens)))
        end = next((place for place in reach if self._clause.tokens[place].text == closing), at)
        for place in range(at + 1, end):
            token = self._clause.tokens[place]
            if token.possessive:
                self._own(token.party, place + 1)
            elif token.party and self._clause.before(place) == "of":
                self._own_before(token.party, place)
        return end + 1


def _deed(verb: str) -> str:
    meaning = concept(stem(IRREGULAR.get(verb, verb)))
    return meaning if verb.isascii() or meaning[0] == "=" else meaning[:ROOT]


def _mode_of(word: str) -> Mode:
    return "duty" if word in DUTIES else "right" if word in RIGHTS else ""
