"""Every documented way in which a provider of GLM-5 fails, and what a service must make of it.

A question names its fault, ``(fault cut-inside 17)``; the scripted server reads the name and fails so.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from service.models.contract import ToolCall
from tests.fakes.glm5 import (
    CutStream,
    ErrorFrame,
    ErrorReply,
    HalfFrame,
    Hang,
    MalformedFrame,
    Reply,
    Reset,
)
from tests.fakes.live_service import passages_of

if TYPE_CHECKING:
    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded

SAID = "The monthly rent is 4,200 euros"
Outcome = Literal["whole", "empty", "unproven"]
"""Of a reply that is whole: an answer, nothing at all, or one that must not count as proven."""
_NAMED = re.compile(r"\(fault ([a-z0-9-]+) (\d+)\)")
_AGENTS_LAST = 4
"""Messages of an agent's prompt from which the scripted model answers."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What the provider does, and what the service answers: an outcome, or the status of an error."""

    name: str
    does: Step | Literal["recover", "garbage", "garbage-for-ever"]
    expected: Outcome | int
    begun: bool = False
    """Whether words of the answer come before it fails."""
    agent: bool | None = None
    """Only an agent is asked so, or never one; None is either."""


def _refusals() -> list[Fault]:
    by_code = {
        **dict.fromkeys(("1000", "1001", "1002", "1003", "1004", "1005"), (401, 502)),
        **dict.fromkeys(("1302", "1303", "1305"), (429, 503)),
        **dict.fromkeys(("1113", *map(str, range(1308, 1322))), (429, 503)),
        "1210": (400, 502),
        "1261": (400, 422),
        "1301": (400, 422),
    }
    by_status = {
        **dict.fromkeys((400, 401, 403, 404, 405, 413, 500, 501, 502, 504, 529), 502),
        **dict.fromkeys((402, 429, 503), 503),
        408: 504,
    }
    return [
        *(Fault(f"code-{code}", ErrorReply(sent, code), told) for code, (sent, told) in by_code.items()),
        *(Fault(f"status-{sent}", ErrorReply(sent), told) for sent, told in by_status.items()),
        Fault("too-large", ErrorReply(413, message="maximum context length is 202752 tokens"), 422),
        Fault("wait-long", ErrorReply(429, "1302", headers=(("Retry-After", "3600"),)), 503),
        Fault(
            "page-of-a-proxy", ErrorReply(502, body="<html>Bad gateway</html>", content_type="text/html"), 502
        ),
        Fault("page-with-200", ErrorReply(200, body="<html>Log in</html>", content_type="text/html"), 502),
        Fault("error-with-200", ErrorReply(200, "1302"), 503),
        Fault("nonsense-with-200", ErrorReply(200, body="[]"), 502),
        Fault("half-json-with-200", ErrorReply(200, body='{"choices": ['), 502),
    ]


def _streams() -> list[Fault]:
    text = Reply(f"{SAID} and more than that.")
    found: list[Fault] = [
        Fault("silent", Hang(), 504),
        Fault("reset", Reset(), 502),
        Fault("drip", Reply("word " * 400, chunk=1, delay=0.3), 504, begun=True),
    ]
    for name, after in (("at-once", 0), ("inside", 3)):
        begun = after > 0
        found += [
            Fault(f"silent-{name}", Hang(after, text), 504, begun),
            Fault(f"cut-{name}", CutStream(after, text), 502, begun),
            Fault(f"cut-cleanly-{name}", CutStream(after, text, clean=True), 502, begun),
            Fault(f"reset-{name}", Reset(after, text), 502, begun),
            Fault(f"half-a-frame-{name}", HalfFrame(after, text), 502, begun),
            Fault(f"malformed-{name}", MalformedFrame(after, reply=text), 502, begun),
            Fault(f"strange-{name}", MalformedFrame(after, '{"choices": [7]}', text), 502, begun),
            Fault(f"error-frame-{name}", ErrorFrame("1305", after, reply=text), 503, begun),
            Fault(f"filtered-{name}", ErrorFrame("1301", after, reply=text), 422, begun),
            Fault(f"failed-frame-{name}", ErrorFrame(500, after, reply=text), 502, begun),
        ]
    reasons = {"sensitive": 422, "network_error": 502, "model_context_window_exceeded": 422}
    found += [
        Fault(f"ends-{reason.replace('_', '-')}", Reply(SAID, finish=reason), status, begun=True)
        for reason, status in reasons.items()
    ]
    return found


def _whole() -> list[Fault]:
    text = f"{SAID}."
    return [
        Fault("none", Reply(text), "whole"),
        Fault("no-usage", Reply(text, usage="absent"), "whole"),
        Fault("no-details", Reply(text, details=False), "whole"),
        Fault("early-usage", Reply(text, usage="finish_frame"), "whole"),
        Fault("no-done", Reply(text, done=False), "whole"),
        Fault("comments", Reply(text, comments=True), "whole"),
        Fault("slow", Reply(text, delay=0.05), "whole"),
        Fault("recovers", "recover", "whole"),
        Fault("null", Reply(""), "empty"),
        Fault("too-long", Reply(text, finish="length"), "unproven"),
        Fault("unknown-end", Reply(text, finish="tired"), "unproven"),
        Fault("garbage", "garbage", "whole", agent=True),
        Fault("garbage-for-ever", "garbage-for-ever", "empty", agent=True),
    ]


FAULTS = {fault.name: fault for fault in (*_refusals(), *_streams(), *_whole())}


@dataclass
class FaultyProvider:
    """The script of a server that fails as each question says."""

    attempts: Counter[str] = field(default_factory=Counter[str])
    """By the question's number."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def script(self, request: Recorded) -> Step:
        """What comes of a request."""
        *_, (name, number) = _NAMED.findall(request.prompt)
        with self._lock:
            self.attempts[number] += 1
            attempt = self.attempts[number]
        fault = FAULTS[name]
        match fault.does:
            case "recover":
                return cited(request) if attempt > 1 else ErrorReply(500)
            case "garbage":
                return cited(request) if len(request.messages) > _AGENTS_LAST else GARBAGE
            case "garbage-for-ever":
                return GARBAGE
            case Reply() if fault.expected == "whole":
                return cited(request, fault.does)
            case step:
                return step


def cited(request: Recorded, reply: Reply | None = None) -> Reply:
    """A whole answer with a citation, sent as ``reply`` is."""
    shown = [*passages_of(request)]
    text = f"{SAID} [{shown[0]}]." if shown else f"{SAID}."
    return Reply(text) if reply is None else replace(reply, text=text)


GARBAGE = Reply(
    tool_calls=(
        ToolCall("", "no_such_tool", "{]"),
        ToolCall("call-2", "search_documents", json.dumps({"query": 7})),
        ToolCall("call-2", "", '{"question": "rent"'),
    )
)
