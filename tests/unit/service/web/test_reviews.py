"""Questions that were pasted, and the words of reviews."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from ingest.catalog.review_records import ReviewState
from prompts.reviewing import ANSWER_TYPES
from prompts.typed_values import Verdict
from service.reviewing.report import STANDINGS
from tests.fakes.page_modules import NODE, evaluated

pytestmark = pytest.mark.skipif(NODE is None, reason="no node on this machine")


def found(module: str, expression: str) -> Any:  # noqa: ANN401 — JSON
    program = f"import * as m from './{module}'; console.log(JSON.stringify({expression}));"
    return evaluated(program)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("When does it end?\nWho pays?", "lines"),
        ("- Who pays?\n- When?", "lines"),
        ("The question, as ever: who pays?", "lines"),
        ("question,type\nWho?,text", "csv"),
        ('\n"Title";"Question"\nx;y', "csv"),
        ("- question: Who pays?\n  type: text", "yaml"),
        ("- {question: Who pays?}", "yaml"),
        ("", "lines"),
    ],
)
def test_a_paste_is_told_by_its_first_line(text: str, kind: str) -> None:
    assert found("reviews/pasted.js", f"m.kindOfPaste({json.dumps(text)})") == kind


def test_lines_lose_the_marks_of_their_list() -> None:
    text = "1. Who pays?\r\n\n  - When?\n* 2026 or 2027?\n12) Where?\n3 months or more?"
    assert found("reviews/pasted.js", f"m.linesOf({json.dumps(text)})") == [
        "Who pays?",
        "When?",
        "2026 or 2027?",
        "Where?",
        "3 months or more?",
    ]


def test_a_file_has_a_name_that_every_system_takes() -> None:
    names = ["Leases, spring", "../../<b>", "", "a" * 200]
    assert found("reviews/exporting.js", f"{json.dumps(names)}.map((name) => m.fileName(name, 'csv'))") == [
        "Leases- spring.csv",
        "b.csv",
        "review.csv",
        f"{'a' * 80}.csv",
    ]


def test_everything_that_a_review_says_has_words() -> None:
    named = found("messages/en.js", "Object.keys(m.default)")
    for key, values in {
        "state": get_args(ReviewState),
        "type": ANSWER_TYPES,
        "verdict": get_args(Verdict),
        "cells": STANDINGS,
    }.items():
        assert {f"reviews.{key}.{value}" for value in values} <= set(named)
