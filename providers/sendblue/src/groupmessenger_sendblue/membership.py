"""Who is in a group, and changing it: one person at a time, each answered once the device shows the change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

import attrs

from groupmessenger.provider import (
    Group,
    GroupMessengerError,
    LimitExceeded,
    Member,
    NotReached,
    OutcomeUnknown,
    PartialFailure,
    Rejected,
    Request,
    UnexpectedAnswer,
    UnsupportedOperation,
    ask,
)

from . import answers, lookup
from .limits import LEAST_TOTAL

if TYPE_CHECKING:
    from .messenger import SendblueMessenger

DEVICE = 90.0  # seconds for what waits for the device; the vendor's own SDK waits 60
_LONGEST_ID = 160  # characters (docs, retrieve_group_membership)
_NO_CHANGE = frozenset({"line_not_registered", "ambiguous_sending_line", "group_too_small"})


def path(group: Group) -> str:
    """Where a group is in the v2 interface. Raises `UnsupportedOperation` if it cannot be there."""
    if group.is_member_set:
        raise UnsupportedOperation("Sendblue gave no id for this group, so that it can be neither read nor changed")
    if len(group.id) > _LONGEST_ID:
        raise UnsupportedOperation(f"a Sendblue group id has {_LONGEST_ID} characters or fewer")
    return f"/api/v2/groups/{quote(group.id, safe='')}"


async def read(messenger: SendblueMessenger, group: Group) -> Group:
    """Read name and members. Our own line is not among them, whether the vendor lists it or not."""
    answer = await ask(Request("GET", path(group), repeatable=True))
    data = lookup.row(answer.fields)
    listed = data.get("participants")
    if not isinstance(listed, list):  # to take that for an empty group would say that everybody was removed
        raise UnexpectedAnswer("Sendblue did not say who is in the group", raw=answer.fields)
    people = [each for each in listed if isinstance(each, dict)]
    names = {str(each.get("phone") or each.get("handle") or "").lower(): each.get("name") for each in people}
    members = answers.people([*names, *(data.get("participant_numbers") or ())], messenger.line)
    named = tuple(Member(member.address, names.get(str(member)) or None) for member in members)
    name = data.get("group_name") or None
    wanted = group.name_pending and not name
    return attrs.evolve(group, members=named, name=group.name if wanted else name, name_pending=wanted)


async def change(messenger: SendblueMessenger, group: Group, members: Sequence[Member], *, add: bool) -> Group:
    """Read who is there, then add or remove one after the other; whoever could not be is named.

    A refusal speaks of one person and the others are still tried; anything else ends it, the rest untried.
    """
    now = await read(messenger, group)
    there = list(now.members or ())
    due = [member for member in members if (member in there) != add]
    if not add:
        _check_size(len(there), len(due))
    failed: dict[Member, GroupMessengerError] = {}
    stopped: GroupMessengerError | None = None
    for member in due:
        if stopped is not None:
            failed[member] = NotReached(f"not tried, because before it: {stopped}")
            continue
        try:
            await _change_one(messenger, now, member, add=add)
        except GroupMessengerError as error:
            failed[member] = error
            stopped = None if isinstance(error, Rejected) else error
        else:
            there = [*there, member] if add else [other for other in there if other != member]
    result = attrs.evolve(now, members=tuple(there))
    if failed and len(members) == 1:
        raise failed[due[0]]
    if failed:
        done = "added" if add else "removed"
        raise PartialFailure.naming(done, group=result, asked=due, failed=failed)
    return result


async def _change_one(messenger: SendblueMessenger, group: Group, member: Member, *, add: bool) -> None:
    body = {
        "group_id": group.id,
        "modify_type": "add_recipient" if add else "remove_recipient",
        "number": str(member.address),
        "from_number": messenger.line,  # several of our lines may be in the group
    }
    try:
        answer = await ask(Request("POST", "/api/modify-group", json=body, timeout=DEVICE))
        answers.check_modified(answer, _NO_CHANGE)
    except OutcomeUnknown as lost:
        if not await _changed(messenger, group, member, add=add):
            raise lost from None


async def _changed(messenger: SendblueMessenger, group: Group, member: Member, *, add: bool) -> bool:
    """Whether a change whose answer was lost can be seen."""
    try:
        now = await read(messenger, group)
    except GroupMessengerError:
        return False
    return (member in (now.members or ())) == add


def _check_size(others: int, due: int) -> None:
    """Refuse removals that could not all be made. Raises `LimitExceeded` before the first of them."""
    before_last = others + 1 - (due - 1)
    if due and before_last < LEAST_TOTAL:
        raise LimitExceeded(
            f"removing {due} of {others + 1} members: Sendblue removes only from groups of {LEAST_TOTAL} or more, "
            "our line included; make a new group instead",
            name="total_members",
            limit=LEAST_TOTAL,
            asked=before_last,
        )
