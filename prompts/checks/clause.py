"""A clause as its tokens, and what the places around one of them tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompts.checks.grammar import (
    ARTICLES,
    BY_WITHIN,
    FUNCTION_WORDS,
    LEADS_TO,
    NO_VERBS,
    PREPOSITIONS,
    STARTS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompts.checks.parties import Token


@dataclass(frozen=True, slots=True)
class Clause:
    """``at`` and ``place`` are always the places of tokens in it."""

    tokens: Sequence[Token]

    def lower(self, at: int) -> str:
        """The token in small letters; empty outside the clause."""
        return self.tokens[at].lower if 0 <= at < len(self.tokens) else ""

    def before(self, at: int) -> str:
        """The word before a party, its articles left out."""
        place = at - 1
        while place >= 0 and self.tokens[place].lower in {*ARTICLES, "other"}:
            place -= 1
        return self.lower(place)

    def is_second_of_two(self, at: int) -> bool:
        """Whether a party is the second one of "between the buyer and the seller"."""
        first = next(
            (place for place in reversed(range(max(at - 4, 0), at)) if self.tokens[place].party), None
        )
        return first is not None and self.before(first) in {"between", "among"}

    def doer_behind(self, at: int) -> str:
        """The buyer of "orders issued by the buyer"."""
        place = at + 1
        if self.lower(place) != "by":
            return ""
        place += 2 if self.lower(place + 1) in ARTICLES else 1
        return self.tokens[place].party if place < len(self.tokens) else ""

    def doer_within(self, at: int) -> str:
        """The party that "by" names a little behind a passive, in the same phrase."""
        for place in range(at + 1, min(at + BY_WITHIN, len(self.tokens))):
            token = self.tokens[place]
            if token.party and self.before(place) == "by":
                return token.party
            if token.text in {",", "("}:
                return ""
        return ""

    def is_noun(self, at: int) -> bool:
        """Whether a word behind a party is neither its verb nor the beginning of something else."""
        word = self.lower(at)
        if not word.isascii() or not word.isalpha() or word in FUNCTION_WORDS or self.is_finite(at):
            return False
        return not self.tokens[at].party and self.tokens[at].text.islower()

    def is_finite(self, at: int) -> bool:
        """Whether a word has the ending of a verb in the third person."""
        word = self.lower(at)
        if not word or word in NO_VERBS or word in LEADS_TO or not self.tokens[at].text[0].islower():
            return False
        if not word.isascii():
            return word.endswith(("ет", "ит", "ют", "ят", "ся"))
        return len(word) > len("its") and word.endswith("s") and not word.endswith("ss")

    def is_part_of_name(self, at: int) -> bool:
        """Whether other words with a capital stand around a name: the List of "WatchGuard Price List"."""
        if self.tokens[at].party != self.tokens[at].lower:
            return False
        around = [self.tokens[place] for place in (at - 1, at + 1) if 0 <= place < len(self.tokens)]
        return any(
            token.text[0].isupper() and not token.party and token.lower not in FUNCTION_WORDS | ARTICLES
            for token in around
        )

    def has_other_subject(self, at: int) -> bool:
        """Whether something that is no party does what follows: "…, the licence shall terminate"."""
        walked = False
        for place in range(at - 1, -1, -1):
            token = self.tokens[place]
            if token.party and self.before(place) not in PREPOSITIONS:
                return False
            article = token.lower in ARTICLES
            if article and self.lower(place - 1) not in PREPOSITIONS:
                return walked
            if token.lower in {"and", "or"}:
                return False
            if not token.text[0].isalpha() or token.lower in STARTS:
                return walked
            walked = walked or not (token.party or article or token.lower in PREPOSITIONS)
        return walked


def clauses(read: Iterable[Token]) -> Iterator[Clause]:
    """The tokens between one mark that ends a clause and the next."""
    clause: list[Token] = []
    for token in read:
        if token.text[0] in ";:.!?\n":
            yield Clause(clause)
            clause = []
        else:
            clause.append(token)
    yield Clause(clause)
