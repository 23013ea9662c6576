"""Workers in simulated processes: the library's own, but for the loop, which here needs no event loop."""

from __future__ import annotations

import itertools
from datetime import timedelta
from functools import partial
from typing import Any

from groupmessenger.errors import GroupMessengerError
from groupmessenger.flow import Flow
from groupmessenger.switchboard.outbox import lanes
from groupmessenger.switchboard.outbox.draining import Told
from groupmessenger.switchboard.outbox.worker import POLL, Worker

from .processes import pause
from .world import Node, World

_BEAT = timedelta(seconds=5)
_REST = 4.0  # seconds between two looks of one that has nothing to do
_SWEEP = timedelta(seconds=40)

_numbers = itertools.count()


class Working:
    """One worker. What it does not expect is put into `broken`."""

    def __init__(self, world: World, node: Node, concurrency: int, broken: list[str]) -> None:
        self.world, self.node, self.broken = world, node, broken
        self.worker = Worker(node.operations.board, self._run, concurrency, id=f"worker {next(_numbers)}")
        self._tell, self.worker._draining.tell = self.worker._draining.tell, self._told

    async def run(self) -> None:
        """Look for groups that are due, until it is stopped."""
        worker, process, clock = self.worker, self.node.process, self.world.clock
        directory = self.world.directory
        await worker._trying("there", worker._do(worker._greeting))
        until = seen = swept = clock.now()
        known = -1
        while not worker._draining.stopping:
            room = worker.concurrency - len(worker._busy)
            if room and (self.world.transactions != known or clock.now() >= until):  # else nothing can be new
                known = self.world.transactions
                look = partial(lanes.due, limit=room, besides=frozenset(worker._busy))
                due, after = self.world.at_once(process, partial(directory.do, look))
                until = clock.now() + min(timedelta(seconds=after or lanes.LEASE), _SWEEP)
                for group_id in due:
                    worker._busy.add(group_id)
                    process.start(worker._drain(group_id))
            if clock.now() - seen >= _BEAT and worker._busy:
                seen = clock.now()
                await worker._trying("alive", worker._do(worker._alive, frozenset(worker._busy)))
            if clock.now() - swept >= _SWEEP:
                swept = clock.now()
                await worker._trying("sweeping", worker._do(lanes.sweep))
            await pause(POLL if worker._busy else _REST)
        while worker._busy:
            await pause(POLL)
        await worker._trying("ended", worker._do(worker._farewell))

    def _told(self, told: Told) -> None:
        if told.outcome == "broken":
            self.broken.append(f"{self.worker.id}: message {told.entry}: {told.error}")
        self._tell(told)

    async def _run(self, flow: Flow[Any]) -> Any:
        try:
            return await self.node.run(flow)
        except GroupMessengerError:
            raise
        except Exception as error:
            self.broken.append(f"{self.worker.id}: {error!r}")
            raise
