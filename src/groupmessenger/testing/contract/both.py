"""Both worlds: the same story told by the blocking client and by the async one comes to the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

import anyio

from ...errors import GroupMessengerError, OutcomeUnknown
from ...flow import Response
from ...messages import GroupReceipt, Receipt
from .base import NAME, OTHER, TEXT, Part
from .stage import Stage
from .wire import LOST, Sent

Do: TypeAlias = Callable[..., Awaitable[Any]]  # an operation by its name, with what it is given


class Both(Part):
    """Neither client is second-class."""

    def test_blocking_equals_async(self) -> None:
        """The same calls by both: the same requests, results and errors, the same phones."""
        blocking, awaited = (Stage(self.messenger, self.face, self.settings, self.doubts) for _ in range(2))
        people = blocking.people(self.size(blocking) + 1)
        awaited.people(len(people))  # so that both know the same people
        told = [anyio.run(_by_blocking, blocking, people), anyio.run(_by_async, awaited, people)]
        assert told[0] == told[1], "the two clients give other results, or other errors"
        requests = [[_outline(each) for each in stage.wire.sent] for stage in (blocking, awaited)]
        assert requests[0] == requests[1], "the two clients make other requests: an adapter may keep no state"
        assert [blocking.texts(each) for each in people] == [awaited.texts(each) for each in people], (
            "the phones differ"
        )


async def _by_blocking(stage: Stage, people: Sequence[str]) -> list[object]:
    async def do(operation: str, *given: Any) -> Any:
        return getattr(stage.client, operation)(*given)

    return await _story(stage, people, do)


async def _by_async(stage: Stage, people: Sequence[str]) -> list[object]:
    client = await stage.connect_async()

    async def do(operation: str, *given: Any) -> Any:
        return await getattr(client, operation)(*given)

    return await _story(stage, people, do)


async def _story(stage: Stage, people: Sequence[str], do: Do) -> list[object]:
    """Everything that a client can be asked to do with a group, and what came of each."""
    *members, newcomer = people
    group = await do("create_group", members)
    first = await do("send", group, TEXT)
    told: list[object] = [_known(first)]
    group = first.group
    stage.clock.advance(3600)
    steps: list[tuple[str, tuple[Any, ...]]] = [
        ("send", (group, OTHER)),
        ("send_direct", (members[0], TEXT)),
        ("get_status", (first,)),
        ("get_group", (group,)),
        ("add_members", (group, [newcomer])),
        ("rename_group", (group, NAME)),
        ("remove_members", (group, members[:1])),
        ("cancel_scheduled", (first,)),
    ]
    told += [await _came_of(do, *step) for step in steps]
    stage.wire.strike(LOST, done=True)
    try:
        await do("send", group, TEXT)
    except OutcomeUnknown as lost:
        stage.clock.advance(3600)
        told.append(await _came_of(do, "find_sent", (lost.attempt,)))
    for _ in range(3):
        stage.wire.strike(Response(400, b"{}"))
    told.append(await _came_of(do, "send", (group, TEXT)))
    stage.wire.clear()
    told.append(await _came_of(do, "delete_group", (group,)))
    return told


async def _came_of(do: Do, operation: str, given: tuple[Any, ...]) -> object:
    """What an operation gave, as far as it is not random, or the error it raised."""
    try:
        result = await do(operation, *given)
    except GroupMessengerError as error:
        return operation, type(error), error.outcome
    return operation, _known(result) if isinstance(result, Receipt) else type(result)


def _outline(sent: Sent) -> tuple[Any, ...]:
    """What is the same of two requests that do the same: all but what is random."""
    request = sent.request
    return request.method, request.repeatable, sent.operation, sorted(request.json or ()), sorted(request.params)


def _known(receipt: Receipt) -> tuple[Any, ...]:
    """A receipt without its ids."""
    known = receipt.status, receipt.recipients, receipt.degradations
    return (*known, receipt.group.members, receipt.group.channel) if isinstance(receipt, GroupReceipt) else known
