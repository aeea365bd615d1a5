from __future__ import annotations

from ingest.tracing import trace_of


def failing(text: str) -> None:
    try:
        int(text)
    except ValueError as error:
        raise LookupError(f"nothing like {text}") from error


def caught(text: str) -> Exception:
    try:
        failing(text)
    except LookupError as error:
        return error
    raise AssertionError


def test_places_and_kinds_are_told_the_first_cause_first_and_no_message() -> None:
    trace = trace_of(caught("canary"))

    assert "canary" not in trace
    assert trace.index("builtins.ValueError") < trace.index("builtins.LookupError")
    assert "in failing" in trace
    assert "in caught" in trace
    assert "test_tracing.py" in trace


def test_errors_of_a_group_are_told_likewise() -> None:
    group = ExceptionGroup("canary", [caught("canary"), KeyError("canary")])

    trace = trace_of(group)

    assert "canary" not in trace
    assert "builtins.KeyError" in trace
    assert "in failing" in trace


def test_errors_that_cause_each_other_come_to_an_end() -> None:
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one

    assert trace_of(one).count("builtins.ValueError") == 1


def test_what_was_suppressed_stays_out() -> None:
    error = ValueError()
    error.__context__ = KeyError()
    error.__suppress_context__ = True

    assert "KeyError" not in trace_of(error)
