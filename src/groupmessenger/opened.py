"""What a client remembers of groups that are made by their first message."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TypeVar

from .errors import GroupPending
from .groups import Group
from .messages import Absent, Found, GroupReceipt, Sighting

K = TypeVar("K")
V = TypeVar("V")
_REMEMBERED = 10_000  # entries; a client is not a database


class Bounded(OrderedDict[K, V]):
    """A mapping that forgets its oldest entries. May be written by several threads."""

    def __init__(self) -> None:
        super().__init__()
        self._guard = threading.Lock()

    def put(self, key: K, value: V) -> None:
        """Keep a value, as the newest."""
        with self._guard:
            self[key] = value
            self.move_to_end(key)
            while len(self) > _REMEMBERED:
                self.popitem(last=False)

    def first(self, key: K, value: V) -> V:
        """Keep a value unless there is one, and give what is kept."""
        with self._guard:
            kept = self.setdefault(key, value)
            while len(self) > _REMEMBERED:
                self.popitem(last=False)
            return kept

    def snapshot(self) -> list[tuple[K, V]]:
        """Give all entries as they are now."""
        with self._guard:
            return list(self.items())


class Opened(Bounded[Group, Group]):
    """What groups that were pending, or not named yet, have become; and which of them may have been opened."""

    def __init__(self) -> None:
        super().__init__()
        self._in_doubt: Bounded[Group, None] = Bounded()

    def doubt(self, group: Group) -> None:
        """Keep that the message that opens a group may have gone out: another could open it a second time."""
        self._in_doubt.put(group, None)

    def check(self, group: Group) -> None:
        """Raise `GroupPending` for a group that is in doubt."""
        if group in self._in_doubt:
            raise GroupPending(
                "its first message was lost or cancelled, and may have gone out and made the group: ask find_sent "
                "with its attempt first, or create the group again to begin another thread"
            )

    def sighted(self, group: Group, sighting: Sighting) -> None:
        """Take in what a look for a group's first message found: it is open, or can be opened now, or neither."""
        if isinstance(sighting, Absent):
            self.settle(group)
        elif isinstance(sighting, Found) and isinstance(sighting.receipt, GroupReceipt):
            self.remember(group, sighting.receipt.group)

    def settle(self, group: Group) -> None:
        """Forget a doubt: it is known what became of the first message."""
        self._in_doubt.pop(group, None)

    def ask_anew(self, group: Group) -> None:
        """Take a group as created now: what it became before counts only if it still has these people."""
        self.settle(group)
        became = self.get(group)
        if became is not None and set(became.members or ()) != set(group.members or ()):
            self.pop(group, None)

    def now(self, group: Group) -> Group:
        """The group as it is by now, as far as this client knows."""
        became = self.get(group, group)
        return self.get(became, became)  # a pending value leads to its id, and that to what is known since

    def remember(self, group: Group, became: Group) -> Group:
        """Keep what a group has become, where that could be asked for again by the old value."""
        if group.pending or group.name_pending:
            self.put(group, became)
            self.settle(group)
        if became.name_pending or became in self:
            self.put(became, became)
        return became

    def changed(self, group: Group, became: Group) -> Group:
        """Keep what a change made of a group, also under the pending value that it began as."""
        for key in self._leading_to(became):
            self.put(key, became)
        return self.remember(group, became)

    def forget(self, group: Group) -> None:
        """Forget a group that is gone, so that one of the same people can be opened."""
        for key in self._leading_to(group):
            self.pop(key, None)

    def _leading_to(self, group: Group) -> list[Group]:
        return [key for key, became in self.snapshot() if became == group]
