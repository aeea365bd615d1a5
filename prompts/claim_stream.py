"""The claims of an answer while it arrives: each is given once no later text can change it."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from prompts.blocks import BlockReader
from prompts.claims import SETTLED, claims_of, read_claim, words_of
from prompts.sentences import BORDER, CITATION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompts.blocks import Block
    from prompts.claims import Extent, Statement

LONG = 2_000
"""Characters of sentences that go on which are read again as soon as there is more of them."""
_RARER = 32
"""Longer ones are read again when they have grown by this part: what never ends costs no more per word."""


class ClaimStream:
    """Reads the text that people see, with each citation masked: what is shown of it is no word."""

    def __init__(self) -> None:
        self._masked = ""
        self._reader = BlockReader()
        self._open = 0
        """Where the text begins that is still to be read."""
        self._again = 0
        """Characters of the open part that were read as sentences, and have to be read again."""
        self._is_unsure = False
        """Whether the open part must be read again: it was cut, or its last line has no word yet."""
        self._has_word = False
        """Whether the last line has a word as far as it was seen."""
        self._has_border = False
        """Whether a sentence may have ended in the last line as far as it was seen."""
        self._seen = 0
        self._done = 0
        """Where the last claim ends that was given."""
        self._current = ""
        self._told = 0
        """How much there was when the current claim was last asked for."""
        self._is_cited = False
        """Whether a citation stood at the end of that, but for blanks."""
        self._asked = 0
        """Characters that were read for it: where they are many, only its last ones are from now on."""

    def feed(self, piece: str) -> Iterator[Statement]:
        """Take more words; give the claims that are certain now."""
        self._masked += piece.replace(CITATION, " ")
        fresh = len(self._masked) - self._seen
        if (fresh >= SETTLED or "\n" in piece) and fresh * _RARER >= self._again - LONG:
            begins_line = self._look()
            if begins_line or self._is_unsure or self._has_border:
                yield from self._settle(final=False)

    def cite(self, shown: str) -> None:
        """A citation stands here, shown as this."""
        self._masked += CITATION * len(shown)

    def finish(self) -> Iterator[Statement]:
        """The text is over: the last claims."""
        return self._settle(final=True)

    def current(self) -> str:
        """The words of the claim that the next citation belongs to, as far as they are written."""
        new = self._masked[self._told :].rstrip(" \n")
        if new.strip(CITATION + " \n") or not self._is_cited:  # citations behind one add no word
            self._current = self._read_current()
        self._told = len(self._masked)
        self._is_cited = new.endswith(CITATION) or (self._is_cited and not new)
        return self._current

    def _read_current(self) -> str:
        blocks = self._reader.split_blocks(self._masked)
        if not blocks:
            return ""
        block = blocks[-1]
        if self._asked > _RARER * len(self._masked):
            block = replace(block, start=max(block.start, block.end - LONG))
        self._asked += block.end - block.start
        extents = list(claims_of(self._masked, block))
        return words_of(self._masked, extents[-1]) if extents else ""

    def words(self, start: int, end: int) -> str:
        """A range of the text, without its citations."""
        return self._masked[start:end].replace(CITATION, "")

    def _look(self) -> bool:
        """See what is new; whether it begins a line. Without that or a border, no sentence has ended."""
        new = self._masked[self._seen :]
        self._seen = len(self._masked)
        _, begins_line, line = new.rpartition("\n")
        if begins_line:
            self._has_word = self._has_border = False
        self._has_word |= any(map(str.isalnum, line))
        self._has_border |= BORDER.search(line) is not None
        return bool(begins_line)

    def _settle(self, *, final: bool) -> Iterator[Statement]:
        """The claims that no later text can change."""
        text, opened, done = self._masked, self._open, self._done
        blocks = self._reader.split_blocks(text)
        extents = [extent for block in blocks for extent in claims_of(text, block)]
        for extent, following in zip_longest(extents, extents[1:]):
            if extent.start < done:
                continue
            if not (final or (following and _is_settled(text, extent, following))):
                break
            statement = read_claim(text, extent)
            self._done = statement.end
            yield statement
        self._close(blocks, extents)
        open_blocks = [block for block in blocks if block.end > self._open and block.kind != "code"]
        self._again = sum(block.end - max(block.start, self._open) for block in open_blocks)
        self._is_unsure = self._open > opened or not self._has_word

    def _close(self, blocks: Sequence[Block], extents: Sequence[Extent]) -> None:
        """Forget what is given and nothing later can change: long answers cost no more per word."""
        done = self._done
        closed = [block for block in blocks if block.start <= done]
        if not closed:
            return
        block = closed[-1]
        self._open = block.start
        self._reader.forget(block.start)
        following = next((extent.start for extent in extents if extent.start >= done), None)
        inside = following is not None and block.start < done and self._masked.find("\n", done, following) < 0
        if inside and following is not None and block.kind in ("paragraph", "item"):
            self._open = following
            self._reader.forget(following, "paragraph")


def _is_settled(text: str, extent: Extent, following: Extent) -> bool:
    """Whether the border between two claims is certain: enough of the second one's line is known."""
    if text.find("\n", following.start) >= 0:
        return True
    apart = text.find("\n", extent.end, following.start) >= 0
    return not apart and len(text) - following.start >= SETTLED
