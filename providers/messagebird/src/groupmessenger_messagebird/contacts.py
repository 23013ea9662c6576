"""Contacts: a MessageBird group holds them, and not numbers; everybody in it needs one, of one account's list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from groupmessenger.provider import (
    Address,
    Done,
    GroupMessengerError,
    Member,
    OutcomeUnknown,
    Rejected,
    Request,
    ask,
    together,
)

from . import answers
from .paging import everything, page

AT_ONCE = 25  # requests: at 50 ms each they stay below the 500 a second that Bird's newer API publishes


class _NotListed(Rejected):
    """MessageBird says that there is such a contact, and its filter did not find it."""


async def ensure(members: Sequence[Member]) -> tuple[dict[Member, str], dict[Member, GroupMessengerError]]:
    """Make a contact of each, or find the one there is. Gives their ids, and an error for whoever has none."""
    ids: dict[Member, str] = {}
    failed: dict[Member, GroupMessengerError] = {}
    made = await together([_contact(member) for member in members], limit=AT_ONCE)
    for member, ended in zip(members, made, strict=True):
        if isinstance(ended, Done):
            ids[member] = ended.value
        else:
            failed[member] = ended.error
    hidden = [member for member, error in failed.items() if isinstance(error, _NotListed)]
    if hidden:
        listed = {answers.member_of(row): answers.id_of(row) for row in reversed(await everything("/contacts"))}
        for member in hidden:
            if found := listed.get(member):
                ids[member] = found
                del failed[member]
    return {member: ids[member] for member in members if member in ids}, failed


async def _contact(member: Member) -> str:
    """The id of one person's contact. A number has one contact at most, so that making it again is safe."""
    body = {"msisdn": answers.digits(member.address)} | ({"firstName": member.name} if member.name else {})
    try:
        answer = await ask(Request("POST", "/contacts", json=body, repeatable=True))
    except Rejected as error:
        if not answers.is_duplicate(error):
            raise
        if found := await _look_up(member):
            return found
        raise _NotListed(str(error), status=error.status, code=error.code, raw=error.raw) from error
    except OutcomeUnknown as lost:
        if found := await _look_up(member):
            return found
        raise lost from None
    if answers.member_of(answer.fields) == member and (made := answers.id_of(answer.fields)):
        return made
    if found := await _look_up(member):
        return found
    raise OutcomeUnknown("MessageBird may have made the contact, or not: its answer is in no shape it documents")


async def find(address: Address) -> tuple[str, ...]:
    """The ids of all contacts of a number, none where there is none. Everything is read if their filter does not."""
    number = answers.digits(address)
    if not number.isascii() or not number.isdigit():  # a name, or an e-mail, is no contact
        return ()
    member = Member(address)
    rows = await page("/contacts", params={"msisdn": number})
    found = [answers.id_of(row) for row in rows.items if _is(row, member)]
    if not found and rows.items:
        found = [answers.id_of(row) for row in await everything("/contacts") if _is(row, member)]
    return tuple(found)


async def _look_up(member: Member) -> str:
    """The id of the contact with this number; empty if it is not found. Their filter may let others through."""
    rows = await page("/contacts", params={"msisdn": answers.digits(member.address)})
    return next((answers.id_of(row) for row in rows.items if _is(row, member)), "")


def _is(row: Mapping[str, Any], member: Member) -> bool:
    return answers.member_of(row) == member and bool(answers.id_of(row))
