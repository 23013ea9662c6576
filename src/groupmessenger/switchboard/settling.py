"""Finding out what became of messages whose outcome is unknown. Flows."""

from __future__ import annotations

from ..capabilities import DEFAULT_SETTLE
from ..errors import AuthenticationFailed, CapabilityError, GroupMessengerError, Rejected
from ..messages import Absent, CannotTell, Found, GroupReceipt, Proof, Sighting
from . import ledger, outcomes
from .board import Board
from .directory import Transaction
from .known import name_of
from .tried import Tried, by_token, known_ids, may_be_another, under_way, unknown
from .values import Settled, State


async def settle(board: Board) -> tuple[Settled, ...]:
    """Look for every message whose outcome is unknown, the oldest first; then tell which are under way."""
    looked = [await settle_one(board, tried) for tried in await board.do(_unknown)]
    return (*looked, *await board.do(_under_way))


def _unknown(t: Transaction) -> tuple[Tried, ...]:
    ledger.expire(t)
    return unknown(t)


def _under_way(t: Transaction) -> tuple[Settled, ...]:
    return tuple(
        _standing(t, each, f"under way, until {each.lease_until:%H:%M:%S} UTC at most") for each in under_way(t)
    )


async def settle_one(board: Board, tried: Tried) -> Settled:
    """Look for one message. Where the provider cannot be asked now, it stays unknown."""
    line = board.at(tried.provider, tried.line, tried.connection)
    if line is None:
        return await board.do(_unasked, tried, "no connection has its line any more", DEFAULT_SETTLE, True)
    if tried.attempt is None:
        return await board.do(_unasked, tried, "nobody can tell any more", line.capabilities.settle, True)
    try:
        known, over = await board.do(_before, tried, line.capabilities.settle)
        sighting = await line.run(line.operations.find_sent(tried.attempt, known))
    except GroupMessengerError as error:
        why = f"{line.title} could not be asked: {error}"
        return await board.do(_unasked, tried, why, line.capabilities.settle, _never(error))
    return await board.do(_judge, tried, sighting, line.capabilities.settle, over)


def _before(t: Transaction, tried: Tried, settle: float) -> tuple[frozenset[str], bool]:
    """What is no sign of a message, and whether it has come out by now, if it went."""
    return known_ids(t, tried), by_token(t, tried.token).is_settled(settle)


def _judge(t: Transaction, tried: Tried, sighting: Sighting, settle: float, over: bool) -> Settled:
    """Keep what was found out. Absence, and that nobody can tell, count only if the look began late enough."""
    now = by_token(t, tried.token)
    if now.state is not State.UNKNOWN or now.gave_up_at is not None:
        return _standing(t, tried, "")
    by_text = isinstance(sighting, Found) and sighting.proof is Proof.CONTENT and tried.provider_id is None
    if by_text and isinstance(sighting, Found) and sighting.receipt.id in known_ids(t, tried):
        return _standing(t, tried, "what was found turned out to be another message meanwhile: look again")
    if by_text and may_be_another(t, tried, settle):
        sighting = CannotTell("a message like it is there, and may be an earlier one nobody knows about")
    why = ""
    if isinstance(sighting, Found):
        if tried.binding_id is not None and isinstance(sighting.receipt, GroupReceipt):
            outcomes.record_sent(t, tried, sighting.receipt, tried.binding_id)
        else:
            outcomes.sent(t, tried.token, sighting.receipt)
    elif isinstance(sighting, Absent):
        why = "it did not go out" if over else "not there yet, but it may still be under way"
        if over:
            outcomes.absent(t, tried.token, why)
    else:
        why = sighting.why
        if over and not sighting.again:
            outcomes.give_up(t, tried.token, why)
    return _standing(t, tried, why)


def _never(error: GroupMessengerError) -> bool:
    """Whether asking again would be answered alike."""
    forbidden = isinstance(error, AuthenticationFailed) and error.status == 403
    return forbidden or isinstance(error, CapabilityError | Rejected)


def _unasked(t: Transaction, tried: Tried, why: str, settle: float, never: bool) -> Settled:
    """Leave a message unknown whose provider does not answer; what waits for it may not wait for ever."""
    if never and by_token(t, tried.token).is_settled(settle):
        outcomes.give_up(t, tried.token, why)
    return _standing(t, tried, why)


def _standing(t: Transaction, tried: Tried, why: str) -> Settled:
    now = by_token(t, tried.token)
    name = name_of(t, tried.group_id)
    said = "" if now.state is State.SENT else why
    return Settled(logical=name, key=now.key, connection=now.connection, state=now.state, why=said)
