"""The parties of a contract in running text: roles, and names that stand with a capital."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from prompts.checks.names import PLACES, is_term
from prompts.words import TEXTS, remembered

_ROLES = (
    "supplier vendor provider seller contractor manufacturer поставщик исполнитель подрядчик продавец"
    "|customer client buyer purchaser заказчик покупатель клиент|licensor лицензиар|licensee лицензиат"
    "|lessor landlord арендодатель|lessee tenant арендатор|employer работодатель|employee executive работник"
    "|lender займодавец|borrower заемщик|franchisor|franchisee|distributor reseller|recipient|discloser"
    "|insurer страховщик|insured страхователь|банк|перевозчик|агент|принципал|доверитель|поверенный|хранитель"
    "|assignor|assignee|consultant|agent|principal|owner|operator|sponsor|shipper|carrier|company|guarantor"
)
_COUNTERPARTS = (
    "supplier customer|licensor licensee|lessor lessee|employer employee|lender borrower"
    "|insurer insured|franchisor franchisee|discloser recipient|assignor assignee|shipper carrier"
    "|distributor supplier"
)
_SIDES = {
    "receiving": "recipient",
    "disclosing": "discloser",
    "получающая": "recipient",
    "раскрывающая": "discloser",
}
_EVERYONE = frozenset({"either", "each", "both"})
GENERIC = frozenset("party parties сторона стороны".split())
"""Who is meant stands elsewhere."""
SOMEONE = "someone"
"""A party, the parties, the other one: whoever that may be."""
ANYONE = "anyone"
"""Either party, each party, both: compatible with whichever party acts."""
_ROLE_OF = {word: group.split()[0] for group in _ROLES.split("|") for word in group.split()}
_RUSSIAN_ROLES = tuple(word for word in _ROLE_OF if not word.isascii())
_LONGEST_ENDING = 2
_OPPOSITE = frozenset(frozenset(pair.split()) for pair in _COUNTERPARTS.split("|"))

_WORD = r"[\w&.]*\w"
_TOKEN = re.compile(rf"[^\W\d_]{_WORD}|[^\W\d_]|['’]s\b|(?<=s)['’](?!\w)|[,;:()]|[.!?](?=\s|$)|\n\s*\n")
_CAPITALISED = rf"(?:[A-ZА-ЯЁ]|[a-z](?=[A-Z])){_WORD}"
_SIGNED = re.compile(r"/s/", re.IGNORECASE)
"""A conformed signature: neither an S nor what anybody has."""
_NAME = re.compile(rf"\b{_CAPITALISED}")
_ACTING = re.compile(
    rf"\b({_CAPITALISED})\s*(?:,[^,;.]{{1,80}},)?\s*(?:shall|will|may|must|agrees)\s+(?!be\b|not\s+be\b)"
)
_OPENS_SENTENCE = re.compile(r"(?:^|[.:;!?\n(]\s*|[-–—•*]\s+|\*)$")
_POSSESSIVE = frozenset({"'s", "’s", "'", "’"})


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a mark of a text, and the party that it names."""

    text: str
    lower: str
    party: str = ""
    possessive: bool = False
    nominative: bool = True
    """False for a Russian role in another case than a subject has."""
    agentive: bool = False
    """A Russian role in the case of whoever did it."""


def are_counterparts(one: str, other: str) -> bool:
    """Whether two roles face each other in a contract, as licensor and licensee do."""
    return frozenset((one, other)) in _OPPOSITE


def shared_names(claim: str, source: str) -> frozenset[str]:
    """Names of parties, in small letters.

    Words with a capital in both texts, inside a sentence of one, that are no roles, places or terms; and
    those that do something in the source.
    """
    if claim.upper() == claim:
        return frozenset()
    (ours, ours_inside), (theirs, theirs_inside) = _names_in(claim), _names_in(source)
    return (ours & theirs & (ours_inside | theirs_inside)) | (_acting(source) & theirs)


@lru_cache(maxsize=TEXTS)
def _acting(text: str) -> frozenset[str]:
    """Words with a capital before "shall" or the like."""
    return frozenset(match[1].lower() for match in _ACTING.finditer(text))


@lru_cache(maxsize=TEXTS)
def _names_in(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Words that have a capital wherever they stand, and those of them that do not only begin sentences."""
    lowered = {match[0] for match in re.finditer(rf"\b[a-zа-яё]{_WORD}", text)}
    found: set[str] = set()
    inside: set[str] = set()
    for match in _NAME.finditer(text):
        lower = match[0].lower()
        if match[0].isupper() or not (lower in lowered or is_term(match[0]) or lower in PLACES):
            found.add(lower)
            if not _OPENS_SENTENCE.search(text[max(0, match.start() - 4) : match.start()]):
                inside.add(lower)
    return frozenset(found), frozenset(inside)


@lru_cache(maxsize=TEXTS)
def tokens(text: str, names: frozenset[str]) -> tuple[Token, ...]:
    """The words and marks of a text; a possessive "'s" and the second word of a name are not their own."""
    found: list[Token] = []
    for match in _TOKEN.finditer(_SIGNED.sub(";", text)):
        token = _token(match[0], names, found[-1].lower if found else "")
        last = found[-1] if found else None
        if token.lower in _POSSESSIVE:
            if last and last.party:
                found[-1] = replace(last, possessive=True)
        elif last and last.lower == "party" and len(token.text) == 1 and token.text.isupper():
            side = f"party {token.lower}"  # Party A
            found[-1] = Token(side, side, side)
        elif not (last and _goes_on(last, token)):
            found.append(token)
    return tuple(found)


def _goes_on(last: Token, token: Token) -> bool:
    """Whether a word is the second one of a name."""
    both = last.party and token.party and last.text[0].isupper() and token.text[0].isupper()
    return bool(both) and not (last.possessive or token.lower in _ROLE_OF or last.lower in _ROLE_OF)


def _token(written: str, names: frozenset[str], before: str) -> Token:
    token = _known_token(written)
    if token.lower in GENERIC:
        return replace(token, party=_SIDES.get(before) or (ANYONE if before in _EVERYONE else SOMEONE))
    named = not token.party and token.lower in names and not written.islower()
    return replace(token, party=token.lower) if named else token


@remembered
def _known_token(written: str) -> Token:
    """A word by itself, with the role that it names."""
    lower = written.lower()
    role = _ROLE_OF.get(lower) or (lower.isascii() and _ROLE_OF.get(lower.removesuffix("s")))
    if role:
        return Token(written, lower, role)
    for known in _RUSSIAN_ROLES if not lower.isascii() else ():
        if lower.startswith(known.rstrip("ь")) and len(lower) - len(known) <= _LONGEST_ENDING:
            agentive = lower.endswith(("ом", "ем"))
            return Token(written, lower, _ROLE_OF[known], nominative=lower == known, agentive=agentive)
    return Token(written, lower)
