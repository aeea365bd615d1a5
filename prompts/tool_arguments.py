"""From the JSON that a model wrote to a call; what is wrong with it is said in words that it can correct."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, cast

from prompts.tools import (
    LONGEST_RUN,
    MOST_DOCUMENTS,
    MOST_PASSAGES,
    Grep,
    ListDocuments,
    ReadPassages,
    SearchDocuments,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prompts.tools import Call

LONGEST_TEXT = 2_000
"""Code points of a query or a pattern."""
MOST_NAMED = 100
"""Documents that one call may name."""
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}")
_NUMBERED = re.compile(r"\[?\s*[Dd]?\s*([0-9]{1,9})\s*(?::[0-9-]*)?\s*\]?")


class BadCall(ValueError):
    """A call that cannot be carried out; the message is for the model."""


def read_call(name: str, arguments: str) -> Call:
    """The call of a tool.

    Raises:
        BadCall: there is no such tool, or its arguments are not what its schema says.
    """
    read = _READERS.get(name)
    if read is None:
        known = ", ".join(sorted(_READERS))
        raise BadCall(f"there is no tool {_shown(name)}; the tools are {known}")
    given = _Arguments(name, read_object(arguments))
    call = read(given)
    given.done()
    return call


def read_object(arguments: str) -> Mapping[str, object]:
    """The JSON object of a call; nothing at all counts as an empty one.

    Raises:
        BadCall: it is something else.
    """
    if not arguments.strip():
        return {}
    try:
        value: object = json.loads(arguments)
    except (ValueError, RecursionError):
        raise BadCall("the arguments are not valid JSON, or were cut short; write them again") from None
    if not isinstance(value, dict):
        raise BadCall("the arguments must be a JSON object")
    return cast("Mapping[str, object]", value)


def document_number(name: str) -> int | None:
    """The 7 of ``D7``, ``7`` or ``[D7:31]``; None for a path."""
    found = _NUMBERED.fullmatch(name.strip())
    return int(found[1]) if found else None


class _Arguments:
    """Takes arguments by name; a null counts as none, a number in quotation marks as a number."""

    def __init__(self, tool: str, values: Mapping[str, object]) -> None:
        self._tool = tool
        self._values = {name: value for name, value in values.items() if value is not None}

    def has(self, name: str) -> bool:
        """Whether it is given, and not empty."""
        return self._values.get(name, "") != ""

    def text(self, name: str) -> str:
        """A text; empty where it is not given."""
        value = self._values.pop(name, "")
        if not isinstance(value, str):
            raise BadCall(f"{name} must be a string")
        if len(value) > LONGEST_TEXT:
            raise BadCall(f"{name} is longer than {LONGEST_TEXT} characters")
        return _unicode(name, value)

    def words(self, name: str) -> str:
        """A text that must be there."""
        value = self.text(name)
        if not value.strip():
            raise BadCall(f"{self._tool} needs {name}")
        return value

    def number(self, name: str, default: int | None, most: int) -> int:
        """A whole number from 1; one above ``most`` is taken for it."""
        value = self._values.pop(name, default)
        if value is None:
            raise BadCall(f"{self._tool} needs {name}")
        if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadCall(f"{name} must be a whole number")
        if value < 1:
            raise BadCall(f"{name} must be 1 or more")
        return min(value, most)

    def document(self, name: str) -> str:
        """A document by number or path."""
        value = self._values.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            self._values[name] = f"D{value}"
        return self.words(name)

    def documents(self, name: str) -> tuple[str, ...]:
        """Several documents, each once; a single one needs no list."""
        value = self._values.pop(name, [])
        named = cast("list[object]", value) if isinstance(value, list) else [value]
        if len(named) > MOST_NAMED:
            raise BadCall(f"{name} may name {MOST_NAMED} at most")
        return tuple(dict.fromkeys(_document(name, one) for one in named))

    def done(self) -> None:
        """Nothing else may have been given."""
        for name in self._values:
            raise BadCall(f"{self._tool} takes no argument {_shown(name)}")


def _search(given: _Arguments) -> SearchDocuments:
    return SearchDocuments(
        given.words("query"), given.number("top_k", 5, MOST_PASSAGES), given.documents("documents")
    )


def _read(given: _Arguments) -> ReadPassages:
    document = given.document("document")
    first = given.number("first", None, 10**9)
    last = given.number("last", first, 10**9)
    if last < first:
        raise BadCall("last must not be less than first")
    return ReadPassages(document, first, min(last, first + LONGEST_RUN - 1))


def _list(given: _Arguments) -> ListDocuments:
    return ListDocuments(
        given.text("query"),
        given.text("prefix"),
        given.number("limit", 40, MOST_DOCUMENTS),
        given.document("after") if given.has("after") else given.text("after"),
    )


def _grep(given: _Arguments) -> Grep:
    return Grep(given.words("pattern"), given.number("limit", 8, MOST_PASSAGES), given.documents("documents"))


_READERS: Mapping[str, Callable[[_Arguments], Call]] = {
    "grep": _grep,
    "list_documents": _list,
    "read_passages": _read,
    "search_documents": _search,
}


def _document(name: str, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"D{value}"
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
        raise BadCall(f"{name} must name documents, each as D7 or by its path")
    return _unicode(name, value)


def _unicode(name: str, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadCall(f"{name} holds half of a surrogate pair") from None
    return value


def _shown(name: str) -> str:
    """A name as the model wrote it, short and on one line."""
    return repr(" ".join(name.encode("utf-8", "replace").decode().split())[:60])
