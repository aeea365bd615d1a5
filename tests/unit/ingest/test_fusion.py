"""Reciprocal rank fusion."""

from __future__ import annotations

import pytest

from ingest.fusion import fuse
from ingest.model import Hit


def hit(document: int) -> Hit:
    return Hit(document, 0, 0, 1, 1, 1, 9.0)


def test_ranks_are_weighed_and_summed() -> None:
    fused = fuse([([hit(1), hit(2)], 1.0), ([hit(2), hit(3)], 0.5)])
    assert [h.document for h in fused] == [2, 1, 3]
    assert fused[0].score == pytest.approx(1 / 62 + 0.5 / 61)


def test_ties_are_broken_by_place() -> None:
    assert [h.document for h in fuse([([hit(5)], 1.0), ([hit(4)], 1.0)])] == [4, 5]
