"""Where the marks of claims are put."""

from __future__ import annotations

import time

import pytest

from prompts.model import Claim
from service.rendering.signs import Sign, pieces, signed


def claimed(text: str) -> str:
    """What of a claim is marked as such."""
    claim = Claim(0, len(text), substantive=True, supported=True, score=1.0, citations=(), missing=())
    found = list(pieces(signed(text, 0, len(text), [(0, claim)], {})))
    begins, ends = Sign("begins", 0), Sign("ends", 0)
    return "".join(map(str, found[found.index(begins) + 1 : found.index(ends)])) if begins in found else ""


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("The rent", "The rent"),
        ("- **The rent** |\n", "The rent"),
        ("# The rent ##\u3000\n", "The rent"),
        ("```text\nThe rent\n  ```\n", "The rent"),
        ("~~~\nThe rent \n~~~~", "The rent"),
        ("The `rent`", "The `rent`"),
        ("The rent ```", "The rent ```"),
        ("The rent\n`` ", "The rent\n``"),
        ("** | **", ""),
        ("", ""),
    ],
)
def test_what_markdown_must_see_first_and_last_stays_outside(text: str, marked: str) -> None:
    assert claimed(text) == marked


@pytest.mark.parametrize("run", [" ", "|", "_", "*", "~", "`", "#", "\n", "\n```", "\n ", "``` ", "- "])
def test_megabytes_are_looked_through_once(run: str) -> None:
    text = run * (1_000_000 // len(run))
    begun = time.process_time()
    assert claimed(f"The rent{text}is due") == f"The rent{text}is due"
    claimed(text)
    assert time.process_time() - begun < 10
