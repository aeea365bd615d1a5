"""The commands of a bot: what they are called, and what they answer."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from service.bots.styled import joined, marked, plain
from service.client import ServerRefused
from service.links import source_link

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from service.bots.styled import Styled
    from service.bots.threads import Cited, Thread
    from service.client import AsyncClient

COMMANDS = {
    "sources": "the full quotations of the last answer",
    "new": "begin a new conversation",
    "collection": "list the collections, or choose one: {sign}collection NAME",
    "help": "this text",
}
"""Names, and what people are told of them; ``start`` is ``help``."""
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def help_text(sign: str, collection: str, *, uploads: bool) -> Styled:
    """What this bot does.

    Args:
        sign: what begins a command.
        collection: the one that this thread asks.
        uploads: whether the person who asks may send files.
    """
    lines = [
        plain("I answer questions about documents. Every answer is cited and checked against its sources: "),
        plain("[1] names the place, and what the documents do not prove is marked.\n\n"),
        plain("Just ask; what you ask next in the same thread goes on with the conversation. Changing a "),
        plain("message afterwards changes nothing: ask again instead.\n\n"),
        *(
            marked(f"{sign}{name}", "bold") + plain(f" – {words.format(sign=sign)}\n")
            for name, words in COMMANDS.items()
        ),
        plain(f"\nThis thread asks the collection “{collection}”."),
        plain(" Files that you send are read into it; what stands beside a file is asked afterwards.")
        if uploads
        else plain(""),
    ]
    return joined(lines)


def choose_collection(thread: Thread, wanted: str, allowed: Sequence[str], sign: str) -> tuple[Thread, str]:
    """The thread as it is afterwards, and what is said; only allowed collections are ever named."""
    names = "\n".join(f"{'→' if name == thread.collection else '•'} {name}" for name in allowed)
    if not wanted:
        return thread, f"Collections:\n{names}\nChoose one with {sign}collection NAME."
    if wanted not in allowed:
        return thread, f"There is no collection of this name for this bot. These are there:\n{names}"
    if wanted == thread.collection:
        return thread, f"This thread asks “{wanted}” already."
    changed = replace(thread, collection=wanted, session=None, cited=())
    return changed, f"This thread asks “{wanted}” from now on; the conversation begins anew."


async def sources_of(client: AsyncClient, cited: Sequence[Cited], server: str) -> Styled:
    """The passages that the last answer rests on, whole, as the server has them now.

    Raises:
        ServerRefused, ServerUnreachable: it does not answer, for another reason than that one is gone.
    """
    if not cited:
        return plain("There is no answer with sources in this thread yet.")
    parts = [part async for part in _quotations(client, cited, server)]
    return joined([part for _, part in sorted(parts, key=lambda part: part[0])], "\n\n")


async def _quotations(
    client: AsyncClient, cited: Sequence[Cited], server: str
) -> AsyncIterator[tuple[int, Styled]]:
    version = attrgetter("document", "number")
    for (document, number), places in groupby(sorted(cited, key=version), key=version):
        try:
            found = await client.text(document, number=number)
        except ServerRefused as error:
            if error.problem.status not in _GONE:
                raise
            for place in places:
                yield place.index, plain(f"[{place.index}] The document is not there any more.")
            continue
        for place in places:
            yield place.index, _quotation(place, found.title, found.text[place.start : place.end], server)


def _quotation(place: Cited, title: str, words: str, server: str) -> Styled:
    page = f", p. {place.page}" if place.page is not None else ""
    name = f"{title}{page}"
    link = source_link(server, place.document, place.number, place.start, place.end) if server else ""
    head = plain(f"[{place.index}] ") + (marked(name, "link", link) if link else marked(name, "bold"))
    return head + plain("\n") + marked(words.strip(), "quote")
