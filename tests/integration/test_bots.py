"""Bots through the platforms' own libraries, on servers that speak their APIs, before the whole service."""

from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from service.bots.apologies import BROKEN_OFF
from service.bots.asking import BEGUN_ANEW, NOT_WHOLE
from service.bots.platform import PlatformRefused
from service.bots.replying import NOT_PROVEN
from service.bots.slack import Slack
from service.bots.telegram import Telegram
from service.bots.threads import FILE
from service.settings import Settings
from tests.fakes import slack_api, telegram_api
from tests.fakes.bots import PUBLIC, bot_settings, slack_bot, telegram_bot
from tests.fakes.command_line import CommandLine
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import ErrorReply, Glm5Server, Hang, Reply
from tests.fakes.live_service import live, passages_of, relevant_of
from tests.fakes.slack_api import FakeSlack
from tests.fakes.telegram_api import FakeTelegram

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

RENT, NOTICE = "What is the monthly rent?", "With how much notice may it be terminated?"
HOSTILE = (
    "The rent is <b>free</b> & <!channel> <@U0ANN> @everyone_here "
    "[the contract](https://evil.example/x) <https://evil.example|click> ![](https://evil.example/p.png)"
)
GROUP = -1001
STRANGER = 99


def answer(request: Recorded) -> Step:
    """Cite the passage that holds the answer, word for word, and say one thing that nothing proves."""
    question = request.question.rpartition("Question: ")[2]
    if "quota" in question:
        return ErrorReply(429, code="1113", message="balance")
    if "hang" in question:
        return Hang(after=4, reply=Reply("The rent is four thousand two hundred euros."))
    if "hostile" in question:
        return Reply(HOSTILE)
    wanted = {"notice": "ninety (90)", "slackers": "slackers is 4711", "gate": "4711"}
    words = next((words for sign, words in wanted.items() if sign in question), "4,200 euros")
    shown = passages_of(request)
    marker = next((m for m, text in shown.items() if words in text), [*relevant_of(request), *shown][0])
    line = next((line for line in shown[marker].split("\n") if words in line), shown[marker].split("\n")[0])
    quote = line.rstrip(".")
    long = (
        "\n\n".join(f"Paragraph {n} tells of berths and of quays." for n in range(150))
        if "long" in question
        else ""
    )
    return Reply(
        f'**Found:** {line} [{marker} "{quote}"].\n\n- The moon is green [{marker} "{quote}"].\n\n{long}',
        chunk=120,
        delay=0.005,
    )


@pytest.fixture(scope="module")
def glm5() -> Iterator[Glm5Server]:
    with Glm5Server(answer) as server:
        yield server


@pytest.fixture(scope="module")
def service(glm5: Glm5Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, {"lease.md": LEASE})
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        llm_base_url=glm5.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
    )
    with live(settings) as running:
        running.ingest(folder)
        running.ingest(folder, collection="leases")
        yield running


def within(seconds: float, scenario: Coroutine[None, None, None]) -> None:
    async def timed() -> None:
        async with asyncio.timeout(seconds):
            await scenario

    asyncio.run(timed())


def whole(words: str, after: int = 0) -> Callable[[Any], bool]:
    """An answer with its footnotes that has these words."""

    def wanted(message: Any) -> bool:  # noqa: ANN401 — a message of either platform
        return words in message.text and "\n[1] " in message.text and (not after or message.id > after)

    return wanted


def opened(service: LiveService, link: str) -> str:
    """The words that the viewer highlights under a link."""
    found = re.fullmatch(rf"{PUBLIC}/#/document/(\w+)/(\d+)/(\d+)-(\d+)", link)
    assert found, link
    text: str = service.get(f"/v1/documents/{found[1]}/text?number={found[2]}")["text"]
    return text[int(found[3]) : int(found[4])]


