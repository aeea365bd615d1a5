"""The claims of an answer while it arrives: each is given once no later text can change it."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from prompts.claims import SETTLED, claims_of, read_claim, split_blocks, words_of
from prompts.sentences import BORDER, CITATION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompts.claims import Block, BlockKind, Extent, Statement


class ClaimStream:
    """Reads the text that people see, with each citation masked: what is shown of it is no word."""

    def __init__(self) -> None:
        self._masked = ""
        self._open = 0
        """Where the text begins that is still to be read."""
        self._first: BlockKind | None = None
        """The kind of the block that the open part begins inside of."""
        self._is_unsure = False
        """Whether the open part must be read again: it was cut, or its last line has no word yet."""
        self._seen = 0
        self._done = 0
        """Where the last claim ends that was given."""

    def feed(self, piece: str) -> Iterator[Statement]:
        """Take more words; give the claims that are certain now."""
        self._masked += piece.replace(CITATION, " ")
        if len(self._masked) - self._seen >= SETTLED or "\n" in piece:
            self._seen = len(self._masked)
            if "\n" in piece or self._is_unsure or self._has_border():
                yield from self._settle(final=False)

    def cite(self, shown: str) -> None:
        """A citation stands here, shown as this."""
        self._masked += CITATION * len(shown)

    def finish(self) -> Iterator[Statement]:
        """The text is over: the last claims."""
        return self._settle(final=True)

    def current(self) -> str:
        """The words of the claim that the next citation belongs to, as far as they are written."""
        tail = self._masked[self._open :]
        blocks = split_blocks(tail, self._first)
        extents = list(claims_of(tail, blocks[-1])) if blocks else []
        return words_of(tail, extents[-1]) if extents else ""

    def words(self, start: int, end: int) -> str:
        """A range of the text, without its citations."""
        return self._masked[start:end].replace(CITATION, "")

    def _has_border(self) -> bool:
        """Whether a sentence may have ended in the last line; else nothing is settled since that began."""
        return BORDER.search(self._masked, self._masked.rfind("\n") + 1) is not None

    def _settle(self, *, final: bool) -> Iterator[Statement]:
        """The claims that no later text can change."""
        opened, done, tail = self._open, self._done, self._masked[self._open :]
        blocks = split_blocks(tail, self._first)
        extents = [extent for block in blocks for extent in claims_of(tail, block)]
        for extent, following in zip_longest(extents, extents[1:]):
            if opened + extent.start < done:
                continue
            if not (final or (following and _is_settled(tail, extent, following))):
                break
            statement = read_claim(tail, extent).moved(opened)
            self._done = statement.end
            yield statement
        self._close(tail, blocks, extents)
        last_line = tail[tail.rfind("\n") + 1 :]
        self._is_unsure = self._open > opened or not any(map(str.isalnum, last_line))

    def _close(self, tail: str, blocks: Sequence[Block], extents: Sequence[Extent]) -> None:
        """Forget what is given and nothing later can change: long answers cost no more per word."""
        opened, done = self._open, self._done - self._open
        closed = [block for block in blocks if block.start <= done]
        if not closed:
            return
        block = closed[-1]
        if block.start:
            self._open, self._first = opened + block.start, None
        following = next((extent.start for extent in extents if extent.start >= done), None)
        inside = following is not None and block.start < done and "\n" not in tail[done:following]
        if inside and following is not None and block.kind in ("paragraph", "item"):
            self._open, self._first = opened + following, "paragraph"


def _is_settled(text: str, extent: Extent, following: Extent) -> bool:
    """Whether the border between two claims is certain: enough of the second one's line is known."""
    if text.find("\n", following.start) >= 0:
        return True
    apart = text.find("\n", extent.end, following.start) >= 0
    return not apart and len(text) - following.start >= SETTLED
