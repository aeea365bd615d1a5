"""A claim that gives a deed, a duty or a thing to another party than its source is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompts.checks.chinese_clauses import swapped_parties
from prompts.checks.deeds import read_deeds
from prompts.checks.parties import ANYONE, SOMEONE, are_counterparts, shared_names, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
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
    said, source = read_deeds(claim, names), _Told("\n\n".join(near), everything, names)
    lost = [
        *_swapped(said.acts, source, lambda deeds: deeds.acts),
        *_swapped(said.owns, source, lambda deeds: deeds.owns),
        *swapped_parties(claim, near),
    ]
    return [*dict.fromkeys(f"role {party}" for party in lost), *_other_modes(said, source)]


class _Told:
    """Who does what in a source; read as far as the claim asks."""

    def __init__(self, near: str, everything: str, names: frozenset[str]) -> None:
        self._near = near
        self._everything = everything
        self._names = names

    @property
    def beside(self) -> Deeds:
        """In the sentences that the claim rests on."""
        return read_deeds(self._near, self._names)

    @property
    def anywhere(self) -> Deeds:
        """In all of the cited text."""
        return read_deeds(self._everything, self._names)

    @property
    def parties(self) -> AbstractSet[str]:
        """All that it names."""
        return {token.party for token in tokens(self._everything, self._names) if token.party}


def _swapped(
    said: Mapping[str, set[str]], source: _Told, kind: Callable[[Deeds], Mapping[str, set[str]]]
) -> Iterator[str]:
    for deed, parties in said.items():
        if parties:
            others = kind(source.beside).get(deed) or kind(source.anywhere).get(deed) or set[str]()
            yield from (party for party in sorted(parties) if _is_swapped(party, others, source))


def _is_swapped(party: str, doers: AbstractSet[str], source: _Told) -> bool:
    """Whether only others do it, and the source knows this party or its counterpart."""
    if not doers or party in doers or not doers.isdisjoint({ANYONE, SOMEONE}) or party == SOMEONE:
        return False
    if party == ANYONE:
        return len(doers) == 1
    return any(are_counterparts(party, other) for other in doers) or party in source.parties


def _other_modes(said: Deeds, source: _Told) -> list[str]:
    return list(
        dict.fromkeys(
            mode
            for deed, modes in said.modes.items()
            for mode, other in _OTHER
            if modes == {mode} and source.beside.modes.get(deed) == {other}
        )
    )
