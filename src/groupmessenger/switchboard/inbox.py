"""The inbox: callbacks that were accepted, kept until they are handled. All of it transactions.

Every change of state is one conditional UPDATE; who changes no row has lost.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs
from sqlalchemy import ColumnElement, and_, case, func, or_, select, update

from .._dumping import dump, load
from ..callbacks import Callback, Verified
from ..errors import InvalidInput
from ..webhooks.receiver import LEASE
from ..weburls import PARAMETER
from . import seen
from .directory import Transaction
from .tables import inbox
from .values import InboxEntry, InboxState

PAUSES = (1.0, 5.0, 30.0, 120.0, 600.0, 3600.0)  # seconds after each failure; after one more it is given up
_TELLING = re.compile(r"content-(encoding|language|type)|.*-(event|kind|topic|type|version)")  # headers that are kept


@attrs.frozen
class Proven:
    """What a callback proved when it came in, and to which connections. Later it cannot: its secrets are not kept."""

    verified: Verified
    believers: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Taken:
    """A callback that is ours to handle, as long as its lease lasts."""

    id: int
    connection: str
    callback: Callback
    verified: str = attrs.field(repr=False)
    tries: int
    owner: str

    @property
    def proven(self) -> Proven:
        """What it proved. Raises `InvalidInput` where another version of the library wrote that otherwise."""
        return load(Proven, self.verified)


def bare(callback: Callback) -> Callback:
    """A callback as it is kept: without what proves it, which are secrets. Its events are the same."""
    headers = {name: value for name, value in callback.headers.items() if _TELLING.fullmatch(name)}
    place, mark, query = callback.url.partition("?")
    parts = [part for part in query.split("&") if part.partition("=")[0] != PARAMETER]
    return attrs.evolve(callback, url=f"{place}{mark}{'&'.join(parts)}", headers=headers)


def add(t: Transaction, connection: str, callback: Callback, proven: Proven) -> bool:
    """Keep a callback to be handled. False where the same was accepted before."""
    if not seen.is_first(t, "\n".join((connection, callback.method, callback.url, callback.body.hex()))):
        return False
    callback = bare(callback)
    row = {
        "connection": connection,
        "method": callback.method,
        "url": callback.url,
        "headers": dict(callback.headers),
        "body": callback.body,
        "verified": dump(proven),
        "state": InboxState.WAITING,
        "next_at": t.now,
        "arrived_at": t.now,
    }
    t.execute(inbox.insert().values(row))
    return True


def take(t: Transaction, connections: Iterable[str], owner: str, besides: Collection[int]) -> Taken | None:
    """The oldest callback that is due, if there is one. Whoever had it before is taken for dead."""
    rows = select(inbox).where(_waiting(connections, besides), inbox.c.next_at <= t.now, _free(t)).order_by(inbox.c.id)
    while (row := t.execute(rows.limit(1).with_for_update(skip_locked=True)).first()) is not None:
        here = (inbox.c.id == row.id) & (inbox.c.tries == row.tries) & (inbox.c.state == InboxState.WAITING)
        if row.tries > len(PAUSES):
            gone = {"state": InboxState.FAILED, "error": "the process that handled it ended, each time", "owner": None}
            t.execute(update(inbox).where(here).values(gone))
            continue
        mine = {"owner": owner, "tries": row.tries + 1, "lease_until": t.now + timedelta(seconds=LEASE)}
        if t.execute(update(inbox).where(here).values(mine)).rowcount:
            callback = Callback(row.method, row.url, row.headers, row.body, row.arrived_at)
            return Taken(
                id=row.id,
                connection=row.connection,
                callback=callback,
                verified=row.verified,
                tries=row.tries + 1,
                owner=owner,
            )
    return None


def done(t: Transaction, taken: Taken) -> None:
    """Keep that a callback is handled, also where its lease is over by now, and erase it."""
    erased: dict[str, Any] = {"url": taken.callback.url.partition("?")[0], "headers": {}, "body": None, "verified": ""}
    ended = {"state": InboxState.HANDLED, "error": None, "owner": None, "lease_until": None}
    t.execute(update(inbox).where(inbox.c.id == taken.id).values(**erased, **ended))


def failed(t: Transaction, taken: Taken, error: str) -> None:
    """Keep that a callback was not handled, for a later try, or for nobody any more."""
    over = taken.tries > len(PAUSES)
    values: dict[str, Any] = {"state": InboxState.FAILED} if over else {"next_at": _after(t, PAUSES[taken.tries - 1])}
    _give_back(t, taken, {**values, "error": error})


def postpone(t: Transaction, taken: Taken, seconds: float) -> None:
    """Give back a callback that cannot be handled yet; that was no try."""
    _give_back(t, taken, {"next_at": _after(t, seconds), "tries": taken.tries - 1})


def again(t: Transaction) -> int:
    """Make those that failed wait once more, with all their tries. How many there were."""
    values = {"state": InboxState.WAITING, "tries": 0, "next_at": t.now, "lease_until": None}
    return int(t.execute(update(inbox).where(inbox.c.state == InboxState.FAILED).values(values)).rowcount)


def entries(t: Transaction, state: str | None) -> tuple[InboxEntry, ...]:
    """The callbacks in a state, or all that are not handled, the oldest first."""
    try:
        here = inbox.c.state != InboxState.HANDLED if state is None else inbox.c.state == InboxState(state)
    except ValueError:
        raise InvalidInput(f"state is one of {', '.join(InboxState)}") from None
    columns = [inbox.c[name] for name in ("id", "connection", "state", "tries", "arrived_at", "next_at", "error")]
    return tuple(
        InboxEntry(
            id=row.id,
            connection=row.connection,
            state=InboxState(row.state),
            tries=row.tries,
            arrived_at=row.arrived_at,
            next_at=row.next_at if row.state == InboxState.WAITING else None,
            error=row.error,
        )
        for row in t.execute(select(*columns).where(here).order_by(inbox.c.id))
    )


def left(t: Transaction, connections: Iterable[str]) -> int:
    """How many callbacks wait."""
    return int(t.execute(select(func.count()).where(_waiting(connections))).scalar_one())


def due(t: Transaction, connections: Iterable[str], besides: Collection[int]) -> float | None:
    """In how many seconds the next callback may be taken; None while there is none."""
    free_at = case((inbox.c.lease_until > inbox.c.next_at, inbox.c.lease_until), else_=inbox.c.next_at)
    moment: datetime | None = t.execute(select(func.min(free_at)).where(_waiting(connections, besides))).scalar()
    return None if moment is None else max((moment - t.now).total_seconds(), 0.0)


def _waiting(connections: Iterable[str], besides: Collection[int] = ()) -> ColumnElement[bool]:
    ours = inbox.c.connection.in_(list(connections))
    return and_(inbox.c.state == InboxState.WAITING, ours, inbox.c.id.not_in(list(besides)))


def _free(t: Transaction) -> ColumnElement[bool]:
    return or_(inbox.c.lease_until.is_(None), inbox.c.lease_until <= t.now)


def _after(t: Transaction, seconds: float) -> datetime:
    return t.now + timedelta(seconds=seconds)


def _give_back(t: Transaction, taken: Taken, values: Mapping[str, Any]) -> None:
    mine = (inbox.c.id == taken.id) & (inbox.c.owner == taken.owner) & (inbox.c.state == InboxState.WAITING)
    t.execute(update(inbox).where(mine).values({**values, "owner": None, "lease_until": None}))
