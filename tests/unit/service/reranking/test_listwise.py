"""The language model as a reranker, with a scripted one."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from service.models.blocking import BlockingModel
from service.models.errors import ModelBusy
from service.models.prices import Price
from service.recording import Origin
from service.reranking.contract import RerankingFailed
from service.reranking.listwise import WINDOW, ModelReranker
from service.side_model import SideModel
from tests.fakes.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Generator

    from service.models.contract import ModelRequest
    from tests.fakes.scripted_model import Said

PASSAGES = [f"a.md\nIt costs {n} euros." for n in range(1, 46)]
DEAREST_FIRST = tuple(reversed(range(45)))


def dearest(request: ModelRequest) -> str:
    """The order by what the shown passages say."""
    shown = re.findall(r"^\[(\d+)\] .* costs (\d+) euros", request.messages[-1].content, re.MULTILINE)
    return " > ".join(f"[{number}]" for number, _ in sorted(shown, key=lambda pair: -int(pair[1])))


@contextmanager
def reranker(model: ScriptedModel, context: int = 200_000, seconds: float = 5.0) -> Generator[ModelReranker]:
    blocking = BlockingModel(model)
    side = SideModel(blocking, lambda _: Price(1.0, 0.2, 3.2))
    yield ModelReranker(side, name="glm-5", context=context, seconds=seconds)
    blocking.close()


def test_the_best_rise_through_the_windows() -> None:
    model = ScriptedModel(dearest)
    with reranker(model) as asked:
        order = asked.rerank("What is dear?", PASSAGES, origin=Origin("acme"))

    assert order.indexes[: WINDOW // 2] == DEAREST_FIRST[: WINDOW // 2]
    assert sorted(order.indexes) == list(range(45))
    assert len(order.calls) == len(model.requests) == 4
    assert {call.purpose for call in order.calls} == {"rerank"}
    assert all(call.usd and call.usage.prompt_tokens for call in order.calls)
    request = model.requests[0]
    assert (request.model, request.thinking, request.cache_salt) == ("glm-5", False, "acme")
    assert request.temperature == 0.1
    assert request.max_tokens < 200


def test_few_passages_are_ordered_in_one_call() -> None:
    model = ScriptedModel(dearest)
    with reranker(model) as asked:
        assert asked.rerank("?", PASSAGES[:12], origin=Origin("t")).indexes == tuple(reversed(range(12)))

    assert len(model.requests) == 1


def test_a_small_context_means_smaller_windows() -> None:
    model = ScriptedModel(dearest)
    with reranker(model, context=1_200) as asked:
        order = asked.rerank("?", PASSAGES[:20], origin=Origin("t"))

    assert order.indexes[0] == 19
    assert all(len(request.messages[-1].content) < 800 for request in model.requests)
    assert len(model.requests) > 2


def test_a_context_without_room_is_a_failure() -> None:
    with reranker(ScriptedModel(dearest), context=1_010) as asked, pytest.raises(RerankingFailed):
        asked.rerank("?", PASSAGES, origin=Origin("t"))


@pytest.mark.parametrize("then", ["I would rather not.", ModelBusy("too many", code="1302")])
def test_one_window_without_an_order_fails_all_and_is_still_paid(then: Said) -> None:
    script = ["[2] > [1]", then]
    with reranker(ScriptedModel(script)) as asked, pytest.raises(RerankingFailed) as failed:
        asked.rerank("?", PASSAGES[:30], origin=Origin("t"))

    assert len(failed.value.calls) == (2 if isinstance(then, str) else 1)
