"""A claim that gives a deed, a duty or a thing to another party than its source is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompts.checks.chinese_clauses import swapped_parties
from prompts.checks.deeds import read_deeds
from prompts.checks.parties import ANYONE, SOMEONE, are_counterparts, shared_names, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from prompts.checks.deeds import Deeds

_OTHER = (("duty", "right"), ("right", "duty"))


def misattributed(claim: str, near: Sequence[str], everything: str) -> list[str]:
    """``role supplier`` for what the source gives to other parties only, ``duty`` for what is a right there.

    Args:
        claim: the words of the claim.
        near: the sentences of the source that it rests on.
        everything: all of the cited text, for deeds that those sentences do not tell of.
    """
    names = shared_names(claim, everything)
    said = read_deeds(claim, names)
    beside, anywhere = read_deeds("\n\n".join(near), names), read_deeds(everything, names)
    parties = {token.party for token in tokens(everything, names) if token.party}
    lost = [
        *_swapped(said.acts, beside.acts, anywhere.acts, parties),
        *_swapped(said.owns, beside.owns, anywhere.owns, parties),
        *swapped_parties(claim, near),
    ]
    return [*dict.fromkeys(f"role {party}" for party in lost), *_other_modes(said, beside)]


def _swapped(
    said: Mapping[str, set[str]],
    beside: Mapping[str, set[str]],
    anywhere: Mapping[str, set[str]],
    parties: AbstractSet[str],
) -> Iterator[str]:
    for deed, doers in said.items():
        others = beside.get(deed) or anywhere.get(deed) or set[str]()
        yield from (party for party in sorted(doers) if _is_swapped(party, others, parties))


def _is_swapped(party: str, doers: AbstractSet[str], parties: AbstractSet[str]) -> bool:
    """Whether only others do it, and the source knows this party or its counterpart."""
    if not doers or party in doers or not doers.isdisjoint({ANYONE, SOMEONE}) or party == SOMEONE:
        return False
    if party == ANYONE:
        return len(doers) == 1
    return party in parties or any(are_counterparts(party, other) for other in doers)


def _other_modes(said: Deeds, beside: Deeds) -> list[str]:
    return list(
        dict.fromkeys(
            mode
            for deed, modes in said.modes.items()
            for mode, other in _OTHER
            if modes == {mode} and beside.modes.get(deed) == {other}
        )
    )
