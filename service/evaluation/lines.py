"""JSON Lines, checked line by line: what is wrong is said with its file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.errors import PermanentError

Row = TypeVar("Row", bound=BaseModel)


def read_lines(path: Path, kind: type[Row], error: type[PermanentError]) -> Iterator[tuple[int, Row]]:
    """Every line that is not blank, with its number from 1.

    Raises:
        error: the file cannot be read, or a line is not of this kind; the message names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as cause:
        raise error(f"{path}: {cause}") from cause
    yield from check_lines(text, path, kind, error)


def check_lines(
    text: str, path: Path, kind: type[Row], error: type[PermanentError]
) -> Iterator[tuple[int, Row]]:
    """As `read_lines`, of a file's text."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, kind.model_validate_json(line)
        except ValidationError as cause:
            raise error(f"{path}:{number}: {said_of(cause)}") from cause


def said_of(cause: ValidationError) -> str:
    """The first thing that is wrong: its field, and why."""
    first = cause.errors(include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    return f"{field + ': ' if field else ''}{first['msg']}"
