"""Pinned documents, and the fingerprints by which a conversation's turns are recognised."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "session_turns",
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "session"], ["sessions.tenant", "sessions.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant", "session", "place"),
    )
    op.create_index("session_turns_fingerprint", "session_turns", ["tenant", "fingerprint"], unique=False)
    op.create_table(
        "pins",
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("collection", NAME, nullable=False),
        sa.Column("document", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["document"], ["documents.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "collection", "document"),
    )
    op.create_index("pins_document", "pins", ["document"], unique=False)
