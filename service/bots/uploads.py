"""Files that people send to a bot: fetched, handed to the server, and told what became of them."""

from __future__ import annotations

import unicodedata
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from service.bots.styled import plain
from service.client import ServerUnreachable
from service.http.job_shapes import JobShape

if TYPE_CHECKING:
    from service.bots.platform import Attachment, Incoming, Platform
    from service.bots.posting import Posting
    from service.client import AsyncClient
    from service.http.job_shapes import JobDetails

_LONGEST_NAME = 120
"""Code points of a file's name; its ending stays."""
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that show nothing, or turn the order of others round."""
_MEGABYTE = 2**20


def shown_name(name: str) -> str:
    """The last part of a file's name without what cannot be seen, never empty."""
    last = name.replace("\\", "/").rpartition("/")[2]
    seen = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c) not in _HIDDEN)
    seen = seen.strip(" .")
    ending = Path(seen).suffix[:20]
    return (seen[: _LONGEST_NAME - len(ending)] + ending if len(seen) > _LONGEST_NAME else seen) or "file"


def path_of(platform: Platform, message: Incoming, name: str) -> str:
    """Where the document stands in its collection.

    By the chat: what is sent in one chat never replaces what came from another, or from a folder.
    """
    return f"{platform.name}/{message.place.chat}/{name}"


def too_large(attachment: Attachment, largest: int) -> str:
    """Why it is refused unseen, or nothing."""
    if attachment.size is None or attachment.size <= largest:
        return ""
    return (
        f"{shown_name(attachment.name)} has {_megabytes(attachment.size)}; "
        f"files of up to {_megabytes(largest)} can be sent here."
    )


async def take_in(
    platform: Platform, client: AsyncClient, message: Incoming, attachment: Attachment, posting: Posting, *,
    collection: str, largest: int,
) -> bool:  # fmt: skip
    """Fetch one file and have it indexed, telling how far it is; whether a question about it makes sense.

    Raises:
        PlatformError: it cannot be fetched.
        ServerRefused, ServerUnreachable: the server does not take it.
    """
    name = shown_name(attachment.name)
    if refusal := too_large(attachment, largest):
        await posting.finish(plain(refusal))
        return False
    await posting.finish(plain(f"Receiving {name} …"))
    with TemporaryDirectory(prefix="lectern-bot-") as folder:
        file = Path(folder) / "file"
        await platform.download(attachment, file, largest)
        job = await client.upload([file], collection=collection, paths=[path_of(platform, message, name)])
    try:
        await _follow(client, job.id, name, posting)
        details = await client.job(job.id)
    except ServerUnreachable:
        await posting.finish(
            plain(f"{name} was handed over. The server is away and reads it once it is back.")
        )
        return False
    await posting.finish(plain(_outcome(details, name)))
    return details.state == "done" and not details.failures


async def _follow(client: AsyncClient, job: str, name: str, posting: Posting) -> None:
    async with aclosing(client.follow(job)) as events:
        async for event in events:
            if isinstance(event, JobShape):
                await posting.show(plain(_progress(event, name)))


def _progress(job: JobShape, name: str) -> str:
    if job.state == "queued":
        return f"{name} waits until the server has read what came before it …"
    return f"Reading {name}: {job.progress.pages} pages …" if job.progress.pages else f"Reading {name} …"


def _outcome(job: JobDetails, name: str) -> str:
    if job.failures:
        return "\n".join(f"{name} cannot be read: {_why(f.reason, f.detail)}" for f in job.failures)
    if job.state == "done" and job.report.unchanged and not job.report.indexed:
        return f"{name} is in “{job.collection}” already, unchanged."
    if job.state == "done":
        return f"{name} is now in “{job.collection}”. Ask away."
    if job.state == "failed":
        return f"{name} was not taken in: {job.report.reason or 'the server gives no reason'}"
    return f"{name} is not taken in yet ({job.state}); the server goes on with it by itself."


def _why(reason: str | None, detail: str) -> str:
    return f"{detail} ({reason})" if reason else detail


def _megabytes(size: int) -> str:
    return f"{size / _MEGABYTE:.1f} MB" if size >= _MEGABYTE / 10 else f"{size:,} bytes"
