"""Answers to a user's own questions, as they are measured and as a run file keeps them.

A run file grows by a line for every question that was asked, judged or measured anew; of several lines of one
question the last one counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from prompts.judging import Verdict  # noqa: TC001 — likewise
from service.evaluation.lines import check_lines, read_lines
from service.evaluation.runs import BadRun

if TYPE_CHECKING:
    from pathlib import Path

_FIRST_BYTES = b'{"id":"'


@dataclass(frozen=True, slots=True)
class GivenCitation:
    """A place that an answer cites."""

    path: str
    document: int
    """Number of its version."""
    start: int
    end: int
    supported: bool
    """A claim that carries it was proven, and the words that it quotes are there."""


@dataclass(frozen=True, slots=True)
class Given:
    """What came back for a question."""

    text: str
    """As people see it."""
    said: str
    """Without its citations."""
    session: str
    model: str | None
    mode: str
    abstained: bool
    """It says that the documents do not answer, and nothing else."""
    grounded: bool
    unsupported: tuple[str, ...]
    """The claims that what they cite does not prove."""
    citations: tuple[GivenCitation, ...]
    unresolved: int
    """Markers that name nothing."""
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    usd: float | None
    """None where the model's price is not known."""
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What another model thinks of an answer, and what that took."""

    model: str
    verdict: Verdict
    fingerprint: str
    """Of all that it was shown."""
    failure: str = ""
    """Why it could not be asked."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = 0.0


class RunLine(BaseModel):
    """A question with its answer, or with the reason why there is none."""

    model_config = ConfigDict(frozen=True)

    id: str
    question: str
    fingerprint: str
    """Of all that its answer depends on; another one makes it stale."""
    category: str = ""
    cluster: str
    given: Given | None = None
    failure: str = ""
    judged: Judged | None = None
    figures: Mapping[str, float] = Field(default_factory=dict[str, float])
    """By measure; empty for a failure, which is neither right nor wrong."""

    @property
    def group(self) -> str:
        """Whose table it is in."""
        return self.category


def read_answers(path: Path) -> dict[str, RunLine]:
    """The last line of every question, by its id, in the order of their first lines.

    Raises:
        BadRun: a line is no such line, or there is none at all.
    """
    lines = {line.id: line for _, line in read_lines(path, RunLine, BadRun)}
    if not lines:
        raise BadRun(f"{path}: no questions in it")
    return lines


def holds_answers(path: Path) -> bool:
    """Whether a run file is of answers, and not of hits, by its first line."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        return '"fingerprint"' in next((line for line in lines if line.strip()), "")


class RunFile:
    """A run file that may have been begun before."""

    def __init__(self, path: Path) -> None:
        """Read what is there; a line that a killed run left unfinished is cut off.

        Raises:
            BadRun: a line is no question's answer, or the file cannot be read or written.
        """
        self._path = path
        try:
            with path.open("a+b") as file:
                file.seek(0)
                data = file.read()
                whole = data.rfind(b"\n") + 1
                self.known = _known(path, data[:whole], unfinished=data[whole:])
                file.truncate(whole)
        except OSError as error:
            raise BadRun(f"{path}: {error.strerror}") from error

    def add(self, line: RunLine) -> None:
        """Keep a line at once.

        Raises:
            BadRun: it cannot be written.
        """
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{line.model_dump_json()}\n")
        except OSError as error:
            raise BadRun(f"{self._path}: {error.strerror}") from error


def _known(path: Path, data: bytes, *, unfinished: bytes) -> dict[str, RunLine]:
    try:
        lines = {line.id: line for _, line in check_lines(data.decode(), path, RunLine, BadRun)}
    except UnicodeDecodeError as error:
        raise BadRun(f"{path}: {error}") from error
    if unfinished and not (lines or unfinished.startswith(_FIRST_BYTES)):  # somebody's file of another kind
        raise BadRun(f"{path}: this is no run file")
    return lines


def fingerprint_of(*parts: str) -> str:
    """Another one for other parts."""
    return blake2b(json.dumps(parts).encode(), digest_size=12).hexdigest()
