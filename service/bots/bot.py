"""The bot itself: takes messages in, asks the server, answers. Knows no platform and no model."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.errors import LecternError
from service.bots import commands, uploads
from service.bots.admission import Allowance, Refusals
from service.bots.apologies import BROKEN_OFF, BUG, UPLOAD_BROKEN_OFF, apology
from service.bots.asking import Asking
from service.bots.lanes import Lanes
from service.bots.platform import PlatformError
from service.bots.posting import Paces, Posting, keep_typing
from service.bots.styled import marked, plain
from service.bots.threads import Cited, Thread
from service.http.requests import LONGEST_QUESTION

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from service.bots.admission import Rules
    from service.bots.platform import Incoming, Platform
    from service.bots.styled import Styled
    from service.bots.threads import Threads
    from service.client import AsyncClient
    from service.http.responses import QueryResponse

_TOLD_AGAIN = 3_600.0
"""Seconds after which a stranger is answered once more."""
_FLOOD_TOLD_AGAIN = 10.0
_LAST_WORDS = 5.0
"""Seconds for saying that an answer broke off."""
_log = logging.getLogger(__name__)


class Bot:
    """Answers what a platform hands to `receive`.

    Args:
        platform: where people write.
        client: of the server that answers.
        rules: who may do what.
        threads: what is remembered.
        server: the address that links to sources begin with; empty where people cannot reach it.
        largest_file: bytes of a file that may be sent, where the platform hands out as many.
        clock: seconds, for the rates.
    """

    def __init__(
        self,
        platform: Platform,
        client: AsyncClient,
        rules: Rules,
        threads: Threads,
        *,
        server: str,
        largest_file: int,
        clock: Callable[[], float],
    ) -> None:
        self._platform = platform
        self._client = client
        self._rules = rules
        self._threads = threads
        self._server = server
        self._largest_file = min(largest_file, platform.largest_file)
        self._allowance = Allowance(rules.per_person, rules.in_all, clock)
        self._strangers = Refusals(clock, _TOLD_AGAIN)
        self._flooding = Refusals(clock, _FLOOD_TOLD_AGAIN)
        self._lanes = Lanes()
        self._paces = Paces()

    def receive(self, message: Incoming) -> None:
        """Take a message in; it is answered later, after those before it in its thread."""
        if not self._rules.may_talk(message):
            self._turn_away(message)
            return
        key = self._key(message)
        known = self._threads.find(key) is not None
        if not (message.addressed or known):
            return
        if not self._threads.keep_message(message.place.chat, message.message, key):
            return  # platforms send again what they are not sure to have delivered
        refusal = self._refusal(message, key)
        if refusal is None:
            if not known:
                self._threads.keep(Thread(key, ""))  # from now on it takes part
            work = self._guarded(message, lambda: self._handle(message, key))
            self._lanes.add(key, work, lambda: self._last_words(self._posting(message), plain(BROKEN_OFF)))
        elif refusal:
            self._lanes.add(
                f"refusal {key}", self._guarded(message, lambda: self._say(message, plain(refusal)))
            )

    def _turn_away(self, message: Incoming) -> None:
        """A stranger is told so once in a while; nothing of what strangers write is remembered."""
        if message.addressed and self._strangers.is_due(message.person):
            said = plain(_stranger(message))
            work = self._guarded(message, lambda: self._posting(message).finish(said))
            self._lanes.add(f"refusal {message.place.chat}/{message.message}", work)

    async def finish(self, seconds: float) -> None:
        """Wait for what is under way; what takes longer says that it broke off."""
        await self._lanes.finish(seconds)

    def _key(self, message: Incoming) -> str:
        if message.thread:
            return message.thread
        chat = message.place.chat
        known = self._threads.thread_of(chat, message.replies_to) if message.replies_to else None
        return known or f"{chat}/{message.message}"

    def _refusal(self, message: Incoming, key: str) -> str | None:
        """Why this message is not answered; empty to say nothing; None where it is."""
        full = self._lanes.is_full(key)
        wait = 0 if full else self._allowance.wait(message.person)
        if not full and wait == 0:
            return None
        if not self._flooding.is_due(message.person):
            return ""
        if full:
            return "There are enough questions waiting in this thread. Ask again once they are answered."
        return f"That is more than I answer in a minute. Ask again in {wait} s."

    async def _guarded(self, message: Incoming, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """The edge of a message: whatever happens, the bot goes on."""
        try:
            await work()
        except PlatformError as error:
            _log.warning("cannot write to %s: %s", message.place.chat, error)
        except Exception:  # noqa: BLE001 — an edge: one message must not end the bot
            _log.exception("a message was not answered")
            with suppress(PlatformError):
                await self._say(message, plain(BUG))

    async def _handle(self, message: Incoming, key: str) -> None:
        thread = self._thread(message, key)
        try:
            if message.command:
                await self._obey(message, thread)
                return
            if message.attachments and not await self._take_files(message, thread):
                return
            if len(message.text) > LONGEST_QUESTION:
                await self._say(message, plain(f"A question may have {LONGEST_QUESTION:,} characters."))
            elif message.text.strip():
                await self._answer(message, thread)
        except PlatformError:
            raise
        except LecternError as error:
            await self._say(message, plain(apology(error, self._platform.sign)))

    def _thread(self, message: Incoming, key: str) -> Thread:
        """As it is remembered; a new one asks the collection that was chosen for its chat."""
        allowed = self._rules.collections
        known = self._threads.find(key)
        if known is not None and known.collection in allowed:
            return known
        chat = self._threads.find(message.place.chat)
        chosen = chat.collection if chat is not None and chat.collection in allowed else allowed[0]
        return Thread(key, chosen)

    async def _obey(self, message: Incoming, thread: Thread) -> None:
        sign = self._platform.sign
        match message.command:
            case "help" | "start":
                uploads_too = self._rules.may_upload(message)
                said = commands.help_text(sign, thread.collection, uploads=uploads_too)
            case "new":
                self._threads.keep(replace(thread, session=None, cited=()))
                said = plain("A new conversation: what was said before does not count any more.")
            case "collection":
                wanted = " ".join(message.text.split())
                thread, words = commands.choose_collection(thread, wanted, self._rules.collections, sign)
                self._threads.keep(thread)
                said = plain(words)
            case "sources":
                said = await commands.sources_of(self._client, thread.cited, self._server)
            case _:
                known = ", ".join(f"{sign}{name}" for name in commands.COMMANDS)
                said = plain(f"I do not know this command. I know {known}.")
        await self._say(message, said)

    async def _take_files(self, message: Incoming, thread: Thread) -> bool:
        """Whether a question that came with the files may be asked."""
        if not self._rules.may_upload(message):
            await self._say(message, plain("Thank you, but files are not taken in from you here."))
            return False
        taken = False
        for attachment in message.attachments:
            posting = self._posting(message)
            try:
                taken |= await uploads.take_in(
                    self._platform,
                    self._client,
                    message,
                    attachment,
                    posting,
                    collection=thread.collection,
                    largest=self._largest_file,
                )
            except asyncio.CancelledError:
                await self._last_words(posting, plain(UPLOAD_BROKEN_OFF))
                raise
            except LecternError as error:
                name = uploads.shown_name(attachment.name)
                await posting.finish(plain(f"{name}: {apology(error, self._platform.sign)}"))
        return taken

    async def _answer(self, message: Incoming, thread: Thread) -> None:
        posting = self._posting(message)
        asking = Asking(self._client, posting)
        typing = asyncio.create_task(keep_typing(self._platform, message.place))
        try:
            if self._platform.placeholder:
                await posting.show(marked(self._platform.placeholder, "italic"))
            answer = await asking.ask(message.text, thread)
            self._threads.keep(_continued(thread, answer))
            await posting.finish(asking.told(answer, self._server))
        except asyncio.CancelledError:
            await self._last_words(posting, asking.broken(BROKEN_OFF))
            raise
        except PlatformError:
            raise
        except LecternError as error:
            await posting.finish(asking.broken(apology(error, self._platform.sign)))
        finally:
            typing.cancel()
            self._remember(message, thread.key, posting)

    async def _say(self, message: Incoming, said: Styled) -> None:
        posting = self._posting(message)
        await posting.finish(said)
        self._remember(message, self._key(message), posting)

    def _remember(self, message: Incoming, key: str, posting: Posting) -> None:
        """A reply to any of these messages goes on with the thread."""
        for sent in posting.ids:
            self._threads.keep_message(message.place.chat, sent, key)

    def _posting(self, message: Incoming) -> Posting:
        return Posting(self._platform, message.place, self._paces)

    @staticmethod
    async def _last_words(posting: Posting, said: Styled) -> None:
        with suppress(PlatformError, TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await posting.finish(said)


def _continued(thread: Thread, answer: QueryResponse) -> Thread:
    cited = tuple(
        Cited(c.index, c.document_id, c.number, c.start_char, c.end_char, c.page_start)
        for c in answer.citations
    )
    return replace(thread, session=answer.session_id, cited=cited)


def _stranger(message: Incoming) -> str:
    where = "" if message.private else f", or of this chat ({message.place.chat})"
    return (
        f"You may not talk to this bot yet. Ask whoever runs it to allow your id ({message.person}){where}."
    )
