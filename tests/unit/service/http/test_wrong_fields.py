from __future__ import annotations

import pytest
from pydantic import ValidationError

from service.http.requests import QueryRequest
from service.http.wrong_fields import MOST_TOLD, in_one_line, wrong_fields


def error(*place: str | int) -> dict[str, object]:
    return {"loc": place, "msg": "Extra inputs are not permitted", "input": "secret"}


def test_each_is_told_with_its_place() -> None:
    fields = wrong_fields([error("body", "documents", 3), error("body", "qestion")])

    assert [field["field"] for field in fields] == ["body.documents.3", "body.qestion"]
    told = in_one_line(fields, 2)
    assert told.endswith("body.qestion: Extra inputs are not permitted")
    assert "secret" not in told


def test_of_many_the_first_are_told_and_the_rest_counted() -> None:
    fields = wrong_fields([error("body", number) for number in range(5_000)])

    assert [field["field"] for field in fields] == [f"body.{number}" for number in range(MOST_TOLD)]
    assert in_one_line(fields, 5_000).endswith("; and 4,980 more")


def test_a_long_name_is_not_sent_back_whole() -> None:
    [field] = wrong_fields([error("body", "x" * 1_000_000)])
    assert len(field["field"]) < 1_000


@pytest.mark.parametrize("question", ["", " \n"])
def test_a_blank_question_is_said_to_be_blank(question: str) -> None:
    with pytest.raises(ValidationError) as refused:
        QueryRequest(question=question)
    found = wrong_fields(refused.value.errors())
    assert {field["message"] for field in found} == {"must not be blank"}


def test_a_list_that_is_empty_is_not_said_to_be_blank() -> None:
    with pytest.raises(ValidationError) as refused:
        QueryRequest(question="Who pays?", documents=[])
    [field] = wrong_fields(refused.value.errors())
    assert "at least 1 item" in field["message"]
