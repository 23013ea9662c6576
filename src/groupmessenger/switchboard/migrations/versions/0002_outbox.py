"""The outbox."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_WAITING = sa.text("state = 'queued'")


def upgrade() -> None:
    """Make its tables."""
    op.create_table(
        "groupmessenger_outbox",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("group_id", _ID, autoincrement=False, nullable=False),
        sa.Column("message_id", _ID, autoincrement=False, nullable=False),
        _text("batch", null=True),
        _text("state"),
        _time("due_at", null=True),
        _text("dump", null=True),
        _number("tries"),
        _time("tried_since", null=True),
        _text("worker", null=True),
        _text("error", null=True),
        _time("queued_at"),
        _time("ended_at", null=True),
        sa.PrimaryKeyConstraint("id", name="pk_groupmessenger_outbox"),
        _refers("outbox", "group_id", "groups"),
        _refers("outbox", "message_id", "messages"),
        sa.UniqueConstraint("message_id", name="uq_groupmessenger_outbox_message_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_groupmessenger_outbox_queued",
        "groupmessenger_outbox",
        ["group_id", "due_at", "id"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    _index("outbox", "state", "ended_at")
    _index("outbox", "batch", "state")
    op.create_table(
        "groupmessenger_lanes",
        sa.Column("group_id", _ID, autoincrement=False, nullable=False),
        _text("owner", null=True),
        _time("lease_until", null=True),
        _time("wake_at", null=True),
        _time("turn_at", null=True),
        _number("failures"),
        sa.PrimaryKeyConstraint("group_id", name="pk_groupmessenger_lanes"),
        _refers("lanes", "group_id", "groups"),
    )
    _index("lanes", "wake_at")
    op.create_table(
        "groupmessenger_pauses",
        _text("connection"),
        _time("until"),
        _text("kind"),
        _text("reason"),
        _number("failures"),
        _time("since"),
        sa.PrimaryKeyConstraint("connection", name="pk_groupmessenger_pauses"),
    )
    op.create_table(
        "groupmessenger_paces",
        _text("name"),
        sa.Column("state", sa.BigInteger, nullable=False),
        sa.Column("line", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_groupmessenger_paces"),
    )
    op.create_table(
        "groupmessenger_workers",
        _text("id"),
        _text("host"),
        _number("process"),
        _time("started_at"),
        _time("seen_at"),
        sa.PrimaryKeyConstraint("id", name="pk_groupmessenger_workers"),
    )


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _time(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    name = f"fk_groupmessenger_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"groupmessenger_{to}.id"], name=name, ondelete="CASCADE")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_groupmessenger_{table}_{'_'.join(columns)}", f"groupmessenger_{table}", list(columns))
