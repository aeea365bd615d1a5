"""In which order cells are asked: document by document, the first question of each alone.

The first cell of a document leaves its prefix in the provider's cache, the others then read it from there.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Limits:
    """What may go on at a time."""

    documents: int = 2
    questions: int = 4
    """Of one document, once its prefix is warm."""
    warming: int = 1
    """Cells that are asked alone first; a provider that caches on second sight needs two."""


class DocumentCells(Protocol):
    """The cells of one document that are still to be asked."""

    @property
    def places(self) -> Sequence[int]:
        """Of their questions, in order."""
        ...

    def open(self) -> Awaitable[bool]:
        """Get the document ready; whether the prompts of its cells begin with it."""
        ...

    def ask(self, place: int) -> Awaitable[bool]:
        """Ask one cell and keep it; whether the model has read the prompt."""
        ...


async def ask_all(documents: Sequence[DocumentCells], limits: Limits) -> None:
    """Ask every cell of every document.

    Raises:
        ExceptionGroup: what `DocumentCells.ask` raised; the cells that were under way are cancelled.
    """
    waiting = iter(documents)
    async with asyncio.TaskGroup() as workers:
        for _ in range(min(limits.documents, len(documents))):
            workers.create_task(_work(waiting, limits))


async def _work(waiting: Iterator[DocumentCells], limits: Limits) -> None:
    """Take one document after another until none waits."""
    for document in waiting:
        await _ask_document(document, limits)


async def _ask_document(document: DocumentCells, limits: Limits) -> None:
    left = list(document.places)
    cold = limits.warming if await document.open() else 0
    while left and cold:
        if await document.ask(left.pop(0)):
            cold -= 1
    free = asyncio.Semaphore(limits.questions)

    async def ask(place: int) -> None:
        async with free:
            await document.ask(place)

    async with asyncio.TaskGroup() as asking:
        for place in left:
            asking.create_task(ask(place))
