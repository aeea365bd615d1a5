"""A context cache as providers have it: identical prefixes, in whole blocks, are served again."""

from __future__ import annotations

import hashlib
from typing import Protocol

CHARACTERS_PER_TOKEN = 4


def count_tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)


class Cache(Protocol):
    """What counts the tokens that a scripted server reports."""

    def look(self, prompt: str, salt: str = "") -> tuple[int, int]:
        """Tokens of the prompt, and how many of them are held."""
        ...

    def hold(self, prompt: str, salt: str = "") -> None:
        """The prompt was read."""
        ...


class PrefixCache:
    """Counts tokens by characters, remembers every prefix for ever."""

    def __init__(self, block_tokens: int = 64) -> None:
        self.block_tokens = block_tokens
        self._seen: set[bytes] = set()

    def serve(self, prompt: str, salt: str = "") -> tuple[int, int]:
        """Tokens of the prompt, and how many of them came from the cache; it holds them from now on."""
        served = self.look(prompt, salt)
        self.hold(prompt, salt)
        return served

    def look(self, prompt: str, salt: str = "") -> tuple[int, int]:
        """Tokens of the prompt, and how many of them are held."""
        prefixes = self._prefixes(prompt, salt)
        known = next((at for at, prefix in enumerate(prefixes) if prefix not in self._seen), len(prefixes))
        return count_tokens(prompt), known * self.block_tokens

    def hold(self, prompt: str, salt: str = "") -> None:
        """The prompt was read."""
        self._seen.update(self._prefixes(prompt, salt))

    def _prefixes(self, prompt: str, salt: str) -> list[bytes]:
        width = self.block_tokens * CHARACTERS_PER_TOKEN
        digest = hashlib.sha256(salt.encode())
        prefixes: list[bytes] = []
        for start in range(0, len(prompt) - width + 1, width):
            digest.update(prompt[start : start + width].encode())
            prefixes.append(digest.digest())
        return prefixes
