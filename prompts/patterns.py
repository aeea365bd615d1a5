"""Regular expressions that are compiled when they are first used.

Those of the checks are many and long: compiled at import, they took a tenth of the time in which any command
starts, and most commands prove nothing.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Found = Callable[..., re.Match[str] | None]


class Pattern:
    """What ``re.compile`` makes of the same arguments, later; each method costs as much as there."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern = pattern
        self.flags = flags

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The expression itself."""
        return re.compile(self.pattern, self.flags)

    @cached_property
    def search(self) -> Found:
        """See ``re.Pattern.search``."""
        return self.compiled.search

    @cached_property
    def match(self) -> Found:
        """See ``re.Pattern.match``."""
        return self.compiled.match

    @cached_property
    def fullmatch(self) -> Found:
        """See ``re.Pattern.fullmatch``."""
        return self.compiled.fullmatch

    @cached_property
    def finditer(self) -> Callable[..., Iterator[re.Match[str]]]:
        """See ``re.Pattern.finditer``."""
        return self.compiled.finditer

    @cached_property
    def findall(self) -> Callable[..., list[Any]]:
        """See ``re.Pattern.findall``."""
        return self.compiled.findall

    @cached_property
    def sub(self) -> Callable[[str | Callable[[re.Match[str]], str], str], str]:
        """See ``re.Pattern.sub``."""
        return self.compiled.sub
