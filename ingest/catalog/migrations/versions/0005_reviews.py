"""Reviews, the documents that they are about, and their cells."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "reviews",
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("collection", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("unattended", sa.Boolean(), nullable=False),
        sa.Column("cancelling", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("heartbeat", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("unpriced", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=False),
        sa.Column("usd", sa.Float(), nullable=False),
        sa.Column("saved_usd", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["tenant", "collection"], ["collections.tenant", "collections.name"]),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("reviews_name", "reviews", ["tenant", "name"], unique=False)
    op.create_index("reviews_state", "reviews", ["state", "created_at"], unique=False)
    op.create_table(
        "review_documents",
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("review", sa.String(length=32), nullable=False),
        sa.Column("document", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["tenant", "review"], ["reviews.tenant", "reviews.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["document"], ["documents.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "review", "document"),
    )
    op.create_index("review_documents_document", "review_documents", ["document"], unique=False)
    op.create_table(
        "review_cells",
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("review", sa.String(length=32), nullable=False),
        sa.Column("document", sa.String(length=32), nullable=False),
        sa.Column("question", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("collection", NAME, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant", "review"], ["reviews.tenant", "reviews.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["tenant", "collection", "number"],
            ["versions.tenant", "versions.collection", "versions.number"],
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant", "review", "document", "question"),
    )
    op.create_index("review_cells_version", "review_cells", ["tenant", "collection", "number"], unique=False)
