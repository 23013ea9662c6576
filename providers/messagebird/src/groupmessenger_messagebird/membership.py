"""Groups and who is in them: made, read, changed; whoever could not be added or removed is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import attrs

from groupmessenger.provider import (
    Address,
    Failed,
    Group,
    GroupMessengerError,
    GroupNotFound,
    Member,
    OutcomeUnknown,
    Page,
    PartialFailure,
    Rejected,
    Request,
    Response,
    Topology,
    UnexpectedAnswer,
    UnsupportedOperation,
    ask,
    now,
    together,
)

from . import answers, contacts
from .contacts import AT_ONCE
from .limits import CHUNK
from .paging import everything, page

if TYPE_CHECKING:
    from .messenger import MessageBirdMessenger

_MADE_UP = re.compile(r"set_[0-9a-f]{32}_[0-9]+")


@attrs.frozen
class Roster:
    """Who is in a group, and under which contacts: a number may have several."""

    ids: Mapping[Member, tuple[str, ...]]

    @property
    def members(self) -> tuple[Member, ...]:
        """Everybody in it."""
        return tuple(self.ids)


def path(group: Group) -> str:
    """Where a group is."""
    return f"/groups/{quote(group.id, safe='')}"


async def create(messenger: MessageBirdMessenger, members: Sequence[Member], name: str | None) -> Group:
    """Make contacts of everybody, then the group, then put them in.

    Without a name it gets one made of its members and the moment, which MessageBird asks for and nobody sees.
    """
    ids, failed = await contacts.ensure(members)
    if not ids:
        raise next(iter(failed.values()))
    made = await _make(await _make_up(messenger, members), made_up=True) if name is None else await _make(name)
    group = attrs.evolve(_group(messenger, made), name=name)
    try:
        return await _put_in(group, (), ids, failed)
    except PartialFailure as partial:
        if messenger.has_test_key and not partial.succeeded:
            raise UnsupportedOperation("a test key keeps no contacts and no groups: take a live one") from partial
        raise


async def read(messenger: MessageBirdMessenger, group: Group) -> Group:
    """Read a group's name and members."""
    answer = await ask(Request("GET", path(group), repeatable=True))
    return attrs.evolve(_group(messenger, answer.fields, group.id), members=(await roster(group)).members)


async def listing(messenger: MessageBirdMessenger, cursor: str | None) -> Page[Group]:
    """One page of groups, without their members."""
    rows = await page("/groups", int(cursor or 0))
    groups = tuple(_group(messenger, row) for row in rows.items if answers.id_of(row))
    if not groups and rows.next is not None:  # whoever goes on from page to page would never come to an end
        raise UnexpectedAnswer("MessageBird's list of groups has none in it, and goes on")
    return Page(groups, None if rows.next is None else str(rows.next))


async def of_person(messenger: MessageBirdMessenger, address: Address) -> tuple[Group, ...]:
    """The groups that somebody's contacts are in, each once, without their members; none for whom has no contact."""
    found: dict[Group, None] = {}
    for contact in await contacts.find(address):
        try:
            rows = await everything(f"/contacts/{quote(contact, safe='')}/groups")
        except Rejected as error:
            if error.status != 404:
                raise
            continue  # the contact went away meanwhile
        found |= {_group(messenger, row): None for row in rows if answers.id_of(row)}
    return tuple(found)


async def roster(group: Group) -> Roster:
    """Read who is in a group."""
    found: dict[Member, tuple[str, ...]] = {}
    for row in await everything(f"{path(group)}/contacts"):
        if (member := answers.member_of(row)) is not None:
            found[member] = (*found.get(member, ()), answers.id_of(row))
    return Roster(found)


async def add(group: Group, members: Sequence[Member]) -> Group:
    """Add people; for those who are in it already nothing is done."""
    there = (await roster(group)).members
    due = [member for member in members if member not in there]
    if not due:
        return attrs.evolve(group, members=there)
    ids, failed = await contacts.ensure(due)
    return await _put_in(group, there, ids, failed)


async def remove(group: Group, members: Sequence[Member]) -> Group:
    """Remove people; their contacts are kept."""
    there = await roster(group)
    due = [(member, contact) for member in members for contact in there.ids.get(member, ())]
    gone = await together([_take_out(group, contact) for _, contact in due], limit=AT_ONCE)
    failed = {member: end.error for (member, _), end in zip(due, gone, strict=True) if isinstance(end, Failed)}
    expected = [member for member in there.members if member not in members or member in failed]
    left, failed = await _as_it_is(group, expected, failed, add=False)
    return _whole(attrs.evolve(group, members=left), [member for member, _ in due], failed, "removed")


async def rename(group: Group, name: str) -> Group:
    """Give a group another name. MessageBird answers with the group, or with nothing."""
    await _change(Request("PATCH", path(group), json={"name": name}, repeatable=True, answer="anything"))
    return attrs.evolve(group, name=name)


