"""What was seen of callbacks, for all processes: transactions, and `DirectorySeen`, a receiver's store of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

from ..webhooks.seen import Standing
from .directory import Directory, Transaction
from .tables import seen

_KEPT = timedelta(days=2)  # the longest that a provider repeats itself is a day


def first(t: Transaction, prefix: str, key: str, value: str, until: datetime | None) -> str:
    """Keep a value under a key unless there is one, and give what is kept."""
    key = prefix + key
    t.insert_once(seen, key=key, value=value, until=until, at=t.now)
    return str(t.execute(select(seen.c.value).where(seen.c.key == key)).scalar())


def is_first(t: Transaction, what: str) -> bool:
    """Whether a content was not seen before."""
    return t.insert_once(seen, key=f"content {t.digest(what)}", until=t.now + _KEPT, at=t.now)


def claim(t: Transaction, key: str, owner: str, lease: float) -> Standing:
    """Take an event, for `lease` seconds, unless it is done or somebody else's whose lease is not over."""
    event, until = _event(t, key), t.now + timedelta(seconds=lease)
    if t.insert_once(seen, key=event, owner=owner, lease_until=until, at=t.now):
        return Standing.MINE
    free = or_(seen.c.owner == owner, seen.c.lease_until <= t.now) & seen.c.lease_until.is_not(None)
    taken = update(seen).where(seen.c.key == event, free).values(owner=owner, lease_until=until)
    if t.execute(taken).rowcount:
        return Standing.MINE
    done = select(seen.c.key).where(seen.c.key == event, seen.c.lease_until.is_(None))
    return Standing.OTHERS if t.execute(done).first() is None else Standing.DONE


def commit(t: Transaction, key: str, owner: str) -> None:
    """Keep that an event is done, also where the owner's lease is over by now."""
    event, done = _event(t, key), {"owner": owner, "lease_until": None, "until": t.now + _KEPT}
    if not t.insert_once(seen, key=event, at=t.now, **done):
        t.execute(update(seen).where(seen.c.key == event).values(done))


def release(t: Transaction, key: str, owner: str) -> None:
    """Give up the owner's claim. What is done stays done."""
    mine = (seen.c.key == _event(t, key)) & (seen.c.owner == owner) & seen.c.lease_until.is_not(None)
    t.execute(delete(seen).where(mine))


def _event(t: Transaction, key: str) -> str:
    """An event's key, which may name a recipient, as nobody can read it."""
    return f"event {t.digest(key)}"


class DirectorySeen:
    """Keeps what was seen in a directory, for receivers of plain clients in several processes: a `webhooks.Seen`.

    What is done is kept for two days, and then until it is purged. The methods block, and raise `DirectoryError`.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def claim(self, key: str, owner: str, lease: float) -> Standing:
        """As `Seen.claim`."""
        return self._directory.do(lambda t: claim(t, key, owner, lease))

    def commit(self, key: str, owner: str) -> None:
        """As `Seen.commit`."""
        self._directory.do(lambda t: commit(t, key, owner))

    def release(self, key: str, owner: str) -> None:
        """As `Seen.release`."""
        self._directory.do(lambda t: release(t, key, owner))

    def first(self, key: str, value: str, until: datetime | None) -> str:
        """As `Seen.first`."""
        return self._directory.do(lambda t: first(t, "", key, value, until))
