"""Bodies are taken as they are described, and not as they might have been meant."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from service.http.chat.requests import ChatRequest
from service.http.requests import QueryRequest, SearchRequest, UsageRequest
from service.http.review_shapes import ReviewRequest
from service.http.wrong_fields import MOST_TOLD
from service.knowledge.arguments import AskArguments

if TYPE_CHECKING:
    from pydantic import BaseModel

SAID = {"model": "lectern/a", "messages": [{"role": "user", "content": "Who?"}]}
MANY = 20_000
UNKNOWN: dict[str, object] = dict.fromkeys(map(str, range(MANY)), 1)
EMPTY: dict[str, object] = {}
WRONG: list[tuple[type[BaseModel], dict[str, object]]] = [
    (QueryRequest, {"question": "Who?", **UNKNOWN}),
    (UsageRequest, UNKNOWN),
    (AskArguments, {"question": "Who?", **UNKNOWN}),
    (ReviewRequest, {"questions": [UNKNOWN] * 3}),
    (QueryRequest, {"question": "Who?", "documents": [1] * MANY}),
    (ChatRequest, {**SAID, "messages": [EMPTY] * MANY}),
    (ChatRequest, {**SAID, "messages": [{"role": "user", "content": [1] * MANY}]}),
    (ChatRequest, {**SAID, "messages": [{"role": "user", "content": [EMPTY] * 50}] * 200}),
    (ChatRequest, {**SAID, "stop": [1] * MANY}),
    (ChatRequest, {**SAID, "modalities": [1] * MANY}),
]


@pytest.mark.parametrize(
    "wrong",
    [
        {"stream": "true"},
        {"html": 1},
        {"top_k": "5"},
        {"top_k": True},
        {"temperature": "0.5"},
        {"temperature": False},
        {"max_tokens": 1.5},
    ],
)
def test_numbers_and_truth_are_not_read_from_anything_else(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        QueryRequest.model_validate({"question": "Who?", **wrong})


def test_what_is_a_number_is_taken_as_one() -> None:
    asked = QueryRequest.model_validate(
        {"question": "Who?", "top_k": 5.0, "temperature": 1, "thinking": None}
    )
    assert (asked.top_k, asked.temperature, asked.thinking) == (5, 1.0, None)
    assert SearchRequest.model_validate({"query": "12", "top_k": 3}).query == "12"


@pytest.mark.parametrize("wrong", [{"n": "1"}, {"stream_options": {"include_usage": "yes"}}, {"seed": True}])
def test_chat_completions_likewise(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ChatRequest.model_validate({**SAID, **wrong})


def errors_of(shape: type[BaseModel], body: dict[str, object]) -> int:
    with pytest.raises(ValidationError) as raised:
        shape.model_validate(body)
    return raised.value.error_count()


@pytest.mark.parametrize(("shape", "body"), WRONG)
def test_however_much_is_wrong_few_errors_come_of_it(shape: type[BaseModel], body: dict[str, object]) -> None:
    assert errors_of(shape, body) <= MOST_TOLD


def test_more_parts_than_anybody_sends_are_refused_before_they_are_looked_at() -> None:
    def said(parts: int) -> dict[str, object]:
        return {**SAID, "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}] * parts}]}

    assert len(ChatRequest.model_validate(said(1_000)).messages[0].content or "") == 1_000
    assert errors_of(ChatRequest, said(MANY)) == 1


def test_a_few_unknown_fields_are_named_each() -> None:
    with pytest.raises(ValidationError) as raised:
        QueryRequest.model_validate({"question": "Who?", "qestion": "Who?", "topk": 3})
    assert {error["loc"] for error in raised.value.errors()} == {("qestion",), ("topk",)}


def test_the_alias_of_a_field_is_known() -> None:
    assert UsageRequest.model_validate({"from": "2026-05-04"}).since == date(2026, 5, 4)
