"""The tools that an agent may call: one constant set, and what a call of each asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

MOST_PASSAGES = 20
"""That a search or a pattern shows."""
LONGEST_RUN = 41
"""Passages that are read at a time."""
MOST_DOCUMENTS = 100
"""That are listed at a time."""


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A tool as a model is told of it; ``parameters`` is JSON Schema as text, the same bytes every time."""

    name: str
    description: str
    parameters: str


@dataclass(frozen=True, slots=True)
class SearchDocuments:
    """Find the passages that answer best."""

    query: str
    top_k: int = 5
    documents: tuple[str, ...] = ()
    """Each by number, ``D7``, or by path; none means all."""


@dataclass(frozen=True, slots=True)
class ReadPassages:
    """Read passages ``first`` to ``last`` of a document."""

    document: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ListDocuments:
    """List documents by path."""

    query: str = ""
    prefix: str = ""
    limit: int = 40
    after: str = ""


@dataclass(frozen=True, slots=True)
class Grep:
    """Find the passages that match a regular expression."""

    pattern: str
    limit: int = 8
    documents: tuple[str, ...] = ()


Call = SearchDocuments | ReadPassages | ListDocuments | Grep


@cache
def tools() -> tuple[ToolDefinition, ...]:
    """All tools, by name."""
    read: list[dict[str, Any]] = json.loads(_template("tools.json"))
    return tuple(
        ToolDefinition(tool["name"], tool["description"], _compact(tool["parameters"]))
        for tool in sorted(read, key=lambda tool: tool["name"])
    )


@cache
def tools_text() -> str:
    """The tools as a provider renders them in front of a prompt, or nearly so: to foretell its cache."""
    return "".join(f"{tool.name}\n{tool.description}\n{tool.parameters}\n" for tool in tools())


def _compact(schema: object) -> str:
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def _template(name: str) -> str:
    return (files("prompts") / "templates" / name).read_text(encoding="utf-8")
