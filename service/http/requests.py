"""The bodies that HTTP takes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import NoneType
from typing import Annotated, cast, get_args

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ingest.catalog.call_records import UsageKey, UsageWanted
from prompts.plan_request import Accuracy
from service.answers import Mode, Query
from service.http.wrong_fields import MOST_TOLD, NOT_BLANK
from service.naming import COLLECTION_NAME, LONGEST_NAME

LONGEST_QUESTION = 20_000
"""Code points."""
LARGEST_NUMBER = 2**31 - 1
"""Of a version: what the catalog's databases hold."""

Name = Annotated[str, Field(min_length=1, max_length=200)]
CollectionName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=COLLECTION_NAME)]
Question = Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION, pattern=NOT_BLANK)]
Named = Annotated[str, Field(min_length=1, max_length=4_000)]
"""A document's id or path, which may be as long, or a pattern of paths."""
MOST_PATTERNS = 100


def _few_patterns(names: list[str]) -> list[str]:
    """Each is compared with every path of a collection."""
    if sum("*" in name or "?" in name for name in names) > MOST_PATTERNS:
        raise ValueError(f"at most {MOST_PATTERNS} of them may be patterns")
    return names


Documents = Annotated[list[Named], Field(min_length=1, max_length=1_000), AfterValidator(_few_patterns)]


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _read_day(said: object) -> date | None:
    """A day as ``2026-05-04``: pydantic would take a number for seconds since 1970."""
    if said is None or isinstance(said, date):
        return said
    if not isinstance(said, str) or not _DAY.fullmatch(said):
        raise ValueError("must be a day such as 2026-05-04")
    return date.fromisoformat(said)


Day = Annotated[date | None, BeforeValidator(_read_day)]


_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:.*")


def _read_moment(said: object) -> object:
    """A time as ``2026-05-04T09:30:00Z``: pydantic would take any number, as text too, for seconds."""
    if said is None or isinstance(said, datetime):
        return said
    if not isinstance(said, str) or not _MOMENT.fullmatch(said):
        raise ValueError("must be a time with its zone, such as 2026-05-04T09:30:00Z")
    return said


Moment = Annotated[AwareDatetime | None, BeforeValidator(_read_moment)]


class Exact(BaseModel):
    """Numbers are numbers, and true is true: neither is read from words, nor one for the other."""

    @field_validator("*", mode="before")
    @classmethod
    def _as_described(cls, value: object, info: ValidationInfo) -> object:
        kinds = _scalars(cls.model_fields[info.field_name or ""].annotation)
        if value is None or not kinds:
            return value
        if kinds <= {bool} and not isinstance(value, bool):
            raise ValueError("must be true or false")
        if bool not in kinds and isinstance(value, bool | str):
            raise ValueError("must be a number")
        return value


def _scalars(annotation: object) -> frozenset[object]:
    """What a field takes besides null, if that is nothing but numbers or true and false."""
    kinds: frozenset[object] = frozenset(get_args(annotation) or (annotation,)) - {NoneType}
    return kinds if kinds <= {bool, int, float} else frozenset()


class Known(BaseModel):
    """An unknown field is an error, not a silence; more of them than anybody means are one error."""

    @model_validator(mode="before")
    @classmethod
    def _few_unknown(cls, given: object) -> object:
        if isinstance(given, dict):
            known = {field.alias or name for name, field in cls.model_fields.items()}
            unknown = cast("dict[object, object]", given).keys() - known
            if len(unknown) > MOST_TOLD:  # else each would be an error: a megabyte of names holds 100,000
                raise ValueError(f"{len(unknown):,} fields are not known here")
        return cast("object", given)


class Request(Exact, Known):
    """Every body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameters(Known):
    """Of a query string, in which all is text: an unknown one is an error, too."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class QueryRequest(Request):
    """A question to be answered."""

    question: Question
    collection: CollectionName = "default"
    session_id: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        default=None, description="Continues a conversation; every answer names its session."
    )
    mode: Mode = Field(
        default="auto",
        description="`pin` reads whole documents, `retrieve` the passages found, `map` all documents in "
        "parts, `auto` what suits the question and costs less; with `agent` the model searches and reads by "
        "itself, in several steps.",
    )
    accuracy: Accuracy = Field(
        default="normal",
        description="`low` reads half as much; `high` whole documents where they fit, else twice as much; "
        "with `auto` it may take an agent where one search will hardly do.",
    )
    documents: Documents | None = Field(
        default=None, description="Ids, paths or patterns of paths (`contracts/*.pdf`); only these are read."
    )
    top_k: int | None = Field(default=None, ge=1, le=500, description="Hits whose passages may be read.")
    thinking: bool | None = Field(default=None, description="Let the model think first.")
    model: Name | None = None
    temperature: float | None = Field(default=None, ge=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1, le=131_072)
    instructions: str = Field(
        default="", max_length=LONGEST_QUESTION, description="The application's own, said once."
    )
    stream: bool = Field(default=False, description="Answer with server-sent events.")
    html: bool = Field(
        default=False,
        description="Give the answer as sanitised HTML too; in a stream by `block` events, as far as it is "
        "complete and judged.",
    )

    def to_query(self, tenant: str) -> Query:
        """As the service asks it, for this tenant."""
        return Query(
            question=self.question,
            collection=self.collection,
            tenant=tenant,
            session=self.session_id,
            mode=self.mode,
            accuracy=self.accuracy,
            documents=tuple(self.documents) if self.documents else None,
            top_k=self.top_k,
            thinking=self.thinking,
            model=self.model,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            instructions=self.instructions,
        )


class SearchRequest(Request):
    """A search for places."""

    query: Question
    collection: CollectionName = "default"
    documents: Documents | None = Field(
        default=None,
        description="Ids, paths or patterns of paths (`contracts/*.pdf`): only these are searched.",
    )
    top_k: int = Field(default=10, ge=1, le=500)


class IngestRequest(Request):
    """Folders and files of the server's machine."""

    paths: Annotated[list[Path], Field(min_length=1, max_length=1_000)]
    collection: CollectionName = "default"


class UsageRequest(Parameters):
    """Which calls of models are counted, and how they are put together."""

    since: Day = Field(default=None, alias="from", description="The first day, in UTC.")
    until: Day = Field(default=None, alias="to", description="The last day, in UTC.")
    collection: CollectionName | None = None
    key: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="Label of an access key."
    )
    model: Name | None = None
    by: UsageKey = Field(default="day", description="What a row is for.")

    @field_validator("until")
    @classmethod
    def _not_before_the_first(cls, until: date | None, info: ValidationInfo) -> date | None:
        since = info.data.get("since")
        if since is not None and until is not None and until < since:
            raise ValueError("must not be before `from`")
        return until

    def to_wanted(self) -> UsageWanted:
        """As the ledger is asked."""
        until = None if self.until is None else _midnight(self.until) + timedelta(days=1)
        since = None if self.since is None else _midnight(self.since)
        return UsageWanted(self.by, since, until, self.collection, self.key, self.model)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
