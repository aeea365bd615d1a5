"""Readers such as people write for LlamaIndex, and some that misbehave."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import Document

if TYPE_CHECKING:
    from collections.abc import Iterable


class Pages(BaseReader):
    """Every line of a file is a page."""

    def __init__(self, mark: str = "") -> None:
        self._mark = mark

    def load_data(self, file: Path, extra_info: dict[str, Any] | None = None) -> list[Document]:
        del extra_info
        lines = file.read_text().splitlines()
        if "broken" in lines:
            raise ZeroDivisionError("the page is blank")
        return [
            Document(text=self._mark + line, metadata={"page_label": str(number), "file_name": file.name})
            for number, line in enumerate(lines, start=1)
        ]


class LazyLines(BaseReader):
    """Defines the lazy method alone, and takes the place as text."""

    def lazy_load_data(self, place: str, *, upper: bool = False) -> Iterable[Document]:
        assert isinstance(place, str)
        for line in Path(place).read_text().splitlines():
            yield Document(text=line.upper() if upper else line)


class Wiki(BaseReader):
    """A connector: ``count`` pages, of which each says what the constructor was told."""

    def __init__(self, word: str = "harbour") -> None:
        self._word = word

    def load_data(self, count: int) -> list[Document]:
        if count > 100:
            raise ConnectionError("the wiki does not answer")
        return [
            Document(text=f"Page {number} tells of the {self._word}.", metadata={"title": f"Page {number}"})
            for number in range(1, count + 1)
        ]


class NoReader:
    """Derives from nothing."""


class Unmakeable(BaseReader):
    def __init__(self) -> None:
        raise RuntimeError("needs a token")
