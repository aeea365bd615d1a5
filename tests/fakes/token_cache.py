"""A provider's cache that counts as GLM-5 does: tokens of the laid-out prompt, in blocks, once read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from service.tokens import token_ids

if TYPE_CHECKING:
    from tests.fakes.http_wire import Recorded


class TokenCache:
    """In place of `PrefixCache`: keeps what it has read for ever, by tokens of ``cl100k_base``."""

    def __init__(self, block_tokens: int = 64) -> None:
        self.block_tokens = block_tokens
        self._held: set[int] = set()

    def look(self, prompt: str, salt: str = "") -> tuple[int, int]:
        """Tokens of the prompt, and how many of them are held."""
        tokens = token_ids(prompt)
        blocks = self._blocks(tokens, salt)
        known = next((at for at, block in enumerate(blocks) if block not in self._held), len(blocks))
        return len(tokens), known * self.block_tokens

    def hold(self, prompt: str, salt: str = "") -> None:
        """The prompt was read."""
        self._held.update(self._blocks(token_ids(prompt), salt))

    def _blocks(self, tokens: list[int], salt: str) -> list[int]:
        digest, width = hash(salt), self.block_tokens
        blocks: list[int] = []
        for start in range(0, len(tokens) - width + 1, width):
            digest = hash((digest, *tokens[start : start + width]))
            blocks.append(digest)
        return blocks


def laid_out(request: Recorded) -> str:
    """The prompt as GLM-5's template renders it from the body that arrived."""
    tools = request.body.get("tools")
    said = [f"<|system|>\n{json.dumps(tools)}"] if tools else []
    said += [f"<|{turn.get('role')}|>\n{turn.get('content')}" for turn in request.messages]
    return "[gMASK]<sop>" + "".join(said) + "<|assistant|>\n"
