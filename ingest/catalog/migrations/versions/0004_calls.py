"""The ledger: what every call of a language model took."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# As in the tables before: sorted by code point in both databases.
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "calls",
        sa.Column("tenant", NAME, primary_key=True),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.String(64), nullable=False),
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("collection", NAME, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("planned_tokens", sa.Integer(), nullable=False),
        sa.Column("predicted_cached_tokens", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column("reasoning_tokens", sa.Integer(), nullable=False),
        sa.Column("usd", sa.Float(53), nullable=True),
        sa.Column("saved_usd", sa.Float(53), nullable=True),
        sa.Column("milliseconds", sa.Float(53), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
    )
    op.create_index("calls_created", "calls", ["created_at"])
    op.create_index("calls_answer", "calls", ["tenant", "answer"])
    op.create_index("calls_session", "calls", ["tenant", "session", "created_at"])
    op.create_table(
        "call_documents",
        sa.Column("tenant", NAME, primary_key=True),
        sa.Column("call", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.ForeignKeyConstraint(["tenant", "call"], ["calls.tenant", "calls.id"], ondelete="CASCADE"),
    )
    op.create_index("call_documents_number", "call_documents", ["tenant", "number"])
