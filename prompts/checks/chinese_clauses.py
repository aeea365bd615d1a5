"""Chinese parties by their place in a clause: 甲方向乙方支付 and 乙方向甲方支付 do not say the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PARTY = re.compile(
    r"(?P<before>未经|须经|向|对|由|被|经|与|给|为|将|把|通知|授权|要求|允许|许可)?"
    r"(?P<party>[甲乙丙丁]方|供应商|供方|需方|客户|买方|卖方|出租方|承租方|出租人|承租人|被许可方|许可方|委托方|受托方"
    r"|发包方|承包方|转让方|受让方|接收方|披露方|贷款人|借款人)"
)
_CLAUSE = re.compile(r"[，。；：！？\n]+")
_AGENT = frozenset({"由", "被"})
"""Before whoever acts, as where nothing stands before."""


def swapped_parties(claim: str, sentences: Sequence[str]) -> Iterator[str]:
    """The parties of a claim that have another's place in the clause of the source that is most like it."""
    sources = [(clause, _places(clause)) for sentence in sentences for clause in _CLAUSE.split(sentence)]
    sources = [(clause, places) for clause, places in sources if places]
    for clause in _CLAUSE.split(claim):
        ours, rest = _places(clause), _pairs(clause)
        shared = [len(rest & _pairs(other)) for other, _ in sources]
        if not ours or not any(shared):
            continue
        best = [places for count, (_, places) in zip(shared, sources, strict=True) if count == max(shared)]
        for place, party in ours.items():
            there = {places[place] for places in best if place in places}
            if there and party not in there:
                yield party


def _places(clause: str) -> dict[str, str]:
    """Each party by what stands before it."""
    places: dict[str, str] = {}
    for match in _PARTY.finditer(clause):
        before = match["before"] or ""
        places.setdefault("" if before in _AGENT else before.lstrip("未须"), match["party"])
    return places


def _pairs(clause: str) -> set[str]:
    """Its neighbouring characters, the parties left out."""
    text = _PARTY.sub("", clause)
    return {text[at : at + 2] for at in range(len(text) - 1)}
