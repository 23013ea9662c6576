"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make all of them."""
    _create("facts", _text("name"), _text("value"), key=["name"])
    _numbered(
        "groups",
        _text("name"),
        _text("topology", null=True),
        _json("prefer"),
        _text("route", null=True),
        _truth("failover", null=True),
        _text("last", null=True),
        _json("suspects"),
        _time("created_at"),
        _time("archived_at", null=True),
    )
    _index("groups", ["name"], name="uq_groupmessenger_groups_name", where="archived_at IS NULL")
    _create(
        "members",
        _reference("group_id"),
        _text("address"),
        _text("name", null=True),
        _number("place"),
        _refers("members", "group_id", "groups"),
        key=["group_id", "address"],
    )
    _index("members", ["address"])
    _create(
        "observed",
        _reference("group_id"),
        _text("address"),
        _text("connection"),
        _text("state"),
        _time("at"),
        _refers("observed", "group_id", "groups"),
        key=["group_id", "address"],
    )
    _numbered(
        "bindings",
        _reference("group_id"),
        _text("connection"),
        _text("provider"),
        _text("line"),
        _text("thread", null=True),
        _text("people"),
        _text("dump"),
        _json("doubtful"),
        _text("state"),
        _text("vendor_name", null=True),
        _time("created_at"),
        _time("retired_at", null=True),
        _refers("bindings", "group_id", "groups"),
        _unique("bindings", "provider", "line", "thread"),
    )
    _index("bindings", ["group_id"])
    _numbered(
        "forks",
        _reference("group_id"),
        _text("connection"),
        _text("before", null=True),
        _text("reason"),
        _time("at"),
        _refers("forks", "group_id", "groups"),
    )
    _index("forks", ["group_id"])
    _numbered(
        "messages",
        _reference("group_id"),
        _text("key", null=True),
        _text("digest"),
        _text("likeness"),
        _json("features"),
        _time("created_at"),
        _refers("messages", "group_id", "groups"),
        _unique("messages", "group_id", "key"),
    )
    _numbered(
        "attempts",
        _text("token"),
        _reference("message_id"),
        _reference("group_id"),
        _text("connection"),
        _text("provider"),
        _text("line"),
        _reference("binding_id", null=True),
        _text("state"),
        _time("lease_until"),
        _time("leave_from", null=True),
        _time("leave_by", null=True),
        _text("dump", null=True),
        _text("provider_id", null=True),
        _text("status", null=True),
        _text("reason", null=True),
        _json("recipients"),
        _json("degradations"),
        _text("error", null=True),
        _truth("routed"),
        _time("gave_up_at", null=True),
        _text("conflict", null=True),
        _time("created_at"),
        _time("ended_at", null=True),
        _refers("attempts", "message_id", "messages"),
        _refers("attempts", "group_id", "groups"),
        _refers("attempts", "binding_id", "bindings", on_delete="SET NULL"),
        _unique("attempts", "token"),
        _unique("attempts", "provider", "line", "provider_id"),
    )
    _index("attempts", ["message_id"])
    _index("attempts", ["group_id"])
    _index("attempts", ["state"])
    _index("attempts", ["group_id"], name="uq_groupmessenger_attempts_open", where="state IN ('preparing', 'sending')")
    _numbered(
        "status_events",
        _text("connection"),
        _text("key"),
        _text("provider"),
        _text("line", null=True),
        _text("provider_id"),
        _text("token", null=True),
        _text("recipient", null=True),
        _text("status"),
        _text("code", null=True),
        _text("reason", null=True),
        _text("evidence", null=True),
        _truth("final"),
        _time("at", null=True),
        _time("arrived_at"),
        _unique("status_events", "connection", "key"),
    )
    _index("status_events", ["token"])
    _index("status_events", ["provider_id"])
    _numbered(
        "inbox",
        _text("connection"),
        _text("method"),
        _text("url"),
        _json("headers"),
        sa.Column("body", sa.LargeBinary),
        _text("verified"),
        _text("state"),
        _number("tries"),
        _time("next_at"),
        _text("owner", null=True),
        _time("lease_until", null=True),
        _text("error", null=True),
        _time("arrived_at"),
    )
    _index("inbox", ["state", "next_at"])
    _create(
        "seen",
        _text("key"),
        _text("value", null=True),
        _text("owner", null=True),
        _time("lease_until", null=True),
        _time("until", null=True),
        _time("at"),
        key=["key"],
    )
    _numbered(
        "opt_outs",
        _text("digest"),
        _text("address", null=True),
        _truth("suppressed"),
        _text("source"),
        _text("connection", null=True),
        _text("line", null=True),
        _text("key", null=True),
        _time("at"),
        _unique("opt_outs", "connection", "key", "suppressed"),
    )
    _index("opt_outs", ["digest"])


def _create(table: str, *parts: Any, key: list[str]) -> None:
    named = f"groupmessenger_{table}"
    op.create_table(named, *parts, sa.PrimaryKeyConstraint(*key, name=f"pk_{named}"))


def _numbered(table: str, *parts: Any) -> None:
    named = f"groupmessenger_{table}"
    number = sa.Column("id", _ID, autoincrement=True, nullable=False)
    key = sa.PrimaryKeyConstraint("id", name=f"pk_{named}")
    op.create_table(named, number, *parts, key, sqlite_autoincrement=True)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _time(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _truth(name: str, *, null: bool = False) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=null)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON, nullable=False)


def _reference(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, _ID, autoincrement=False, nullable=null)


def _refers(table: str, column: str, to: str, *, on_delete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = f"fk_groupmessenger_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"groupmessenger_{to}.id"], name=name, ondelete=on_delete)


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_groupmessenger_{table}_{'_'.join(columns)}")


def _index(table: str, columns: list[str], *, name: str | None = None, where: str | None = None) -> None:
    """A `name` makes it unique, and `where` says among which rows."""
    op.create_index(
        name or f"ix_groupmessenger_{table}_{'_'.join(columns)}",
        f"groupmessenger_{table}",
        columns,
        unique=name is not None,
        sqlite_where=None if where is None else sa.text(where),
        postgresql_where=None if where is None else sa.text(where),
    )
