"""How messages reach phones, and what is said of each copy on its way (4.4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from ._account import Account, nobody_hears
from ._records import FINAL, Copy, Message, State
from ._reports import report

# The papers name no times but the validity, and no default for that one; these are a guess.
DELIVERED_AFTER = timedelta(seconds=5)
VALIDITY = timedelta(hours=48)
LONGEST = timedelta(days=365)  # nothing is said of one; a date has an end
SOONEST = timedelta(seconds=1)

OPTED_OUT = 103  # (4.4)
NO_SMS = 11  # teleservice not provisioned, as for a landline (4.4)
ABSENT = 27


def keep(account: Account, message: Message) -> None:
    """Remember a message, and send it now or when it is scheduled."""
    account.messages[message.id] = message
    if message.scheduled is None or message.scheduled <= account.now():
        post(account, message)
        return
    message.waiting = True

    def due() -> None:
        if account.messages.get(message.id) is message:
            message.waiting = False
            _look_again(account, message)
            post(account, message)

    account.clock.at(message.scheduled, due)


def copies_of(numbers: Iterable[str]) -> list[Copy]:
    """A copy for each of these numbers."""
    return [Copy(number) for number in numbers]


def post(account: Account, message: Message) -> None:
    """Put each copy into a private thread: nobody sees who else has one."""
    network = account.network
    if not message.sender.startswith("+"):
        network.attach(message.sender, nobody_hears)
    for copy in message.copies:
        thread = network.thread({message.sender, copy.number})
        copy.thread_id, copy.posted = thread.id, account.now()
        if (message.sender, copy.number) in account.opted_out:
            copy.opted_out = True
        else:
            reached = network.post(thread, message.sender, message.text, message.media)
            if copy.number not in network.lines:
                copy.unreachable = copy.number not in reached
                copy.was_off = not network.phones[copy.number].on
        _watch(account, message, copy, copy.posted)


def state(account: Account, message: Message, copy: Copy) -> State:
    """What is to be said of a copy now. It is reported as soon as it is seen."""
    if copy.state is not None:
        return copy.state
    if copy.posted is None:
        return State("scheduled")
    found = _state(account, message, copy, copy.posted)
    if found.status in FINAL:
        copy.state = found
    report(account, message, copy, found)
    return found


def _watch(account: Account, message: Message, copy: Copy, posted: datetime) -> None:
    """See what has become of a copy, and look again until that is final.

    Phones do not say when they are switched on: who was off for long is looked for less often.
    """
    if state(account, message, copy).status in FINAL:
        return
    now, arrives = account.now(), posted + DELIVERED_AFTER
    expires = max(arrives, posted + _validity(message))
    later = min(expires, now + max(SOONEST, (now - posted) / 10))
    account.clock.at(arrives if now < arrives else later, partial(_watch, account, message, copy, posted))


def _state(account: Account, message: Message, copy: Copy, posted: datetime) -> State:
    now = account.now()
    arrives, expires = posted + DELIVERED_AFTER, posted + _validity(message)
    if copy.opted_out and (now >= arrives or account.doubt["opted_out"] == "at_once"):
        return State("delivery_failed", min(now, arrives), OPTED_OUT, "opted out")
    if now >= arrives and copy.unreachable:
        return State("delivery_failed", arrives, NO_SMS, "generic delivery failure")
    if now >= arrives and _shown(account, message, copy, posted):
        return State("delivered", now if copy.was_off else arrives, None, "successfully delivered")
    if now >= max(arrives, expires):
        return State("expired", expires, ABSENT, "expired")
    if now >= arrives and account.doubt["off_phone"] == "buffered":
        return State("buffered", arrives, None, "unavailable subscriber")
    return State("sent", posted, None, "pending DLR")


def _shown(account: Account, message: Message, copy: Copy, posted: datetime) -> bool:
    """Whether the phone shows it. Other lines have it at once."""
    if copy.number in account.network.lines:
        return True
    texts = account.network.phones[copy.number].messages.get(copy.thread_id, ())
    # A phone shows what waited for it in one go, so any from then or later is as good as this one.
    return any(shown.sender == message.sender and shown.at >= posted for shown in texts)


def _look_again(account: Account, message: Message) -> None:
    """See who is in the groups by now, if that is how the vendor does it."""
    if message.group_ids and account.doubt["scheduled_members"] == "at_sending":
        message.copies = copies_of(account.recipients(message.direct, message.group_ids))


def _validity(message: Message) -> timedelta:
    return VALIDITY if message.validity is None else min(timedelta(seconds=min(message.validity, 10**9)), LONGEST)
