"""What a collection was fed from: of a folder of projects, contracts and manuals, the folders in it.

Programs tell each other's words apart badly: two projects hold the same ones. But a whole project has a
language of its own, and a question is asked in one of them (naive Bayes over the words of its documents; in
the search of several collections such a choice is known as resource selection: Callan, 1995). Prose of
another source is no comment on a program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from ingest.fields import Field, in_field
from ingest.model import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ingest.background import Holders
    from ingest.model import Hit
    from ingest.store.contract import SparseVector

NONE = 0
"""The source of what lies in no folder."""
_BITS = 32
SEEN = 0.25
"""Of the documents so many must have been drawn: among fewer the manifest of a repository may be missing."""
PROGRAMS = 0.1
"""A source whose points are programs to this share is a project."""
PRIOR = 20.0
"""Documents of a project that are taken to speak as all projects do: a few documents tell little."""
DOUBT = 3.0
"""Two projects often speak alike: one that is e⁻³ as likely as the best one loses nothing."""
SOFTNESS = 3.0
"""Beyond that e⁻³ leaves e⁻¹ of its scores, were it not for `LEAST`."""
LEAST = 0.6
"""Of its scores, however unlikely a project is."""


def source_of(path: str) -> int:
    """A number for the outermost folder of a path, `NONE` where there is none."""
    parts = PurePosixPath(path).parts
    if len(parts) < 2:  # noqa: PLR2004 — a folder and what lies in it
        return NONE
    return int.from_bytes(blake2b(parts[0].encode(), digest_size=_BITS // 8).digest()) or 1


def _no_numbers() -> NDArray[np.int64]:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of a scope, told from a sample; none at all where there is but one."""

    projects: tuple[int, ...] = ()
    """Sources that hold programs."""
    several: bool = False
    """Whether there is more than one source."""
    texts: bool = False
    """Whether one of them holds no programs."""
    of_documents: NDArray[np.int64] = field(default_factory=_no_numbers)
    """The source of each document that was drawn, as a place in ``projects``; behind them, of no project."""
    terms: NDArray[np.int64] = field(default_factory=_no_numbers)
    """How many terms the documents of each project hold that were drawn: each once a document and field."""

    @classmethod
    def of(cls, points: Sequence[Hit], documents: Sequence[tuple[Hit, SparseVector]], total: int) -> Sources:
        """From points and documents that were drawn, of ``total`` documents.

        Where a program, or data, lies in no folder the folders are parts of one project: a repository has its
        manifest beside ``src`` and ``tests``. Texts in no folder are one source more.
        """
        known = {hit.source for hit, _ in documents} | {hit.source for hit in points}
        beside = {hit.role for hit, _ in documents if hit.source == NONE}
        apart = beside <= {Role.PROSE} if len(documents) >= total else not beside
        if not apart or len(known) < 2 or len(documents) < SEEN * total:  # noqa: PLR2004
            return cls()
        sources, places = np.unique([hit.source for hit in points], return_inverse=True)
        programs = [hit.role in {Role.SOURCE, Role.TEST} for hit in points]
        shares = np.bincount(places, weights=programs) / np.bincount(places)
        projects: list[int] = sources[shares >= PROGRAMS].tolist()
        numbers = {project: number for number, project in enumerate(projects)}
        of_documents = np.asarray([numbers.get(hit.source, len(numbers)) for hit, _ in documents], np.int64)
        terms = np.zeros(len(numbers) + 1, np.int64)
        np.add.at(terms, of_documents, [len(vector.indices) for _, vector in documents])
        texts = len(projects) < len(sources)
        return cls(tuple(projects), several=True, texts=texts, of_documents=of_documents, terms=terms[:-1])

    def standing(self, asked: Mapping[int, float], holders: Holders) -> dict[int, float]:
        """What the scores of each project are multiplied by, for how well it speaks the question's words.

        How many of its documents hold a word would tell how long they are, too; so a word is seen against all
        that the documents hold.

        Args:
            asked: terms with their weights.
            holders: of the documents that were drawn.
        """
        if not self.projects:
            return {}
        count = len(self.projects)
        likely = np.zeros(count)
        added = PRIOR * self.terms.sum() / max(np.count_nonzero(self.of_documents < count), 1)
        for term, weight in zip(in_field([*asked], Field.WHOLE).tolist(), asked.values(), strict=True):
            of = self.of_documents[holders.holding(term)]
            held = np.bincount(of, minlength=count + 1)[:count]
            if held.any():
                usual = held.sum() / self.terms.sum()
                likely += weight * np.log((held + added * usual) / (self.terms + added) / usual)
        shares = np.maximum(LEAST, np.exp(np.minimum(likely - likely.max() + DOUBT, 0.0) / SOFTNESS))
        return dict(zip(self.projects, shares.tolist(), strict=True))
