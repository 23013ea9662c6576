"""What the answer to a send says: the facts of its receipt, and the group that the message went to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from groupmessenger.provider import Channel, Degradation, Group, Status, Topology

from . import answers


def facts(body: Mapping[str, Any], *degradations: Degradation) -> dict[str, Any]:
    """What a receipt of any kind says."""
    handle, status, reason = answers.handle_of(body), answers.status_of(body), answers.reason_of(body)
    unnamed = () if handle else (Degradation("id", "Sendblue gave no message handle to ask after it with"),)
    return {
        "id": handle,
        "status": Status.FAILED if reason else Status.ACCEPTED if status is Status.UNKNOWN else status,
        "reason": reason,
        "degradations": (*unnamed, *degradations),
        "raw": body,
    }


def sent_group(group: Group, body: Mapping[str, Any]) -> Group:
    """The group as the answer has it, which is not pending any more."""
    participants = body.get("participants")
    members = group.members
    if members is None and isinstance(participants, list) and participants:
        members = answers.people(participants, group.line)
    group_id, channel = answers.group_id_of(body) or group.id, _channel(group.channel, answers.channel_of(body))
    known = (group.id, group.members, group.pending, group.topology, group.channel)
    if known == (group_id, members, False, Topology.SHARED_THREAD, channel):
        return group
    return attrs.evolve(
        group, id=group_id, members=members, pending=False, topology=Topology.SHARED_THREAD, channel=channel
    )


def without_id(group: Group) -> tuple[Degradation, ...]:
    """What is to be said of a group that Sendblue gave no id for."""
    if not group.is_member_set:
        return ()
    return (Degradation("group_id", "Sendblue gave no group_id: the group is addressed by its numbers"),)


def _channel(known: Channel | None, told: Channel | None) -> Channel | None:
    """What carries a group: as told last, but one message that took another way leaves it open."""
    return told if known is None else known if told in (None, known) else None
