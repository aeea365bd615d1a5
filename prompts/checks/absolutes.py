"""Words that widen or narrow a claim beyond its source: in every case, to anyone, only, automatically.

They add a fact without a number or a name, so the words around them agree with the source.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompts.patterns import Pattern
from prompts.words import at_words

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALWAYS = Pattern(
    r"\b(?:in\s+(?:every|all|any)\s+(?:cases?|circumstances?|events?)|under\s+(?:any"
    r"|all)\s+circumstances|even\s+(?:if|where|when|with)"
    r"|regardless|irrespective|no\s+matter|without\s+exception|for\s+any\s+reason|for\s+no\s+reason"
    r"|unconditional(?:ly)?"
    r"|always|whatsoever)\b|\bв\s+любом\s+случае|\bдаже\s+(?:если|при|с)\b|\bнезависимо\b"
    r"|\bво\s+всех\s+случаях|\bбез\s+исключени\w+"
    r"|无论|不论|任何情况下|即使|一律",
    re.IGNORECASE,
)
_ALWAYS_SOURCE = Pattern(
    _ALWAYS.pattern
    + r"|\b(?:at\s+any\s+time|any\s+reason|without\s+cause|sole\s+(?:and\s+absolute\s+)?discretion"
    r"|whether\s+or\s+not|notwithstanding|in\s+no\s+event"
    r"|never|no\s+circumstances?|any\s+event|without\s+regard|convenience)\b|по\s+своему\s+усмотрению"
    r"|в\s+любое\s+время|随时|自行决定",
    re.IGNORECASE,
)
_CONDITION = Pattern(
    r"\b(?:unless|except|provided|without|if|only|upon|subject\s+to|other\s+than|until|to\s+the\s+extent"
    r"|not\s+unreasonably|unreasonably"
    r"|reasonabl[ey])\b|\b(?:если|кроме|за\s+исключением|при\s+условии|только|без)\b|除非|除|如果|如|若|仅|未经|须经",
    re.IGNORECASE,
)
_ONLY = Pattern(
    r"\b(?:only|solely|exclusively)\b|\b(?:только|лишь|исключительно)\b|仅|只有|只能|唯一", re.IGNORECASE
)
_ONLY_SOURCE = Pattern(
    _ONLY.pattern
    + r"|\b(?:sole|exclusive|alone|no\s+other|none|nothing|limited|restricted|unless|except|other\s+than"
    r"|without|not|no|neither"
    r"|nor|until|prohibit\w*|maximum|up\s+to|provided|subject\s+to|if|upon|at\s+least|minimum|may|must"
    r"|shall)\b|не|нет|ни|без|кроме|если|不|未|无|除|限",
    re.IGNORECASE,
)
_ANYONE = Pattern(
    at_words(
        r"\b(?:to|with|by)\s+(?:anyone|anybody|any\s+(?:person|third\s+part(?:y|ies)))\b|\banyone\s+(?:may"
        r"|can)\b"
    ),
    re.IGNORECASE,
)
_ANYONE_SOURCE = Pattern(
    r"\b(?:anyone|anybody|any\s+(?:\w+\s+)?(?:person|part(?:y|ies)|other))\b|\bthird\s+part", re.IGNORECASE
)
_ONLY_ONE = Pattern(
    at_words(
        r"\bonly\s+(?:the\s+|one\s+)?[\w’']+\s+(?:party\s+)?(?:may|can|shall|must|has|is)\b"
        r"|только\s+\w+\s+(?:вправе|может|имеет)|(?:只有|仅)\w{1,5}(?:有权|可|能)"
    ),
    re.IGNORECASE,
)
_ANY_PARTY = Pattern(
    r"\b(?:either|both|each|any)\s+part(?:y|ies)\b|\b(?:кажд|люб)\w+\s+(?:из\s+)?сторон\w*|任何一方|任意一方|双方|各方",
    re.IGNORECASE,
)
_NO_CONSENT = Pattern(
    at_words(
        r"\b(?:no|not|without)\b[^.;]{0,40}\b(?:consent|approval|permission)\b[^.;]{0,30}\b(?:required"
        r"|needed|necessary)\b"
        r"|\bwithout\s+(?:\w+\s+){0,3}(?:consent|approval|permission)\b|\bбез\s+(?:\w+\s+){0,3}(?:согласи"
        r"|одобрени|разрешени)\w+"
        r"|(?:无需|不需|不必|无须)[^，。]{0,12}(?:同意|许可|批准)|可以?(?:不经|未经)[^，。]{0,12}(?:同意|许可|批准)"
    ),
    re.IGNORECASE,
)
_FORBIDS = Pattern(
    r"\b(?:not|neither|no|never|nor|cannot|prohibited|unless|only)\b|n['’]t\b|\b(?:не|нельзя|только)\b"
    r"|不得|不能|不可|禁止",
    re.IGNORECASE,
)
_NEEDS_CONSENT = Pattern(
    r"\b(?:not|neither|no|nor|never)\b[^.;]{0,250}\bwithout\b[^.;]{0,80}\b(?:consent|approval|permission)\b"
    r"|\b(?:subject\s+to|requires?|conditional\s+(?:up)?on)\b[^.;]{0,60}\b(?:consent|approval"
    r"|permission)\b|\bonly\s+with\b[^.;]{0,60}\b(?:consent|approval|permission)\b"
    r"|\bне\s[^.;]{0,200}\bбез\s[^.;]{0,60}(?:согласи|одобрени|разрешени)\w+|未经[^。]{0,30}(?:同意|许可|批准)",
    re.IGNORECASE,
)
_DENIAL = Pattern(r"\b(?:not|no|never|не)\b|不", re.IGNORECASE)
_AUTOMATIC = Pattern(at_words(r"\bautomatic(?:ally)?\b|\bавтоматическ\w+|自动"), re.IGNORECASE)
_BY_CHOICE = Pattern(
    r"\bmay\s+(?:be\s+)?(?:renew|extend)|\bmutual(?:ly)?\b|\boption\b|\belect\w*"
    r"|\bby\s+(?:written\s+)?agreement\b|\brequest\b"
    r"|\bпо\s+соглашению|\bвправе\s+продлить|协商|经双方",
    re.IGNORECASE,
)
_SPOKEN = Pattern(
    at_words(r"\b(?:oral(?:ly)?|verbal(?:ly)?|by\s+(?:tele)?phone)\b|\bустн\w+|口头"), re.IGNORECASE
)
_WRITTEN = Pattern(r"\b(?:writing|written|signed)\b|\bписьменн\w+|书面", re.IGNORECASE)


def overstated(claim: str, near: str, everything: str) -> Iterator[str]:
    """The words of a claim that go beyond its source.

    Args:
        claim: the words of the claim.
        near: the sentences that it rests on.
        everything: all of the cited text.
    """
    if (found := _ALWAYS.search(claim)) and _CONDITION.search(near) and not _ALWAYS_SOURCE.search(near):
        yield found[0]
    if (found := _ONLY.search(claim)) and not _ONLY_SOURCE.search(near):
        yield found[0]
    if (found := _ONLY_ONE.search(claim)) and _ANY_PARTY.search(near):
        yield found[0]
    found = _NO_CONSENT.search(claim)
    if found and not _FORBIDS.search(claim.replace(found[0], "")) and _NEEDS_CONSENT.search(near):
        yield found[0]
    if (
        (found := _ANYONE.search(claim))
        and not (_CONDITION.search(claim) or _DENIAL.search(claim))
        and _ONLY.search(near)
        and not _ANYONE_SOURCE.search(near)
    ):
        yield found[0]
    if (found := _AUTOMATIC.search(claim)) and _BY_CHOICE.search(near) and not _AUTOMATIC.search(everything):
        yield found[0]
    if (found := _SPOKEN.search(claim)) and _WRITTEN.search(near) and not _SPOKEN.search(everything):
        yield found[0]
