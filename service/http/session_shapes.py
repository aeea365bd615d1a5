"""The shapes of conversations, as people saw them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from pydantic import Field

from service.http.shapes import Response
from service.sessions import turns_of

if TYPE_CHECKING:
    from ingest.catalog.records import SessionRecord
    from service.sessions import StoredTurn


class TurnShape(Response):
    """A question and what was answered."""

    question: str
    answer: str = Field(description="As it was shown, with `[1]` for a citation.")
    mode: str = Field(description="As in `plan`; `client` for what a client told of an earlier conversation.")
    answered_at: datetime | None = Field(description="Null where that was not kept.")

    @classmethod
    def of(cls, turn: StoredTurn) -> Self:
        """From the turn as it is kept."""
        return cls(
            question=turn.question,
            answer=turn.shown or turn.answer,
            mode=turn.mode,
            answered_at=datetime.fromtimestamp(turn.at, UTC) if turn.at else None,
        )


class SessionShape(Response):
    """A conversation, by how it began."""

    id: str
    collection: str
    created_at: datetime
    question: str = Field(description="The first one.")
    count: int = Field(description="Of its turns.")

    @classmethod
    def of(cls, record: SessionRecord) -> Self:
        """From the catalog's record."""
        turns = turns_of(record)
        return cls(
            id=record.id,
            collection=record.collection,
            created_at=record.created_at,
            question=turns[0].question if turns else "",
            count=len(turns),
        )


class SessionDetails(SessionShape):
    """A conversation with all that was said, the oldest first."""

    turns: list[TurnShape]

    @classmethod
    def of(cls, record: SessionRecord) -> Self:
        """From the catalog's record."""
        shown = [TurnShape.of(turn) for turn in turns_of(record)]
        return cls(**dict(SessionShape.of(record)), turns=shown)


class SessionList(Response):
    """Conversations, the newest first."""

    sessions: list[SessionShape]
