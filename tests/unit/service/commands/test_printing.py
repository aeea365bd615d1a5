"""What stands under an answer in a terminal."""

from __future__ import annotations

import pytest

from service.commands.printing import print_footer, print_sources, print_step
from service.http.event_shapes import StepEvent
from service.http.place_shapes import Citation
from service.http.plan_shapes import Cost, Plan, Usage
from service.http.responses import QueryResponse


def answer(plan: Plan) -> QueryResponse:
    return QueryResponse(
        id="ans_1",
        session_id="s",
        answer="The tenant.",
        llm_generated=True,
        model="glm-5",
        grounded=True,
        claims=[],
        citations=[],
        unresolved=[],
        usage=Usage(
            prompt_tokens=900,
            cached_tokens=64,
            predicted_cached_tokens=0,
            completion_tokens=5,
            reasoning_tokens=0,
        ),
        cost=Cost(usd=0.001, saved_usd=0.0, cached_ratio=0.1, alternatives={}),
        plan=plan,
        timings_ms={},
    )


def test_what_was_searched_for_and_what_failed_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan(mode="retrieve", reason="", segments=[], left_out=[], context=[])

    print_footer(
        answer(plan.model_copy(update={"searched": "Who pays?", "warnings": ["the reranker failed"]}))
    )
    told = capsys.readouterr().out
    print_footer(answer(plan))
    untold = capsys.readouterr().out

    assert told == f"  searched for: Who pays?\n  the reranker failed\n{untold}"
    assert "900 tokens read" in untold


def test_where_nothing_is_said_it_says_how_sure_that_is(capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan(mode="extract", reason="", segments=[], left_out=[], context=[])
    unsure = {"llm_generated": False, "confidence": 0.231}

    print_footer(answer(plan).model_copy(update=unsure))
    assert "23% sure of an answer: lectern search" in capsys.readouterr().out
    print_footer(answer(plan).model_copy(update={"llm_generated": False, "confidence": None}))
    assert "sure" not in capsys.readouterr().out


def test_an_agents_steps_stand_beside_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    step = StepEvent(step=1, tool="grep", arguments='{"pattern": "fee"}', results=3, error=None)

    print_step(step)
    print_step(step.model_copy(update={"arguments": "x " * 90, "results": 0, "error": "unknown document"}))

    told = capsys.readouterr()
    assert told.out == ""
    first, second = told.err.splitlines()
    assert first == '  grep {"pattern": "fee"}: 3 found'
    assert second.endswith("x …: unknown document")
    assert len(second) < 120


@pytest.mark.parametrize(
    ("text", "generated", "shown"),
    [
        ("The tenant pays\n  the rent.", True, "“The tenant pays the rent.”"),
        ("word " * 200, True, "word …”"),
        ("word " * 200, False, "word”"),
        ("租金" * 300, True, "租…”"),
        ("租金" * 300, False, "租金”"),
    ],
)
def test_a_source_tells_what_it_says_and_an_extract_all_of_it(
    text: str, *, generated: bool, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    citation = Citation.model_construct(
        index=1, quoted="exact", path="a.txt", page_start=None, line_start=1, line_end=1, section=[]
    ).model_copy(update={"cited_text": text})
    plan = Plan(mode="extract", reason="", segments=[], left_out=[], context=[])

    print_sources(answer(plan).model_copy(update={"citations": [citation], "llm_generated": generated}))

    told = "".join(line.strip() for line in capsys.readouterr().out.splitlines()[1:])
    assert told.endswith(shown)
    assert len(told) >= min(len(text.strip()), 390) - 12
