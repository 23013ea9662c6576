"""Waking workers on other hosts: a Procrastinate job for a group that something was queued for, on PostgreSQL.

The rows of the outbox are the truth, a job is a nudge: what is lost with it, a worker finds at its next look.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING

import anyio
import attrs
from sqlalchemy import URL, Connection, inspect, select

from .tables import outbox

if TYPE_CHECKING:
    from procrastinate import App
    from sqlalchemy.ext.asyncio import AsyncConnection

    from ..directory import Directory, Transaction
    from .values import OutboxEntry

_QUEUE = "groupmessenger"
_TASK = "groupmessenger.drain"
_AFTER_FAILURE = 5.0  # seconds

_log = logging.getLogger(__name__)


def install(connection: Connection) -> None:
    """Make Procrastinate's tables, unless they are there: an application may use them as well, and upgrades them."""
    if connection.dialect.name == "postgresql" and not inspect(connection).has_table("procrastinate_jobs"):
        from procrastinate.schema import SchemaManager

        with closing(connection.connection.cursor()) as cursor:  # several statements, which only the driver takes
            cursor.execute(SchemaManager.get_schema())


def nudge(t: Transaction, group_id: int) -> None:
    """Wake a worker when this transaction is committed. Where that cannot be, one looks a little later."""
    if t.connection.dialect.name != "postgresql" or t.connection.dialect.is_async:
        return
    try:
        with t.connection.begin_nested():  # a failure in it is not one of the transaction's
            raw = t.connection.connection.driver_connection
            _deferring().configure_task(_TASK, queue=_QUEUE, connection=raw).defer(group_id=group_id)
    except Exception as error:  # another driver, or Procrastinate's tables are not there
        _log.debug("no job could be made: %s", type(error).__name__)


async def nudge_by(connection: AsyncConnection, entry: OutboxEntry) -> None:
    """Do the same for a message that was queued by a caller's async connection."""
    if connection.dialect.name != "postgresql" or entry.due_at is not None:
        return
    try:
        async with connection.begin_nested():
            raw = (await connection.get_raw_connection()).driver_connection
            group_id = (await connection.execute(select(outbox.c.group_id).where(outbox.c.id == entry.id))).scalar_one()
            await _deferring_async().configure_task(_TASK, queue=_QUEUE, connection=raw).defer_async(group_id=group_id)
    except Exception as error:
        _log.debug("no job could be made: %s", type(error).__name__)


@cache
def _deferring_async() -> App:
    from procrastinate import App, PsycopgConnector

    return App(connector=PsycopgConnector())


@cache
def _deferring() -> App:
    """An app that is never opened: its jobs go by the caller's connection."""
    from procrastinate import App, SyncPsycopgConnector

    return App(connector=SyncPsycopgConnector())


def wakening_of(directory: Directory, concurrency: int) -> Wakening | None:
    """What wakes workers of a directory; None on SQLite, where they look often."""
    return Wakening(directory.url, concurrency) if directory.url.get_backend_name() == "postgresql" else None


@attrs.frozen(eq=False)
class Wakening:
    """Takes the jobs of one worker, on asyncio. On trio there are none, and workers look by themselves."""

    _url: URL = attrs.field(repr=False)
    concurrency: int

    async def __call__(self, wake: Callable[[int], Awaitable[None]]) -> None:
        """Call `wake` with each group that something was queued for, until it is cancelled."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        while True:
            try:
                await self._listen(wake)
            except Exception as error:
                _log.warning("no jobs can be taken for now: %s", type(error).__name__)
            await anyio.sleep(_AFTER_FAILURE)

    async def _listen(self, wake: Callable[[int], Awaitable[None]]) -> None:
        from procrastinate import App, PsycopgConnector

        url = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        app = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=4))

        @app.task(name=_TASK, queue=_QUEUE)
        async def drain(group_id: int) -> None:
            await wake(group_id)

        async with app.open_async():
            await self._forget_stalled(app)
            listening = asyncio.create_task(
                app.run_worker_async(
                    queues=[_QUEUE],
                    concurrency=self.concurrency,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=1.0,
                )
            )
            try:
                await asyncio.wait([listening])
                listening.result()
            finally:
                with anyio.CancelScope(shield=True):
                    listening.cancel()
                    await asyncio.wait([listening])

    async def _forget_stalled(self, app: App) -> None:
        """Delete the jobs of workers that are gone: what they were about is in the rows."""
        from procrastinate.jobs import Status

        for job in await app.job_manager.get_stalled_jobs(queue=_QUEUE):
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
