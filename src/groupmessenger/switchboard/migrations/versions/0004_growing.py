"""Indexes for groups with many messages."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make them; of attempts the one that goes further takes the place of the one there was."""
    op.create_index("ix_groupmessenger_messages_group_id_id", "groupmessenger_messages", ["group_id", "id"])
    op.create_index("ix_groupmessenger_attempts_group_id_state", "groupmessenger_attempts", ["group_id", "state"])
    op.drop_index("ix_groupmessenger_attempts_group_id", "groupmessenger_attempts")
