"""Who does what: a claim that lets the customer pay where the text lets the supplier pay is wrong.

Only the plain pattern is read, "<role> shall|may|must|will [not] <verb>", with the roles that contracts use.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompts.words import concept, stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROLES = (
    "supplier vendor provider seller contractor manufacturer|customer client buyer purchaser|licensor"
    "|licensee|lessor landlord"
    "|lessee tenant|employer|employee executive|lender|borrower|franchisor|franchisee"
    "|distributor reseller|recipient|discloser"
    "|assignor|assignee|consultant|agent|principal|owner|operator"
    "|исполнитель поставщик подрядчик продавец|заказчик покупатель клиент|лицензиар|лицензиат"
    "|арендодатель|арендатор|работодатель|работник"
)
_ROLE_OF = {stem(word): number for number, group in enumerate(_ROLES.split("|")) for word in group.split()}
_ROLE = "|".join(sorted((word for word in re.split(r"[ |]", _ROLES)), key=len, reverse=True))
_ACTION = re.compile(
    rf"\b(?P<role>{_ROLE})[аыуе]?(?:['’]s\b)?(?P<gap>(?:\s*,[^,.;]{{1,60}},)?)\s+(?P<modal>shall|may"
    rf"|must|will|can|agrees\s+to|is\s+(?:required|obligated|entitled)\s+to|обязан[аы]?|вправе|должен"
    rf"|должна|обязуется|может)\s+"
    r"(?:(?:not|also|only|promptly|immediately|then|hereby|at\s+its\s+own\s+expense|незамедлительно"
    r"|не)\s+)*(?P<verb>[a-zа-яё]+)",
    re.IGNORECASE,
)
_ANY_ROLE = re.compile(rf"\b(?:{_ROLE})\w{{0,2}}\b", re.IGNORECASE)


def swapped(claim: str, sentences: Sequence[str]) -> list[str]:
    """``role supplier`` where the text gives the action to other roles only, though it names this one."""
    lost: list[str] = []
    said = [action for text in sentences for action in _actions(text)]
    named = {_ROLE_OF.get(stem(match[0].lower())) for text in sentences for match in _ANY_ROLE.finditer(text)}
    for role, verb, written in _actions(claim):
        actors = {other for other, same, _ in said if same == verb}
        if actors and role not in actors and role in named:
            lost.append(f"role {written.lower()}")
    return lost


def _actions(text: str) -> Iterator[tuple[int, str, str]]:
    for match in _ACTION.finditer(text):
        verb = concept(stem(match["verb"].lower()))
        if match["verb"].lower() != "be":
            yield _ROLE_OF[stem(match["role"].lower())], verb, match["role"]
