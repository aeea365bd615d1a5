"""What agents may say when they call a tool; the descriptions are all that a model knows of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from service.answers import Mode  # noqa: TC001 — a field's type
from service.http.requests import CollectionName, Named, Question, Request  # noqa: TC001 — fields' types

MOST_RANGES = 20
MOST_PASSAGES = 60
"""That one call may read."""

Marker = Annotated[
    str, Field(pattern=r"^\[?D[1-9][0-9]{0,8}:[1-9][0-9]{0,8}(-[1-9][0-9]{0,8})?\]?$", max_length=40)
]
_Collection = Annotated[
    CollectionName | None,
    Field(description="A name that list_collections tells; without it, the default collection."),
]
_Documents = Annotated[
    list[Named] | None,
    Field(
        min_length=1,
        max_length=100,
        description="Ids or paths that list_documents tells, or patterns (docs/*): only these are read.",
    ),
]


class SearchArguments(Request):
    """Of ``search``."""

    query: Annotated[
        Question, Field(description="What to look for, in any language; names and numbers help.")
    ]
    collection: _Collection = None
    documents: _Documents = None
    top_k: Annotated[int, Field(ge=1, le=50, description="Places at most.")] = 8


class AskArguments(Request):
    """Of ``ask``."""

    question: Annotated[Question, Field(description="One question; its answer is cited and checked.")]
    collection: _Collection = None
    documents: _Documents = None
    session_id: Annotated[
        Annotated[str, Field(min_length=1, max_length=64)] | None,
        Field(description="Of an earlier answer, which this question follows up."),
    ] = None
    mode: Annotated[
        Mode,
        Field(
            description="auto suits nearly all; pin reads whole documents, retrieve the passages found, map "
            "all documents in parts, agent searches in several steps."
        ),
    ] = "auto"


class ReadArguments(Request):
    """Of ``read_passages``."""

    markers: Annotated[
        list[Marker],
        Field(
            min_length=1,
            max_length=MOST_RANGES,
            description=f"Such as D7:31 or D7:31-33, as results name them; {MOST_PASSAGES} passages in all.",
        ),
    ]
    collection: _Collection = None


class ListArguments(Request):
    """Of ``list_documents``."""

    collection: _Collection = None
    limit: Annotated[int, Field(ge=1, le=200, description="Documents at most.")] = 50
    after: Annotated[
        str | None, Field(min_length=1, max_length=2_000, description="`next` of the list before.")
    ] = None


class NoArguments(Request):
    """Of ``list_collections``."""
