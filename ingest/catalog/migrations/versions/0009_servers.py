"""What several servers over one database agree by."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "leases",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("subject", NAME, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("work", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("heartbeat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "tenant", "subject"),
    )
    op.create_table(
        "rates",
        sa.Column("name", NAME, nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "under_way",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("under_way_key", "under_way", ["key"], unique=False)
    op.create_table(
        "spending",
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("usd", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "key", "day"),
    )
