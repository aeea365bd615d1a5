from __future__ import annotations

import io
import json
import logging
import threading
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from ingest.errors import CatalogUnavailable, UnknownName
from service import logs
from service.logs import configure, event
from service.models.errors import ModelBusy, ModelFailed
from service.request_id import working_for

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "amber canary"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """As a process of its own would leave it."""
    root = logging.getLogger()
    named = [logging.getLogger(name) for name in (*logs.OURS, "uvicorn.access", "py.warnings")]
    kept = (root.handlers, root.level, logging.raiseExceptions, threading.excepthook)
    levels = [(logger, logger.level, logger.handlers[:], logger.disabled) for logger in named]
    yield
    logging.captureWarnings(capture=False)
    root.handlers, level, logging.raiseExceptions, threading.excepthook = kept
    root.setLevel(level)
    for logger, before, handlers, disabled in levels:
        logger.setLevel(before)
        logger.handlers = handlers
        logger.disabled = disabled


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def lines(stream: io.StringIO) -> list[Any]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_with_the_request(stream: io.StringIO) -> None:
    configure(form="json", level="info", content=False, handler=logging.StreamHandler(stream))
    with working_for("req-1"):
        logging.getLogger("service.x").info("%s things\nhappened", 3, extra=event(status=200))
    logging.getLogger("service.x").debug("not this")

    (line,) = lines(stream)

    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "service.x",
        "message": "3 things\nhappened",
        "request_id": "req-1",
        "status": 200,
    }


def test_text_is_for_people_and_one_line_too(stream: io.StringIO) -> None:
    configure(form="text", level="info", content=False, handler=logging.StreamHandler(stream))
    logging.getLogger("service.x").warning("two\nlines", extra=event(status=200))

    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith("warning service.x: two\\nlines status=200\n")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UnknownName("document", CANARY), "UnknownName"),
        (ModelBusy(CANARY, code="1302", status=429), "ModelBusy (code 1302, status 429)"),
        (ModelFailed(CANARY, code=CANARY), "ModelFailed"),
        (ValueError(CANARY), "ValueError"),
        (CatalogUnavailable("the catalog's database: locked"), "the catalog's database: locked"),
    ],
)
def test_of_an_error_only_what_quotes_nobody_is_told(
    stream: io.StringIO, error: Exception, told: str
) -> None:
    configure(form="json", level="debug", content=False, handler=logging.StreamHandler(stream))
    logging.getLogger("service.x").warning("job %s: %s", 7, error)

    assert lines(stream)[0]["message"] == f"job 7: {told}"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_trace_has_places_and_no_messages(stream: io.StringIO, form: logs.Format) -> None:
    configure(form=form, level="debug", content=False, handler=logging.StreamHandler(stream))
    try:
        int(CANARY)
    except ValueError:
        logging.getLogger("service.x").exception("it failed")

    said = stream.getvalue()
    assert CANARY not in said
    assert "builtins.ValueError" in said
    assert "test_logs.py" in said


@pytest.mark.filterwarnings("default")
def test_what_libraries_say_is_withheld_and_their_chatter_is_not_there(stream: io.StringIO) -> None:
    configure(form="json", level="debug", content=False, handler=logging.StreamHandler(stream))
    logging.getLogger("openai").debug("request %s", CANARY)
    logging.getLogger("mcp.server").warning("invalid: %s", CANARY)
    logging.getLogger("uvicorn.error").info("shutting down")
    warnings.warn(CANARY, stacklevel=1)

    said = lines(stream)

    assert [line["logger"] for line in said] == ["mcp.server", "uvicorn.error", "py.warnings"]
    assert CANARY not in stream.getvalue()
    assert said[0]["message"].startswith("a message from test_logs:")


def test_a_line_that_cannot_be_made_prints_nothing(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(form="json", level="debug", content=False, handler=logging.StreamHandler(stream))
    logging.getLogger("service.x").info("%d", CANARY)

    assert stream.getvalue() == capsys.readouterr().err == ""


def test_what_ends_a_thread_is_told_without_its_message(stream: io.StringIO) -> None:
    configure(form="json", level="error", content=False, handler=logging.StreamHandler(stream))
    ended = threading.Thread(target=int, args=(CANARY,))
    ended.start()
    ended.join()

    (line,) = lines(stream)
    assert (line["level"], line["logger"]) == ("critical", "service.logs")
    assert CANARY not in stream.getvalue()


def test_with_content_all_is_told(stream: io.StringIO) -> None:
    configure(form="json", level="debug", content=True, handler=logging.StreamHandler(stream))
    logging.getLogger("openai").debug("request %s", CANARY)
    logging.getLogger("service.x").info(
        "it is %s", ValueError(CANARY), extra={"content": {"question": CANARY}}
    )
    try:
        int(CANARY)
    except ValueError:
        logging.getLogger("service.x").exception("it failed")

    library, ours, failed = lines(stream)
    assert library["message"] == f"request {CANARY}"
    assert ours["message"] == f"it is {CANARY}"
    assert ours["question"] == CANARY
    assert CANARY in failed["trace"]