async def delete(group: Group) -> None:
    """Remove a group; its contacts are kept. Where the answer was lost, it is looked whether it is gone."""
    try:
        await _change(Request("DELETE", path(group), repeatable=True, answer="anything"))
    except OutcomeUnknown as lost:
        try:
            await ask(Request("GET", path(group), repeatable=True))
        except GroupNotFound:
            return
        except GroupMessengerError:
            pass
        raise lost from None


async def _change(request: Request) -> None:
    answers.check_done(await ask(request), with_object=request.method == "PATCH")


async def _make(name: str, *, made_up: bool = False) -> Mapping[str, Any]:
    try:
        answer = await ask(Request("POST", "/groups", json={"name": name}))
    except OutcomeUnknown as lost:
        return await _made(name, lost, made_up=made_up)
    return answer.fields if answers.id_of(answer.fields) else await _made(name, _nameless(answer), made_up=made_up)


def _nameless(answer: Response) -> OutcomeUnknown:
    return OutcomeUnknown(f"MessageBird may have made the group, or not: it gave no id (HTTP {answer.status})")


async def _made(name: str, lost: OutcomeUnknown, *, made_up: bool) -> Mapping[str, Any]:
    """Find a group whose making was lost by the name that we made up for it, which no other group has.

    A name of the caller's others may give at the same time: that group could be theirs, with other people.
    """
    left = f"{lost}; a group without members may be left at MessageBird, which texts nobody"
    if not made_up:
        raise OutcomeUnknown(left) from lost
    try:
        groups = await everything("/groups")
    except GroupMessengerError:
        groups = []
    ours = next((row for row in groups if row.get("name") == name and answers.id_of(row)), None)
    if ours is None:
        raise OutcomeUnknown(left) from lost
    return ours


async def _make_up(messenger: MessageBirdMessenger, members: Sequence[Member]) -> str:
    """A name for a group without one: the digest of its members, and the moment, so that it is of this group alone."""
    digest = Group.of_members(messenger.name, messenger.line, members, pending=False, topology=Topology.BROADCAST).id
    return f"{digest}_{(await now()).timestamp() * 1_000_000:.0f}"


async def _put_in(
    group: Group,
    there: Iterable[Member],
    ids: Mapping[Member, str],
    failed: Mapping[Member, GroupMessengerError],
) -> Group:
    """Put contacts into a group, 50 a request. Raises `PartialFailure` naming everybody who is not in it."""
    people = list(ids)
    chunks = [people[start : start + CHUNK] for start in range(0, len(people), CHUNK)]
    ended = await together([_put_chunk(group, [ids[member] for member in chunk]) for chunk in chunks], limit=AT_ONCE)
    not_put = {
        member: end.error
        for chunk, end in zip(chunks, ended, strict=True)
        if isinstance(end, Failed)
        for member in chunk
    }
    expected = [*there, *(member for member in people if member not in not_put)]
    present, not_put = await _as_it_is(group, expected, not_put, add=True)
    return _whole(attrs.evolve(group, members=present), [*people, *failed], {**failed, **not_put}, "added")


async def _put_chunk(group: Group, ids: Sequence[str]) -> None:
    path_ = f"{path(group)}/contacts"
    await _change(Request("PUT", path_, json={"ids": list(ids)}, repeatable=True, answer="anything"))


async def _take_out(group: Group, contact: str) -> None:
    try:
        path_ = f"{path(group)}/contacts/{quote(contact, safe='')}"
        await _change(Request("DELETE", path_, repeatable=True, answer="anything"))
    except (GroupNotFound, Rejected) as error:
        if error.status != 404:
            raise
        # The contact is not in it any more, as wanted; or the group is gone, which this raises.
        await ask(Request("GET", path(group), repeatable=True))


async def _as_it_is(
    group: Group, expected: Iterable[Member], failed: Mapping[Member, GroupMessengerError], *, add: bool
) -> tuple[tuple[Member, ...], dict[Member, GroupMessengerError]]:
    """Who is in a group after a change; where some of it failed, that is read, and says who really is."""
    if not failed:
        return tuple(dict.fromkeys(expected)), {}
    try:
        present = (await roster(group)).members
    except GroupMessengerError:
        return tuple(dict.fromkeys(expected)), dict(failed)
    return present, {member: error for member, error in failed.items() if (member in present) != add}


def _whole(group: Group, asked: Iterable[Member], failed: Mapping[Member, GroupMessengerError], done: str) -> Group:
    if not failed:
        return group
    raise PartialFailure.naming(done, group=group, asked=asked, failed=failed)


def _group(messenger: MessageBirdMessenger, row: Mapping[str, Any], known_id: str = "") -> Group:
    name = row.get("name")
    called = name if isinstance(name, str) and name and not _MADE_UP.fullmatch(name) else None
    group_id = answers.id_of(row) or known_id
    return Group(messenger.name, messenger.line, group_id, name=called, topology=Topology.BROADCAST)
