"""Bodies are taken as they are described, and not as they might have been meant."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from service.http.chat.requests import ChatRequest
from service.http.requests import QueryRequest, SearchRequest

SAID = {"model": "lectern/a", "messages": [{"role": "user", "content": "Who?"}]}


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
