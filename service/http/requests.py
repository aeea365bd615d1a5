"""The bodies that HTTP takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from service.answers import Mode, Query

LONGEST_QUESTION = 20_000
"""Code points."""

Name = Annotated[str, Field(min_length=1, max_length=200)]
CollectionName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Question = Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION, pattern=r"\S")]
Documents = Annotated[list[Name], Field(min_length=1, max_length=1_000)]


class Request(BaseModel):
    """Every body: an unknown field is an error, not a silence."""

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
        description="`pin` reads whole documents, `retrieve` the passages found, `auto` what costs less of "
        "the two; with `agent` the model searches and reads by itself, in several steps.",
    )
    documents: Documents | None = Field(default=None, description="Ids; only these documents are read.")
    top_k: int | None = Field(default=None, ge=1, le=500, description="Hits whose passages may be read.")
    thinking: bool | None = Field(default=None, description="Let the model think first.")
    model: Name | None = None
    temperature: float | None = Field(default=None, ge=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1, le=131_072)
    instructions: str = Field(
        default="", max_length=LONGEST_QUESTION, description="The application's own, said once."
    )
    stream: bool = Field(default=False, description="Answer with server-sent events.")

    def to_query(self, tenant: str) -> Query:
        """As the service asks it, for this tenant."""
        return Query(
            question=self.question,
            collection=self.collection,
            tenant=tenant,
            session=self.session_id,
            mode=self.mode,
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
    documents: Documents | None = None
    top_k: int = Field(default=10, ge=1, le=500)


class IngestRequest(Request):
    """Folders and files of the server's machine."""

    paths: Annotated[list[Path], Field(min_length=1, max_length=1_000)]
    collection: CollectionName = "default"
