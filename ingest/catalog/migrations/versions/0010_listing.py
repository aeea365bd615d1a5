"""Indexes, so that an ingest reads what concerns its files, and not what there is of all."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the indexes."""
    op.create_index("documents_location", "documents", ["location"], postgresql_using="spgist")
    retitled = sa.column("retitled", sa.Boolean()) == sa.true()
    op.create_index(
        "documents_retitled",
        "documents",
        ["tenant", "collection"],
        sqlite_where=retitled,
        postgresql_where=retitled,
    )
    op.create_index("versions_content", "versions", ["content_hash"])
    op.create_index("versions_manifest", "versions", ["tenant", "collection", "state", "number", "chunks"])
    op.drop_index("versions_state", "versions")
