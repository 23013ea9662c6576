"""Run by Alembic, for `groupmessenger.switchboard.migrations`: on the connection that it was given."""

from alembic import context

from groupmessenger.switchboard.migrations import OPTIONS
from groupmessenger.switchboard.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, **OPTIONS)
with context.begin_transaction():
    context.run_migrations()
