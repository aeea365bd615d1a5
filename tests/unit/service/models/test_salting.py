from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import count
from threading import Barrier, Event

import pytest

from service.models.contract import Message, ModelRequest, Tool, complete
from service.models.salting import SaltedModel, salted
from tests.fakes.scripted_model import ScriptedModel

SYSTEM, QUESTION = Message("system", "Answer from the documents."), Message("user", "Who signs?")
REQUEST = ModelRequest((SYSTEM, QUESTION), max_tokens=10, cache_salt="acme")
TOOLS = (Tool("grep", "Find a pattern.", "{}"), Tool("read", "Read passages.", "{}"))


def test_prompts_of_two_tenants_begin_differently_and_one_ones_alike() -> None:
    model = ScriptedModel(["ok"] * 3)
    salts = {"acme": "11aa", "other": "22bb"}
    asked = SaltedModel(model, salts.__getitem__)

    async def ask() -> None:
        for tenant in ("acme", "acme", "other"):
            await complete(asked, replace(REQUEST, cache_salt=tenant))

    asyncio.run(ask())
    first, again, other = model.requests
    assert first == again
    assert first.messages[0].content[0] != other.messages[0].content[0]
    assert first.messages[0].content.endswith(SYSTEM.content)
    assert first.messages[1:] == other.messages[1:] == (QUESTION,)
    assert (first.cache_salt, other.cache_salt) == ("11aa", "22bb")


@pytest.mark.parametrize("tenant", ["default", None])
def test_who_has_no_salt_is_asked_the_same_bytes(tenant: str | None) -> None:
    model = ScriptedModel(["ok"])
    request = replace(REQUEST, cache_salt=tenant)
    asyncio.run(complete(SaltedModel(model, lambda _: ""), request))
    assert model.requests == [request]


def test_the_first_tool_is_salted_too_since_providers_render_tools_first() -> None:
    request = salted(replace(REQUEST, tools=TOOLS), "11aa")
    assert request.tools == (replace(TOOLS[0], description="11aa Find a pattern."), TOOLS[1])


def test_a_prompt_without_a_system_text_gets_one() -> None:
    request = salted(replace(REQUEST, messages=(QUESTION,)), "11aa")
    assert request.messages == (Message("system", "11aa"), QUESTION)


def test_a_tenants_salt_is_looked_up_once() -> None:
    asked: list[str] = []

    def salt(tenant: str) -> str:
        asked.append(tenant)
        return "11aa"

    model = SaltedModel(ScriptedModel(["ok", "ok"]), salt)

    async def ask() -> None:
        for _ in range(2):
            await complete(model, REQUEST)

    asyncio.run(ask())
    assert asked == ["acme"]


def test_a_look_up_that_takes_its_time_holds_nobody_else_up() -> None:
    others = Event()
    model = ScriptedModel(["ok"])
    asked = SaltedModel(model, lambda _: "11aa" if others.wait(5) else "held up")

    async def go_on() -> None:
        others.set()

    async def ask() -> None:
        await asyncio.gather(complete(asked, REQUEST), go_on())

    asyncio.run(ask())
    assert model.requests[0].cache_salt == "11aa"


def test_two_first_questions_at_once_get_one_salt() -> None:
    both, numbers = Barrier(2, timeout=5), count()
    model = ScriptedModel(["ok"] * 3)

    def salt(_: str) -> str:
        both.wait()
        return f"{next(numbers)}aa"

    asked = SaltedModel(model, salt)

    async def ask() -> None:
        await asyncio.gather(complete(asked, REQUEST), complete(asked, REQUEST))
        await complete(asked, REQUEST)

    asyncio.run(ask())
    assert len({request.cache_salt for request in model.requests}) == 1
