"""What the directory keeps, as tables. They live beside an application's own: every name begins alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

PREFIX = "groupmessenger_"

# Constraints have names on every engine, so that a migration can speak of them.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """A time in UTC. SQLite keeps no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give a database what it can keep."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back what was kept, with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts in INTEGER alone


def numbered(name: str, *columns: Any) -> Table:
    """A table whose rows have a number."""
    # Without AUTOINCREMENT SQLite would give the number of the last row again once it is purged.
    return Table(PREFIX + name, metadata, *columns, sqlite_autoincrement=True)


def number() -> Column[int]:
    """The number of a row."""
    return Column("id", ID, primary_key=True, autoincrement=True)


def group_column() -> Column[int]:
    """The group that a row is of."""
    return Column("group_id", ID, ForeignKey(f"{PREFIX}groups.id", ondelete="CASCADE"), nullable=False)


def of_group(name: str, *columns: Any) -> Table:
    """A table whose rows are named by their group and something else."""
    group = Column("group_id", ID, ForeignKey(f"{PREFIX}groups.id", ondelete="CASCADE"), primary_key=True)
    return Table(PREFIX + name, metadata, group, *columns)


facts = Table(  # about the directory itself: the key of its hashes
    PREFIX + "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

groups = numbered(
    "groups",
    number(),
    Column("name", Text, nullable=False),
    Column("topology", Text),  # what it has to be; null where its connection's consent decides
    Column("prefer", JSON, nullable=False, default=list),  # connections of its own choice
    Column("route", Text),  # the connection that `switch` set
    Column("failover", Boolean),
    Column("last", Text),  # the connection that carried its last message
    Column("suspects", JSON, nullable=False, default=list),  # of whom one opted out, and nobody said who
    Column("created_at", Moment, nullable=False),
    Column("archived_at", Moment),
)
Index(
    "uq_groupmessenger_groups_name",
    groups.c.name,
    unique=True,
    sqlite_where=groups.c.archived_at.is_(None),
    postgresql_where=groups.c.archived_at.is_(None),
)

members = of_group(
    "members",
    Column("address", Text, primary_key=True),
    Column("name", Text),
    Column("place", Integer, nullable=False),
)
Index(None, members.c.address)

observed = of_group(  # who was seen in a thread and is no member
    "observed",
    Column("address", Text, primary_key=True),
    Column("connection", Text, nullable=False),  # that heard of them
    Column("state", Text, nullable=False),  # pending, declined
    Column("at", Moment, nullable=False),
)

bindings = numbered(
    "bindings",
    number(),
    group_column(),
    Column("connection", Text, nullable=False),  # that made it; it is found by provider and line
    Column("provider", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("thread", Text),  # the provider's id; null until it is known
    Column("people", Text, nullable=False),  # the id of the set of members that it was last made to have
    Column("dump", Text, nullable=False),  # the Group, members included
    Column("doubtful", JSON, nullable=False, default=list),  # addresses that a lost change may have put in or not
    Column("state", Text, nullable=False),  # opening, pending, open, merged, retired
    Column("vendor_name", Text),  # ours, by which one is found whose making was lost
    Column("created_at", Moment, nullable=False),
    Column("retired_at", Moment),
    UniqueConstraint("provider", "line", "thread"),
)
Index(None, bindings.c.group_id)

forks = numbered(
    "forks",
    number(),
    group_column(),
    Column("connection", Text, nullable=False),
    Column("before", Text),  # the thread that was left
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

Index(None, forks.c.group_id)

messages = numbered(
    "messages",
    number(),
    group_column(),
    Column("key", Text),
    Column("digest", Text, nullable=False),  # keyed hash of everything that is sent
    Column("likeness", Text, nullable=False),  # keyed hash of what it looks like: text and media
    Column("features", JSON, nullable=False, default=list),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("group_id", "key"),
)
Index(None, messages.c.group_id, messages.c.id)

attempts = numbered(
    "attempts",
    number(),
    Column("token", Text, nullable=False, unique=True),
    Column("message_id", ID, ForeignKey(messages.c.id, ondelete="CASCADE"), nullable=False),
    group_column(),
    Column("connection", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("binding_id", ID, ForeignKey(bindings.c.id, ondelete="SET NULL")),
    Column("state", Text, nullable=False),  # preparing, sending, sent, not_sent, unknown
    Column("lease_until", Moment, nullable=False),  # of preparing and sending: by then it is given up
    Column("leave_from", Moment),
    Column("leave_by", Moment),  # both by the directory's clock
    Column("dump", Text),  # the Attempt, text included, while it may have to be looked for
    Column("provider_id", Text),
    Column("status", Text),
    Column("reason", Text),
    Column("recipients", JSON, nullable=False, default=list),
    Column("degradations", JSON, nullable=False, default=list),
    Column("error", Text),
    Column("routed", Boolean, nullable=False),  # by the group's route; a reply goes where it came from
    Column("gave_up_at", Moment),  # of unknown: nobody can tell any more
    Column("conflict", Text),  # what contradicts the state
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    UniqueConstraint("provider", "line", "provider_id"),
)
Index(None, attempts.c.message_id)
Index(None, attempts.c.group_id, attempts.c.state)
Index(None, attempts.c.state)
_open = attempts.c.state.in_(("preparing", "sending"))
Index(
    "uq_groupmessenger_attempts_open", attempts.c.group_id, unique=True, sqlite_where=_open, postgresql_where=_open
)  # one at a time

status_events = numbered(  # stored whether or not the message is known yet
    "status_events",
    number(),
    Column("connection", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("line", Text),
    Column("provider_id", Text, nullable=False),
    Column("token", Text),
    Column("recipient", Text),
    Column("status", Text, nullable=False),
    Column("code", Text),
    Column("reason", Text),
    Column("evidence", Text),
    Column("final", Boolean, nullable=False),
    Column("at", Moment),
    Column("arrived_at", Moment, nullable=False),
    UniqueConstraint("connection", "key"),
)
Index(None, status_events.c.token)
Index(None, status_events.c.provider_id)

inbox = numbered(  # callbacks, until they are handled
    "inbox",
    number(),
    Column("connection", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("headers", JSON, nullable=False),  # without credentials
    Column("body", LargeBinary),  # erased when it is handled
    Column("verified", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting, handled, failed
    Column("tries", Integer, nullable=False, default=0),
    Column("next_at", Moment, nullable=False),
    Column("owner", Text),
    Column("lease_until", Moment),
    Column("error", Text),
    Column("arrived_at", Moment, nullable=False),
)
Index(None, inbox.c.state, inbox.c.next_at)

seen = Table(
    PREFIX + "seen",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text),  # what was first, or null for an event
    Column("owner", Text),
    Column("lease_until", Moment),  # null: done
    Column("until", Moment),  # when it may be forgotten
    Column("at", Moment, nullable=False),
)

opt_outs = numbered(  # an audit: of one person the last row counts
    "opt_outs",
    number(),
    Column("digest", Text, nullable=False),  # keyed hash of the address, which outlives it
    Column("address", Text),
    Column("suppressed", Boolean, nullable=False),
    Column("source", Text, nullable=False),  # message, provider, application
    Column("connection", Text),
    Column("line", Text),
    Column("key", Text),  # the event's
    Column("at", Moment, nullable=False),
    UniqueConstraint("connection", "key", "suppressed"),
)
Index(None, opt_outs.c.digest)
