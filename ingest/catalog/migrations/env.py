"""Run by alembic. The connection comes from `ingest.catalog.migrating`, inside its transaction."""

from alembic import context

from ingest.catalog.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
)
context.run_migrations()
