"""A model asked from threads without an event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from service.models.blocking import BlockingModel
from service.models.contract import Message, ModelRequest
from service.models.errors import ModelBusy, ModelTimeout, ModelUnreachable
from tests.fakes.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from service.models.contract import ModelEvent

REQUEST = ModelRequest((Message("user", "Who pays?"),), max_tokens=9)


class SilentModel:
    """Says nothing until it is told to stop."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.ended = threading.Event()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        del request
        self.asked.set()
        try:
            await asyncio.sleep(60)
        finally:
            self.ended.set()
        raise AssertionError
        yield


def test_several_threads_ask_and_one_loop_answers_them() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def close() -> None:
        loops.append(asyncio.get_running_loop())

    def said(_: ModelRequest) -> str:
        loops.append(asyncio.get_running_loop())
        return "The tenant."

    model = BlockingModel(ScriptedModel(said), close=close)
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(model.complete, REQUEST, seconds=5) for _ in range(8)]
        replies = [reply.result().text for reply in asked]
    model.close()

    assert replies == ["The tenant."] * 8
    assert len(loops) == 9
    assert len(set(loops)) == 1


def test_an_error_is_the_callers_and_the_next_one_is_answered() -> None:
    model = BlockingModel(ScriptedModel([ModelBusy("too many"), "The tenant."]))
    with pytest.raises(ModelBusy):
        model.complete(REQUEST, seconds=5)

    assert model.complete(REQUEST, seconds=5).text == "The tenant."
    model.close()


def test_silence_ends_with_the_time() -> None:
    silent = SilentModel()
    model = BlockingModel(silent)
    begun = time.monotonic()
    with pytest.raises(ModelTimeout):
        model.complete(REQUEST, seconds=0.05)

    assert time.monotonic() - begun < 2
    assert silent.ended.wait(2)
    model.close()


def test_closing_ends_what_is_being_asked() -> None:
    silent = SilentModel()
    model = BlockingModel(silent)
    with ThreadPoolExecutor(1) as threads:
        asking = threads.submit(model.complete, REQUEST, seconds=60)
        assert silent.asked.wait(2)
        model.close()
        with pytest.raises(ModelUnreachable):
            asking.result(2)

    assert silent.ended.is_set()


def test_nothing_starts_before_it_is_asked() -> None:
    before = threading.active_count()
    model = BlockingModel(SilentModel())

    assert threading.active_count() == before
    model.close()
