"""What of a question is searched for, how much each term of it counts, and which files it is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ingest.fields import in_field
from ingest.model import Role
from ingest.store.contract import SparseVector

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ingest.fields import Field
    from ingest.terms import Analyzer

FADING = 0.4
"""Weight of an earlier turn of the user, for each turn back."""
FENCED = 0.3
"""Weight of a term that stands in a block of code or output only: it shows a case, it is not the question."""
TURNS = 4
"""Earlier turns of the user that a follow-up is searched with."""
_ASKED = {
    Role.TEST: re.compile(
        r"\b(?:tests?|tested|testing|fixtures?|specs?)\b|\btest_\w|\w_test\b|\bтест|测试", re.IGNORECASE
    ),
    Role.PROSE: re.compile(
        r"\b(?:docs?|documentation|documented|manual|readme|changelog)\b|\bдокументаци|文档", re.IGNORECASE
    ),
    Role.EXAMPLE: re.compile(r"\b(?:examples?|samples?|demo|tutorials?)\b|\bпример|示例", re.IGNORECASE),
    Role.DATA: re.compile(
        r"\b(?:config(?:uration)? files?|settings file|workflow|ya?ml|toml|json)\b", re.IGNORECASE
    ),
}
_FENCE = re.compile(r"^(```|~~~).*?(?:^\1|\Z)", re.MULTILINE | re.DOTALL)


def asked_terms(analyzer: Analyzer, text: str) -> dict[int, float]:
    """Term ids with their weights; a term counts once, however often it is said."""
    shown = " ".join(fence.group() for fence in _FENCE.finditer(text))
    said = _FENCE.sub(" ", text) if shown else text
    weights = dict.fromkeys(analyzer.question_terms(shown), FENCED) if shown else {}
    return weights | dict.fromkeys(analyzer.question_terms(said), 1.0)


def faded(turns: Iterable[Mapping[int, float]]) -> dict[int, float]:
    """What the user's turns ask, the latest first, at a weight that fades with each and adds up.

    "And the second one?" searches for what it refers to.
    """
    weights: dict[int, float] = {}
    for back, terms in enumerate(turns):
        for term, weight in terms.items():
            weights[term] = weights.get(term, 0.0) + FADING**back * weight
    return weights


def question_vector(*fields: tuple[Mapping[int, float], Field, float]) -> SparseVector:
    """Terms with their weights, asked of each field at a weight of its own."""
    indices = np.concatenate([in_field(list(terms), field) for terms, field, _ in fields])
    values = np.concatenate([np.fromiter(terms.values(), np.float64) * weight for terms, _, weight in fields])
    distinct, inverse = np.unique(indices, return_inverse=True)
    added = np.bincount(inverse, weights=values, minlength=len(distinct))
    return SparseVector(distinct.astype(np.uint32), added.astype(np.float32))


def asked_roles(question: str) -> frozenset[Role]:
    """The roles of files that a question is about."""
    return frozenset(role for role, words in _ASKED.items() if words.search(question))
