"""The first catalog: collections, documents, their versions and contents, failures, sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "collections",
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.Column("embedder", sa.Text(), nullable=False),
        sa.Column("dimensions", sa.Integer(), nullable=False),
        sa.Column("check_vector", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name"),
    )
    op.create_table(
        "tombstones",
        sa.Column("document", sa.String(length=32), nullable=False),
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("collection", NAME, nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("document"),
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("collection", NAME, nullable=False),
        sa.Column("path", NAME, nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("current", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant", "collection"], ["collections.tenant", "collections.name"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("documents_path", "documents", ["tenant", "collection", "path"], unique=True)
    op.create_table(
        "failures",
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("collection", NAME, nullable=False),
        sa.Column("path", NAME, nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant", "collection"], ["collections.tenant", "collections.name"]),
        sa.PrimaryKeyConstraint("tenant", "collection", "path"),
    )
    op.create_table(
        "sessions",
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("collection", NAME, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("turns", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant", "collection"], ["collections.tenant", "collections.name"]),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("sessions_collection", "sessions", ["tenant", "collection"], unique=False)
    op.create_table(
        "session_documents",
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "session"], ["sessions.tenant", "sessions.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant", "session", "number"),
    )
    op.create_table(
        "versions",
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("collection", NAME, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.String(length=32), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("chunker", sa.Text(), nullable=False),
        sa.Column("embedder", sa.Text(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["document"], ["documents.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant", "collection", "number"),
    )
    op.create_index("versions_document", "versions", ["document"], unique=False)
    op.create_index("versions_state", "versions", ["tenant", "collection", "state"], unique=False)
    op.create_table(
        "contents",
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("collection", NAME, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("passages", sa.LargeBinary(), nullable=False),
        sa.Column("layout", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "collection", "number"],
            ["versions.tenant", "versions.collection", "versions.number"],
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant", "collection", "number"),
    )
