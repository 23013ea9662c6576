"""What the outbox keeps, as tables of the directory's."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from ..tables import ID, PREFIX, Moment, group_column, messages, metadata, number, numbered

outbox = numbered(  # messages to be sent, each once
    "outbox",
    number(),
    group_column(),
    Column("message_id", ID, ForeignKey(messages.c.id, ondelete="CASCADE"), nullable=False, unique=True),
    Column("batch", Text),  # the key that `send_many` gave
    Column("state", Text, nullable=False),  # queued, sending, sent, unknown, failed, cancelled
    Column("due_at", Moment),  # not before; null: in its turn
    Column("dump", Text),  # the Message, while it may have to be sent
    Column("tries", Integer, nullable=False, default=0),
    Column("tried_since", Moment),  # with nobody paused meanwhile
    Column("worker", Text),  # that has begun to send it; null: not by the queue
    Column("error", Text),  # what kept it from being sent, the last time
    Column("queued_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("carried", JSON(none_as_null=True)),  # what observers have go along, as long as the dump
)
_waiting = outbox.c.state == "queued"
Index(
    "ix_groupmessenger_outbox_queued",
    outbox.c.group_id,
    outbox.c.due_at,
    outbox.c.id,
    sqlite_where=_waiting,
    postgresql_where=_waiting,
)
Index(None, outbox.c.state, outbox.c.ended_at)
Index(None, outbox.c.batch, outbox.c.state)

lanes = Table(  # of a group: who sends its messages
    PREFIX + "lanes",
    metadata,
    Column("group_id", ID, ForeignKey(f"{PREFIX}groups.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("owner", Text),  # a worker
    Column("lease_until", Moment),
    Column("wake_at", Moment),  # when there may be something to do; null: not known of
    Column("turn_at", Moment),  # its place in the line of those that wait for a pace
    Column("failures", Integer, nullable=False, default=0),  # one after the other
)
Index(None, lanes.c.wake_at)

pauses = Table(  # connections that nothing is sent by for now
    PREFIX + "pauses",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("until", Moment, nullable=False),
    Column("kind", Text, nullable=False),  # of the error
    Column("reason", Text, nullable=False),
    Column("failures", Integer, nullable=False),  # one after the other
    Column("since", Moment, nullable=False),
)

paces = Table(  # when each line or account may send its next message
    PREFIX + "paces",
    metadata,
    Column("name", Text, primary_key=True),  # a hash
    Column("state", BigInteger, nullable=False),  # of the algorithm: a time in microseconds
    Column("line", BigInteger, nullable=False),  # the end of the line of those that wait, likewise
)

workers = Table(  # that are at work, or were until they ended without a word
    PREFIX + "workers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("process", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)
