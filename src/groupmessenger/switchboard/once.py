"""A message under a key: whatever keeps this send from it, what others with the key came to goes before. Flows."""

from __future__ import annotations

from ..errors import DirectoryError, GroupMessengerError, InProgress, InvalidInput, KeyReused, Outcome
from . import history, people
from .directory import Transaction
from .sending import Sending
from .tried import UNDER_WAY, Tried
from .undecided import unknown
from .values import BoardReceipt, State


async def send_once(sending: Sending) -> BoardReceipt:
    """Send a message. That it was not sent is said only if no other send with its key has sent it, or may have."""
    try:
        return await sending.run()
    except KeyReused:
        raise
    except GroupMessengerError as error:
        if sending.key is None or error.outcome is not Outcome.NOT_SENT:
            raise
        return await _by_others(sending, error)


async def _by_others(sending: Sending, error: GroupMessengerError) -> BoardReceipt:
    try:
        found = await sending.board.do(_last, sending)
    except DirectoryError as unread:
        unread.outcome = Outcome.UNKNOWN
        raise unread from error
    if found is None or found.state is State.NOT_SENT:
        raise error
    if found.state is State.SENT:
        return await sending.read_again(found, again=True)
    if found.state in UNDER_WAY:
        raise InProgress("a send with this key is still under way: ask again with the same key") from error
    raise unknown(found) from error


def _last(t: Transaction, sending: Sending) -> Tried | None:
    try:  # by what it was, if it was put away meanwhile
        group_id = sending.met[0] if sending.met else people.load(t, sending.name).id
    except InvalidInput:
        return None
    return history.message(t, group_id, sending.key)
