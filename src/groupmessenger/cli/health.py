"""Whether what is queued is sent: the directory, the workers, how long messages wait, what is paused."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
from rich.console import Console

from ..errors import GroupMessengerError, RateLimited
from .boards import open_directory
from .dumping import print_json
from .keeping import revision_of
from .results import say
from .spans import in_words
from .wording import in_commands

if TYPE_CHECKING:
    from ..switchboard.directory import Directory, Transaction
    from ..switchboard.outbox.values import OutboxStats

_SEEN = timedelta(seconds=30)


@attrs.frozen
class Health:
    """What is wrong, in words; and, where the directory could be read, how many workers were seen and what waits."""

    problems: tuple[str, ...]
    workers: int | None = None
    queued: int | None = None
    oldest: float | None = None  # seconds


def look(path: Path | None, max_age: timedelta, *, here: bool) -> Health:
    """Look at the directory, which is neither made nor changed by that."""
    try:
        with closing(open_directory(path)) as kept:
            info = kept.info(counted=False)
            if info.revision is None:
                return Health(("the directory has no tables yet: groupmessenger directory upgrade",))
            if info.revision != info.newest:
                return Health((f"the directory is at {revision_of(info)}",))
            return _judged(kept, max_age, here=here)
    except GroupMessengerError as error:
        return Health((in_commands(str(error)),))


def show_health(console: Console, found: Health) -> None:
    """Print what is wrong, a line each, or that all is well."""
    for problem in found.problems:
        say(console, f"✗ {problem}")
    if not found.problems:
        workers = f"{found.workers} worker{'' if found.workers == 1 else 's'}"
        waits = "" if found.oldest is None else f", the oldest due for {in_words(found.oldest)}"
        say(console, f"✓ {workers}, {found.queued:,} to send{waits}")


def print_health(found: Health) -> None:
    """Print it as JSON."""
    print_json({"ok": not found.problems, **attrs.asdict(found)})


def _judged(kept: Directory, max_age: timedelta, *, here: bool) -> Health:
    from ..switchboard.outbox.statistics import stats

    def read(t: Transaction) -> tuple[OutboxStats, datetime]:
        return stats(t), t.now  # of its own clock, by which workers are seen

    found, now = kept.do(read)
    host = socket.gethostname() if here else None
    seen = [each for each in found.workers if now - each.seen_at <= _SEEN and host in (None, each.host)]
    problems = tuple(_problems(found, len(seen), max_age, here=here))
    return Health(problems, len(seen), found.remaining, found.oldest)


def _problems(found: OutboxStats, seen: int, max_age: timedelta, *, here: bool) -> Iterator[str]:
    if not seen:
        where = " on this host" if here else ""
        yield f"no worker was seen{where} in the last {in_words(_SEEN.total_seconds())}: groupmessenger worker"
    if found.oldest is not None and found.oldest > max_age.total_seconds():
        yield f"a message has been due for {in_words(found.oldest)}: groupmessenger outbox list"
    for each in found.pauses:
        if each.kind != RateLimited.__name__:
            yield (
                f"{each.connection} is paused, {in_commands(each.reason)}: mend it, then start the workers anew if it "
                f"was in the file, else groupmessenger outbox resume {each.connection}"
            )
