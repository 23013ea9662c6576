"""What was seen of callbacks, for all processes. `first` is a transaction, `DirectorySeen` a receiver's store."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from .directory import Transaction
from .tables import seen


def first(t: Transaction, prefix: str, key: str, value: str, until: datetime | None) -> str:
    """Keep a value under a key unless there is one, and give what is kept."""
    key = prefix + key
    t.insert_once(seen, key=key, value=value, until=until, at=t.now)
    return str(t.execute(select(seen.c.value).where(seen.c.key == key)).scalar())
