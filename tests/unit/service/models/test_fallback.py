"""Other providers: when they are asked, in which order, and what they are asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from service.models.contract import Diverted, Finished, Message, ModelRequest, TextDelta, complete
from service.models.errors import (
    CircuitOpen,
    ContentFiltered,
    InvalidRequest,
    KeyRejected,
    MalformedReply,
    ModelBusy,
    ModelFailed,
    ModelTimeout,
    ModelUnreachable,
    PromptTooLong,
    QuotaExhausted,
    RequestRefused,
    StreamCut,
    TooManyWaiting,
)
from service.models.fallback import Fallback, FallbackModel
from service.models.prices import Price
from service.models.providers import ModelLimits
from tests.fakes.scripted_model import Broken, ScriptedModel

if TYPE_CHECKING:
    from tests.fakes.scripted_model import Said

REQUEST = ModelRequest((Message("user", "Who signs?"),), max_tokens=100, model="glm-5", session="s1")
PRICE = Price(0.8, 0.16, 2.56)
LARGE = ModelLimits(200_000, 131_072)
pytestmark = pytest.mark.anyio


class Providers:
    """A first provider, and others behind it, each with what it says."""

    def __init__(self, first: Said, *others: Said, limits: ModelLimits = LARGE) -> None:
        self.first = ScriptedModel([first])
        self.others = [ScriptedModel([said]) for said in others]
        fallbacks = [
            Fallback(f"other{number}", model, f"their-glm-{number}", PRICE, limits)
            for number, model in enumerate(self.others)
        ]
        self.model = FallbackModel(self.first, fallbacks, count=len)

    @property
    def asked(self) -> list[int]:
        return [len(model.requests) for model in (self.first, *self.others)]


async def test_the_first_one_answers_alone() -> None:
    providers = Providers("Ann Lee.", "Bo Li.")
    reply = await complete(providers.model, REQUEST)
    assert (reply.text, reply.diverted) == ("Ann Lee.", None)
    assert providers.asked == [1, 0]


@pytest.mark.parametrize(
    "error",
    [
        ModelBusy("down"),
        ModelFailed("down"),
        ModelUnreachable("down"),
        ModelTimeout("down"),
        StreamCut("down"),
        MalformedReply("down"),
        QuotaExhausted("down"),
        KeyRejected("down"),
        CircuitOpen("down"),
    ],
)
async def test_the_next_one_answers_and_is_named_first(error: Exception) -> None:
    providers = Providers(error, "Bo Li.", "never")
    events = [event async for event in providers.model.stream(REQUEST)]
    assert events[0] == Diverted("other0", "their-glm-0", PRICE, "down")
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Bo Li."]
    assert isinstance(events[-1], Finished)
    assert providers.asked == [1, 1, 0]


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequest("top_p", "no"),
        ContentFiltered("x"),
        PromptTooLong("x"),
        RequestRefused("x"),
        TooManyWaiting("x"),
        ZeroDivisionError("a bug"),
    ],
)
async def test_what_is_about_the_question_is_not_asked_elsewhere(error: Exception) -> None:
    providers = Providers(error, "never")
    with pytest.raises(type(error)) as raised:
        await complete(providers.model, REQUEST)
    assert raised.value is error
    assert providers.asked == [1, 0]


async def test_never_once_a_word_was_passed_on() -> None:
    providers = Providers(Broken("Ann", StreamCut("x")), "never")
    with pytest.raises(StreamCut):
        await complete(providers.model, REQUEST)
    providers = Providers(ModelFailed("x"), Broken("Ann", StreamCut("y")), "never")
    with pytest.raises(StreamCut):
        await complete(providers.model, REQUEST)
    assert providers.asked == [1, 1, 0]


async def test_in_their_order_until_one_answers() -> None:
    providers = Providers(ModelFailed("x"), KeyRejected("y"), RequestRefused("no such model"), "Cy Do.")
    reply = await complete(providers.model, REQUEST)
    assert reply.text == "Cy Do."
    assert reply.diverted is not None
    assert reply.diverted.provider == "other2"
    assert providers.asked == [1, 1, 1, 1]


async def test_where_all_fail_the_first_one_tells_why(caplog: pytest.LogCaptureFixture) -> None:
    providers = Providers(ModelFailed("first"), ModelBusy("second"), InvalidRequest("tool_choice", "no"))
    with pytest.raises(ModelFailed, match="first"):
        await complete(providers.model, REQUEST)
    assert "other0 could not help either: second" in caplog.text


async def test_what_another_filter_stops_is_not_asked_further() -> None:
    providers = Providers(ModelFailed("x"), ContentFiltered("y"), "never")
    with pytest.raises(ContentFiltered):
        await complete(providers.model, REQUEST)
    assert providers.asked == [1, 1, 0]


async def test_they_are_asked_for_their_own_model_within_its_limits() -> None:
    providers = Providers(ModelFailed("x"), "Bo Li.", limits=ModelLimits(5_000, 64))
    await complete(providers.model, REQUEST)
    assert providers.others[0].requests == [replace(REQUEST, model="their-glm-0", max_tokens=64)]


async def test_one_whose_context_is_too_small_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    providers = Providers(ModelFailed("x"), "never", limits=ModelLimits(1_000, 500))
    long = replace(REQUEST, messages=(Message("user", "x" * 950),))
    with pytest.raises(ModelFailed):
        await complete(providers.model, long)
    assert providers.asked == [1, 0]
    assert "other0 is passed over" in caplog.text
    fitting = replace(REQUEST, messages=(Message("user", "x" * 850),))
    providers = Providers(ModelFailed("x"), "Bo Li.", limits=ModelLimits(1_000, 500))
    assert (await complete(providers.model, fitting)).text == "Bo Li."


async def test_what_only_the_first_ones_cache_wants_stays_there() -> None:
    providers = Providers(ModelFailed("x"), "never")
    with pytest.raises(ModelFailed):
        await complete(providers.model, replace(REQUEST, elsewhere=False))
    assert providers.asked == [1, 0]


async def test_every_stream_is_closed() -> None:
    providers = Providers(ModelFailed("x"), ModelBusy("y"), "Cy Do. And so on and on.")
    stream = providers.model.stream(REQUEST)
    await anext(stream)
    await stream.aclose()
    assert [model.closed for model in (providers.first, *providers.others)] == [1, 1, 1]
