"""Access keys, what sets tenants' prompts apart, and whose conversations and reviews are."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables; conversations and reviews from before belong to nobody's key."""
    op.create_table(
        "access_keys",
        sa.Column("id", sa.String(length=32), primary_key=True),
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("collections", sa.Text(), nullable=True),
        sa.Column("requests_per_minute", sa.Integer(), nullable=True),
        sa.Column("concurrent_requests", sa.Integer(), nullable=True),
        sa.Column("usd_per_day", sa.Float(53), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
    )
    op.create_index("access_keys_tenant", "access_keys", ["tenant", "created_at"], unique=False)
    op.create_table(
        "tenants",
        sa.Column("tenant", NAME, primary_key=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.add_column("sessions", sa.Column("key", NAME, nullable=False, server_default=""))
    op.add_column("reviews", sa.Column("key", NAME, nullable=False, server_default=""))