class TestTelegram:
    def test_a_conversation_from_question_to_sources(
        self, service: LiveService, glm5: Glm5Server, tmp_path: Path
    ) -> None:
        async def scenario() -> None:
            async with telegram_bot(bot_settings(tmp_path), service.url) as telegram:
                telegram.say(RENT)
                first = await telegram.shown(whole("lease.md"))
                assert telegram.methods().index("sendChatAction") < telegram.methods().index("sendMessage")
                assert len(first.versions) > 1
                assert first.versions[0].endswith("…")
                assert first.marked("bold") == ["Found:"]
                assert f"• The moon is green [1]. ({NOT_PROVEN})" in first.text
                assert {"4,200 euros" in opened(service, link) for link in first.links.values()} == {True}
                assert set(first.links) == {
                    "[1]",
                    "lease.md, line 5, Lease of the Harbour Warehouse › 1. Rent",
                }

                telegram.say(NOTICE)
                second = await telegram.shown(whole("ninety (90)"))
                assert "ninety (90)" in opened(service, second.links["[1]"])
                asked = glm5.requests[-1]
                assert RENT in asked.prompt

                telegram.say("/sources")
                sources = await telegram.shown(lambda message: bool(message.marked("blockquote")))
                assert "ninety (90) days' written notice" in sources.marked("blockquote")[0]

                telegram.say("/new")
                await telegram.shown(lambda message: message.text.startswith("A new conversation"))
                telegram.say("What is the rent, once more?")
                await telegram.shown(whole("lease.md", after=sources.id))
                assert RENT not in glm5.requests[-1].prompt

        within(90, scenario())

    def test_a_restart_keeps_the_thread_and_nobodys_words(
        self, service: LiveService, glm5: Glm5Server, tmp_path: Path
    ) -> None:
        async def scenario() -> None:
            settings = bot_settings(tmp_path)
            async with FakeTelegram() as telegram:
                async with telegram_bot(settings, service.url, telegram):
                    telegram.say(RENT)
                    first = await telegram.shown(whole("lease.md"))
                async with telegram_bot(settings, service.url, telegram):
                    telegram.say(NOTICE)
                    await telegram.shown(whole("lease.md", after=first.id))
                    assert RENT in glm5.requests[-1].prompt

        within(90, scenario())
        with closing(sqlite3.connect(tmp_path / FILE)) as database:
            kept = "\n".join(database.iterdump())
        assert "default" in kept
        for words in ("rent", "euros", "lease.md", "Harbour"):
            assert words not in kept

    def test_a_file_is_read_and_asked_about(self, service: LiveService, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with telegram_bot(bot_settings(tmp_path), service.url) as telegram:
                note = b"# Keys\n\nThe gate code of the harbour is 4711.\n"
                telegram.say("What is the code of the gate?", document=("..\\..\\gate/ke\u202eys.md", note))
                taken = await telegram.shown(lambda message: "is now in" in message.text)
                assert taken.text == "keys.md is now in “default”. Ask away."
                assert taken.versions[0] == "Receiving keys.md …"
                found = await telegram.shown(
                    lambda message: f"telegram/{telegram_api.ANN}/keys.md" in message.text
                )
                assert "4711" in opened(service, found.links["[1]"])

                telegram.say(document=("broken.pdf", b"%PDF-1.7 and then nothing of the kind"))
                failed = await telegram.shown(lambda message: "cannot be read" in message.text)
                assert failed.text.startswith("broken.pdf cannot be read: ")

                telegram.say(document=("huge.pdf", b"x"), size=201 * 2**20)
                refused = await telegram.shown(lambda message: "huge.pdf has" in message.text)
                assert refused.text == "huge.pdf has 201.0 MB; files of up to 200.0 MB can be sent here."
                assert telegram.methods().count("getFile") == 2
            assert f"telegram/{telegram_api.ANN}/keys.md" in service.documents()

        within(90, scenario())

    def test_groups_answer_who_names_the_bot_and_go_on_by_replies(
        self, service: LiveService, glm5: Glm5Server, tmp_path: Path
    ) -> None:
        async def scenario() -> None:
            settings = bot_settings(
                tmp_path, telegram_allowed=(str(GROUP),), bot_collections=("default", "leases")
            )
            async with telegram_bot(settings, service.url) as telegram:
                telegram.say("What is the rent?", chat=GROUP)  # to nobody in particular
                telegram.say("/collection@OtherBot leases", chat=GROUP)
                asked = telegram.say(f"@LecternBot {RENT}", chat=GROUP)
                first = await telegram.shown(whole("lease.md"))
                assert first.reply_to == asked
                telegram.say(NOTICE, chat=GROUP, reply_to=first.id)
                second = await telegram.shown(whole("ninety (90)"))
                assert RENT in glm5.requests[-1].prompt
                telegram.say("/collection leases", chat=GROUP)
                await telegram.shown(lambda message: "asks “leases” from now on" in message.text)
                telegram.say(f"{RENT} @lecternbot", chat=GROUP, topic=None)
                third = await telegram.shown(whole("lease.md", after=second.id))
                [other] = service.documents("leases").values()
                assert other["id"] in third.links["[1]"]
                assert len(telegram.messages) == 4

        within(90, scenario())

    def test_strangers_floods_and_unknown_names_are_refused_in_words(
        self, service: LiveService, glm5: Glm5Server, tmp_path: Path
    ) -> None:
        async def scenario() -> None:
            settings = bot_settings(tmp_path, bot_person_requests=3, telegram_uploaders=())
            async with telegram_bot(settings, service.url) as telegram:
                asked = len(glm5.requests)
                for _ in range(3):
                    telegram.say(RENT, person=STRANGER)
                refused = await telegram.shown(lambda message: message.chat == STRANGER)
                assert f"your id ({STRANGER})" in refused.text
                telegram.say("/collection secrets")
                other = await telegram.shown(lambda message: "no collection of this name" in message.text)
                assert "leases" not in other.text
                telegram.say("/weather")
                await telegram.shown(lambda message: "I know /sources, /new" in message.text)
                telegram.say(document=("note.md", b"x"))
                await telegram.shown(lambda message: "files are not taken in" in message.text)
                for _ in range(4):
                    telegram.say(RENT)
                flood = await telegram.shown(lambda message: "more than I answer" in message.text)
                assert re.search(r"Ask again in \d+ s\.$", flood.text)
                assert len(glm5.requests) == asked
                assert len(telegram.messages) == 5

        within(90, scenario())

    def test_hostile_answers_stay_text(self, service: LiveService, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with telegram_bot(bot_settings(tmp_path), service.url) as telegram:
                telegram.say("Something hostile?")
                shown = await telegram.shown(lambda message: "evil.example/p.png" in message.text)
                assert "<b>free</b> & <!channel> <@\u2060U0ANN> @\u2060everyone_here" in shown.text
                assert "the contract (https://evil.example/x)" in shown.text
                assert shown.links == {}

        within(90, scenario())

    def test_the_limits_of_the_platform_are_kept(self, service: LiveService, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with telegram_bot(bot_settings(tmp_path), service.url, pace=0.2) as telegram:
                telegram.refusals += [
                    telegram_api.Refused(429, "Too Many Requests: retry after 1", retry_after=1),
                    telegram_api.Refused(500, "Internal Server Error"),
                ]
                telegram.say("Tell me at long length of the rent.")
                last = await telegram.shown(whole("lease.md"))
                times = [
                    at for method, _, at in telegram.calls if method in {"sendMessage", "editMessageText"}
                ]
                assert times[1] - times[0] >= 1.0
                assert all(later - earlier >= 0.19 for earlier, later in pairwise(times))
                written = "\n".join(message.text for message in telegram.messages.values())
                assert [int(n) for n in re.findall(r"Paragraph (\d+) tells", written)] == [*range(150)]
                assert len(telegram.messages) == 3
                assert last.id == max(telegram.messages)

        within(90, scenario())

    def test_what_breaks_off_says_so(self, service: LiveService, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with FakeTelegram() as telegram:
                async with telegram_bot(bot_settings(tmp_path), service.url, telegram, grace=0.1):
                    telegram.say("Does it hang?")
                    await telegram.shown(lambda message: message.text.endswith("…"))
                    telegram.say("And what waits behind it?")
                    await telegram.received()
                shown, dropped = telegram.messages.values()
                assert dropped.text == BROKEN_OFF
                assert shown.text.endswith(f"{NOT_WHOLE} {BROKEN_OFF}")
                assert shown.text.startswith("The rent is")

        within(90, scenario())

    def test_what_fails_is_explained(self, service: LiveService, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with telegram_bot(bot_settings(tmp_path), service.url) as telegram:
                telegram.say("Is the quota used up?")
                said = await telegram.shown(lambda message: "quota" in message.text)
                assert "(code 1113)" in said.text
            away = bot_settings(tmp_path / "other", bot_collections=("nowhere",))
            async with telegram_bot(away, service.url) as telegram:
                telegram.say(RENT)
                said = await telegram.shown(lambda message: "no collection named 'nowhere'" in message.text)
                assert "/collection" in said.text
            async with telegram_bot(bot_settings(tmp_path / "third"), "http://127.0.0.1:9") as telegram:
                telegram.say(RENT)
                await telegram.shown(lambda message: "server does not answer just now" in message.text)

        within(90, scenario())

    def test_questions_wait_for_each_other_and_edits_are_ignored(
        self, service: LiveService, glm5: Glm5Server, tmp_path: Path
    ) -> None:
        async def scenario() -> None:
            async with telegram_bot(bot_settings(tmp_path), service.url) as telegram:
                telegram.say(RENT)
                telegram.say(NOTICE)
                telegram.say("What is the rent, edited?", edited=True)
                await telegram.shown(whole("ninety (90)"))
                first, second = (telegram.messages[number].text for number in sorted(telegram.messages))
                assert "4,200 euros" in first
                assert "ninety (90)" in second
                assert RENT in glm5.requests[-1].prompt

        within(90, scenario())

    def test_a_deleted_document_ends_the_conversation_and_its_sources(
        self, service: LiveService, tmp_path: Path
    ) -> None:
        write_texts(tmp_path / "docs", {"old.md": "# Old\n\nThe old rent was 4,200 euros.\n"})
        service.ingest(tmp_path / "docs", collection="old")

        async def scenario() -> None:
            settings = bot_settings(tmp_path / "bot", bot_collections=("old",))
            async with telegram_bot(settings, service.url) as telegram:
                telegram.say(RENT)
                first = await telegram.shown(lambda message: "old.md" in message.text)
                write_texts(tmp_path / "docs", {"new.md": "# New\n\nThe new rent is 4,200 euros.\n"})
                service.ingest(tmp_path / "docs", collection="old")
                gone = service.documents("old")["old.md"]["id"]
                await asyncio.to_thread(service.services.delete_document, "default", gone)
                telegram.say("/sources")
                await telegram.shown(
                    lambda message: message.text == "[1] The document is not there any more."
                )
                telegram.say("And now, the rent?")
                anew = await telegram.shown(lambda message: BEGUN_ANEW in message.text)
                assert anew.id > first.id
                assert "new.md" in anew.text

        within(90, scenario())

    def test_a_wrong_token_is_refused_without_repeating_it(self) -> None:
        async def scenario() -> None:
            async with FakeTelegram() as telegram:
                platform = Telegram("77:wrong-token", telegram.url)
                with pytest.raises(PlatformRefused) as refused:
                    await platform.start(lambda _: None)
                await platform.close()
                assert "wrong-token" not in f"{refused.value!r}{refused.value.__cause__!r}"
                assert "LECTERN_TELEGRAM_TOKEN" in str(refused.value)

        within(90, scenario())


class TestSlack:
    def test_a_thread_in_a_channel(self, service: LiveService, glm5: Glm5Server, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with slack_bot(bot_settings(tmp_path), service.url) as slack:
                await slack.say("What is the rent?", channel="C0LAW")  # to nobody in particular
                asked = await slack.say(f"<@{slack_api.BOT}> {RENT}", channel="C0LAW")
                await slack.say(
                    f"<@{slack_api.BOT}> {RENT}", channel="C0LAW", kind="app_mention", again=asked
                )
                first = await slack.shown(whole("lease.md"))
                assert first.thread == asked
                assert first.versions[0] == "Looking it up …"
                assert len(first.versions) > 2
                assert first.marked("bold") == ["Found:"]
                assert f"• The moon is green [1]. ({NOT_PROVEN})" in first.text
                assert {"4,200 euros" in opened(service, link) for link in first.links.values()} == {True}

                await slack.say(NOTICE, channel="C0LAW", thread=asked)
                second = await slack.shown(whole("ninety (90)"))
                assert second.thread == asked
                assert "ninety (90)" in opened(service, second.links["[1]"])
                assert RENT in glm5.requests[-1].prompt

                await slack.say("!sources", channel="C0LAW", thread=asked)
                await slack.shown(
                    lambda message: message.blocks[0]["elements"][-1]["type"] == "rich_text_quote"
                )
                await slack.say("edited", channel="C0LAW", thread=asked, subtype="message_changed")
                await slack.acknowledges(6)
                assert len(slack.messages) == 3

        within(90, scenario())

    def test_files_and_commands(self, service: LiveService, tmp_path: Path) -> None:
        async def scenario() -> None:
            settings = bot_settings(tmp_path, bot_collections=("default", "leases"))
            async with slack_bot(settings, service.url) as slack:
                note = b"# Keys\n\nThe gate code of the slackers is 4711.\n"
                await slack.say("What is the slackers' gate code?", file=("gate.md", note))
                found = await slack.shown(whole("slack/D0ANN/gate.md"))
                assert "4711" in opened(service, found.links["[1]"])
                await slack.say("", file=("elsewhere.md", b"x"), external=True)
                await slack.shown(lambda message: "does not lie at Slack" in message.text)
                await slack.command("collection leases")
                await slack.shown(lambda message: "asks “leases” from now on" in message.text)
                await slack.command("")
                told = await slack.shown(lambda message: message.text.startswith("I answer questions"))
                assert "This thread asks the collection “leases”." in told.text

        within(90, scenario())

    def test_hostile_answers_stay_text(self, service: LiveService, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with slack_bot(bot_settings(tmp_path), service.url) as slack:
                await slack.say("Something hostile?")
                shown = await slack.shown(lambda message: "evil.example/p.png" in message.text)
                assert "<!channel> <@U0ANN>" in shown.text
                assert "&lt;!channel&gt; &lt;@U0ANN&gt;" in shown.fallback
                assert shown.links == {}

        within(90, scenario())

    def test_limits_and_strangers(self, service: LiveService, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with slack_bot(bot_settings(tmp_path), service.url) as slack:
                await slack.say(RENT, channel="D0BOB", person="U0BOB")
                refused = await slack.shown(lambda message: message.channel == "D0BOB")
                assert "(U0BOB)" in refused.text
                slack.refusals += [
                    slack_api.Refused(429, "ratelimited", 1),
                    slack_api.Refused(503, "unavailable"),
                ]
                await slack.say("Tell me at long length of the rent.")
                await slack.shown(whole("lease.md"))
                written = "\n".join(message.text for message in slack.messages.values())
                assert [int(n) for n in re.findall(r"Paragraph (\d+) tells", written)] == [*range(150)]

        within(90, scenario())

    def test_a_restart_keeps_the_thread(self, service: LiveService, glm5: Glm5Server, tmp_path: Path) -> None:
        async def scenario() -> None:
            settings = bot_settings(tmp_path)
            async with FakeSlack() as slack:
                async with slack_bot(settings, service.url, slack):
                    asked = await slack.say(f"<@{slack_api.BOT}> {RENT}", channel="C0LAW")
                    await slack.shown(whole("lease.md"))
                async with slack_bot(settings, service.url, slack):
                    await slack.say(NOTICE, channel="C0LAW", thread=asked)
                    await slack.shown(whole("ninety (90)"))
                    assert RENT in glm5.requests[-1].prompt

        within(90, scenario())

    def test_a_wrong_token_is_refused_without_repeating_it(self) -> None:
        async def scenario() -> None:
            async with FakeSlack() as slack:
                for tokens in (("xoxb-wrong", slack_api.APP_TOKEN), (slack_api.BOT_TOKEN, "xapp-wrong")):
                    with pytest.raises(PlatformRefused, match="invalid_auth") as refused:
                        await Slack(*tokens, slack.url).start(lambda _: None)
                    assert "wrong" not in str(refused.value)

        within(90, scenario())


class TestCommand:
    def test_the_command_answers_until_it_is_interrupted(self, service: LiveService, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with FakeTelegram() as telegram:
                lectern = CommandLine(
                    tmp_path / "data",
                    tmp_path,
                    {
                        "LECTERN_TELEGRAM_TOKEN": telegram_api.TOKEN,
                        "LECTERN_TELEGRAM_ALLOWED": f"{telegram_api.ANN}, -5",
                        "LECTERN_TELEGRAM_API_URL": telegram.url,
                    },
                )
                running = lectern.start("bot", "telegram", "--server", service.url)
                try:
                    telegram.say(RENT)
                    found = await telegram.shown(whole("lease.md"), within=60)
                    running.send_signal(signal.SIGINT)
                    out, err = await asyncio.to_thread(running.communicate, timeout=30)
                finally:
                    running.kill()
                assert found.links == {}  # an address of the loopback leads nobody anywhere
                assert out == f"@LecternBot answers from {service.url}; Ctrl-C ends it\nThe bot has ended.\n"
                assert err == ""
                assert running.returncode == 0

        within(90, scenario())
