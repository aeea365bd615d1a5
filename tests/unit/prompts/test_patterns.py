from __future__ import annotations

import re

import pytest

from prompts.patterns import Pattern

TEXT = "No fee is due; no FEE is owed, and none is paid."
PATTERNS = [r"no\s+fee", r"\bn(one|o)\b", r"(?P<what>fee|paid)\W+(\w+)", r".*", r"absent"]


@pytest.mark.parametrize("flags", [0, re.IGNORECASE])
@pytest.mark.parametrize("written", PATTERNS)
def test_it_finds_what_the_compiled_one_finds(written: str, flags: int) -> None:
    late, early = Pattern(written, flags), re.compile(written, flags)
    for _ in range(2):
        for name in ("search", "match", "fullmatch"):
            assert str(getattr(late, name)(TEXT)) == str(getattr(early, name)(TEXT))
            assert str(getattr(late, name)(TEXT, 4, 30)) == str(getattr(early, name)(TEXT, 4, 30))
        assert [*map(str, late.finditer(TEXT))] == [*map(str, early.finditer(TEXT))]
        assert late.findall(TEXT) == early.findall(TEXT)
        assert late.sub(lambda found: f"<{found[0]}>", TEXT) == early.sub(lambda found: f"<{found[0]}>", TEXT)


def test_nothing_is_compiled_before_it_is_used() -> None:
    broken = Pattern("(")
    with pytest.raises(re.error):
        broken.search(TEXT)
