"""Work on one directory that several processes do at once. They are new ones, which import it from here."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.synchronize import Barrier

from sqlalchemy import insert, select, update

from groupmessenger.switchboard.directory import Directory, Transaction
from groupmessenger.switchboard.tables import facts, groups

_COUNT = facts.c.name == "count"


def start_count(transaction: Transaction) -> None:
    transaction.insert_once(facts, name="count", value="0")


def count(transaction: Transaction) -> int:
    return int(transaction.execute(select(facts.c.value).where(_COUNT).with_for_update()).scalar_one())


def add_one(transaction: Transaction) -> None:
    """Read, then write: an update is lost where transactions are not kept apart."""
    transaction.execute(update(facts).where(_COUNT).values(value=str(count(transaction) + 1)))


def fill(transaction: Transaction) -> int:
    """A group, whose id is given."""
    transaction.execute(insert(groups).values(name="Rowers", created_at=transaction.now))
    return int(transaction.execute(select(groups.c.id)).scalar_one())


def count_up(times: int, url: str) -> None:
    directory = Directory(url)
    directory.do(start_count)
    for _ in range(times):
        directory.do(add_one)
    directory.close()


def make(url: str) -> None:
    Directory(url).do(start_count)


def upgrade(url: str) -> None:
    Directory(url).upgrade()


def at_once(number: int, work: Callable[[str], None], urls: list[str]) -> list[int | None]:
    """The exit codes of so many processes that do the work on each of the directories, and begin each together."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(number)
    processes = [context.Process(target=_together, args=(ready, work, urls)) for _ in range(number)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        process.kill()  # one that hangs
        process.join()
    return [process.exitcode for process in processes]


def _together(ready: Barrier, work: Callable[[str], None], urls: list[str]) -> None:
    for url in urls:
        ready.wait(20)
        work(url)
