"""What a collection was fed from: of a folder of projects, contracts and manuals, the folders in it.

Programs tell each other's words apart badly: two projects hold the same ones. But a whole project has a
language of its own, and a question is asked in one of them (naive Bayes over the sample of a scope; in the
search of several collections such a choice is known as resource selection: Callan, 1995). Prose of another
source is no comment on a program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from ingest.model import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ingest.background import Background
    from ingest.model import Hit

NONE = 0
"""The source of what lies in no folder."""
_BITS = 32
SEEN = 0.25
"""Of the documents so many must have been drawn: among fewer the manifest of a repository may be missing."""
PROGRAMS = 0.1
"""A source whose points are programs to this share is a project."""
PRIOR = 1_000.0
"""Points of a source that are taken to hold a term as often as all do: a sample of few tells little."""
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


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of a scope, told from a sample; none at all where there is but one."""

    projects: tuple[int, ...] = ()
    """Sources that hold programs."""
    several: bool = False
    """Whether there is more than one source."""
    texts: bool = False
    """Whether one of them holds no programs."""
    of_points: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """The source of each point that was drawn, as a place in ``projects``; behind them, of no project."""

    @classmethod
    def of(cls, points: Sequence[Hit], documents: Sequence[Hit], total: int) -> Sources:
        """From points and documents that were drawn, of ``total`` documents.

        Where a program, or data, lies in no folder the folders are parts of one project: a repository has its
        manifest beside ``src`` and ``tests``. Texts in no folder are one source more.
        """
        known = {hit.source for hit in documents} | {hit.source for hit in points}
        beside = {hit.role for hit in documents if hit.source == NONE}
        apart = beside <= {Role.PROSE} if len(documents) >= total else not beside
        if not apart or len(known) < 2 or len(documents) < SEEN * total:  # noqa: PLR2004
            return cls()
        sources, places = np.unique([hit.source for hit in points], return_inverse=True)
        programs = [hit.role in {Role.SOURCE, Role.TEST} for hit in points]
        shares = np.bincount(places, weights=programs) / np.bincount(places)
        chosen = np.flatnonzero(shares >= PROGRAMS)
        numbers = np.full(len(sources), len(chosen))
        numbers[chosen] = np.arange(len(chosen))
        projects, texts = tuple(sources[chosen].tolist()), len(chosen) < len(sources)
        return cls(projects, several=True, texts=texts, of_points=numbers[places])

    def standing(self, asked: Mapping[int, float], background: Background) -> dict[int, float]:
        """What the scores of each project are multiplied by, for how well it speaks the question's words.

        Args:
            asked: terms with their weights.
            background: of the points that were drawn.
        """
        if not self.projects:
            return {}
        drawn = np.bincount(self.of_points, minlength=len(self.projects) + 1)
        likely = np.zeros(len(drawn))
        for term, weight in asked.items():
            rows = background.holders.holding(term)
            if len(rows):
                held = np.bincount(self.of_points[rows], minlength=len(drawn))
                usual = len(rows) / len(self.of_points)
                likely += weight * np.log((held + PRIOR * usual) / (drawn + PRIOR) / usual)
        of_projects = likely[: len(self.projects)]
        behind = of_projects - of_projects.max()
        shares = np.maximum(LEAST, np.exp(np.minimum(behind + DOUBT, 0.0) / SOFTNESS))
        return dict(zip(self.projects, shares.tolist(), strict=True))
