"""What a document lacks of its file, titles that follow a name, and re-indexing beside what serves."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("versions", sa.Column("warnings", sa.Text(), nullable=False, server_default=""))
    op.add_column("documents", sa.Column("retitled", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("collections", sa.Column("next_generation", sa.Integer(), nullable=True))
    op.add_column("collections", sa.Column("next_embedder", sa.Text(), nullable=True))
    op.add_column("collections", sa.Column("next_dimensions", sa.Integer(), nullable=True))
    op.add_column("collections", sa.Column("next_check_vector", sa.LargeBinary(), nullable=True))
    op.add_column("collections", sa.Column("next_chunker", sa.Text(), nullable=True))
