"""What goes along with a message of the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make its column; SQLite can do that without making the table anew."""
    op.add_column("groupmessenger_outbox", sa.Column("carried", sa.JSON))
