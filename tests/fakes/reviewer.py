"""A scripted model that fills the cells of reviews from what stands in their prompts."""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes.glm5 import ErrorReply, Reply
from tests.fakes.live_service import passages_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded

_ASKED = re.compile(r"\nQuestion: (?P<question>.*)\nAnswer type: (?P<type>\S+)\Z")
_DOCUMENT = re.compile(r"^# D(\d+) (\S.*)$", re.MULTILINE)
ABSENT = "The documents do not say."


def asked_of(request: Recorded) -> tuple[str, str, str]:
    """Path of the document, question and answer type of a cell's request."""
    found = _ASKED.search(request.question)
    assert found is not None, request.question[-200:]
    named = _DOCUMENT.search(request.question)
    assert named is not None
    return named[2], found["question"], found["type"]


@dataclass
class CellModel:
    """Answers by the question; ``answers`` give the whole reply, from marker and text of a passage."""

    answers: dict[str, Callable[[dict[str, str]], str]] = field(
        default_factory=dict[str, "Callable[[dict[str, str]], str]"]
    )
    failing: set[str] = field(default_factory=set[str])
    """Questions that the provider refuses."""
    refusing: Step | None = None
    """What every question gets instead of an answer."""
    delay: float = 0.0
    asked: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By path and question, how often a request arrived."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self, answers: Mapping[str, Callable[[dict[str, str]], str]]) -> None:
        """As new, with these answers."""
        self.answers, self.failing, self.refusing, self.delay = dict(answers), set(), None, 0.0
        self.asked.clear()

    def __call__(self, request: Recorded) -> Step:
        path, question, _ = asked_of(request)
        with self.lock:
            self.asked[path, question] += 1
        if self.refusing is not None:
            return self.refusing
        if question in self.failing:
            return ErrorReply(400, code="1210", message="scripted refusal")
        answer = self.answers.get(question)
        return Reply(answer(passages_of(request)) if answer else ABSENT, delay=self.delay)


def quoting(words: str, answer: str) -> Callable[[dict[str, str]], str]:
    """An answer that cites these words where a passage holds them; else that nothing is said."""

    def reply(passages: dict[str, str]) -> str:
        marker = next((marker for marker, text in passages.items() if words in text), None)
        return ABSENT if marker is None else f'{answer} [{marker} "{words}"].'

    return reply
