"""Labelled queries, hits and runs in few words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypedDict, Unpack

from service.evaluation.dataset import LabelledQuery
from service.evaluation.measures import Found
from service.evaluation.runs import Ran

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from service.evaluation.dataset import Gold


class Changes(TypedDict, total=False):
    """What of a query is not the default."""

    id: str
    text: str
    short: str
    history: tuple[str, ...]
    document: str
    repo: str
    category: str
    gold: tuple[Gold, ...]
    gold_files: tuple[str, ...]
    in_paragraph: bool


def found(document: str, start: int, end: int) -> Found:
    return Found(document, start, end, 1.0)


def labelled(**changes: Unpack[Changes]) -> LabelledQuery:
    plain: Changes = {
        "id": "q",
        "text": "?",
        "short": "?",
        "history": (),
        "document": "",
        "repo": "",
        "category": "",
        "gold": (),
        "gold_files": (),
        "in_paragraph": False,
    }
    merged: Changes = {**plain, **changes}
    return LabelledQuery(**merged)


def ran(figures: Mapping[str, float], **changes: Unpack[Changes]) -> Ran:
    return Ran(labelled(**changes), (), dict(figures))


def write_lines(path: Path, rows: Iterable[object]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path
