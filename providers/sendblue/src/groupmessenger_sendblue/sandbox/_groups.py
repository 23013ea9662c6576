"""The calls that read a group and change it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from groupmessenger.sandbox.face import Answer, Call

from ._account import SEAT, SEAT_EMAIL, Account, instant, is_email, is_number
from ._records import LINES, Group
from ._refusals import Refused, body_of, refused, text_of

LONGEST_ID = 160
LONGEST_NAME = 255
_PICTURES = frozenset({"", ".jpg", ".jpeg", ".png", ".gif"})


class Groups:
    """The calls that read a group and change it."""

    def __init__(self, account: Account) -> None:
        self.account = account

    # Members

    def modify(self, call: Call) -> Answer:
        """`POST /api/modify-group`: adds or removes one person."""
        body, names = body_of(call), ("group_id", "modify_type", "number")
        try:
            self._modify(body)
        except _Unmodified as no:
            status = no.status or self.account.doubt["modify_refusal"]
            fields = {name: body.get(name) for name in names}
            said = {"status": "ERROR", "error": no.key, "error_message": no.why}
            return Answer(status, said | fields, done=False)
        if self.account.doubt["modify_answer"] == "legacy":
            return Answer(200, {"message": "The group was modified", "status": "OK"})
        return Answer(
            200, {"status": "OK", "error": None, "error_message": None} | {name: body[name] for name in names}
        )

    def _modify(self, body: dict[str, Any]) -> None:
        account = self.account
        for name in ("group_id", "modify_type", "number"):
            if not text_of(body, name):
                raise _Unmodified("invalid_request", f"missing required parameter: {name}")
        adding, number = body["modify_type"] == "add_recipient", body["number"]
        if not adding and body["modify_type"] != "remove_recipient":
            raise _Unmodified("invalid_request", "modify_type must be add_recipient or remove_recipient")
        group = account.groups.get(body["group_id"])
        if group is None:
            raise _Unmodified("group_not_found", "Group not found", account.doubt["unknown_group"])
        if not group.imessage:
            raise _Unmodified("unsupported_group", "Only iMessage groups can be modified")
        if not account.exists(group):
            raise _Unmodified("chat_not_found", "The group has no chat on the device yet")
        self._check_number(number, self._acting(group, body), body, adding=adding)
        if (number in group.thread.participants) == adding:
            if account.doubt["present_member"] == "error":
                raise _Unmodified("no_change", "The membership is so already")
            return
        if adding:
            self._add(group, number)
        elif len(group.participants) < 4:  # before the removal, the line included
            raise _Unmodified("group_too_small", "Removing needs a group of at least four")
        else:
            group.thread.participants.discard(number)
        group.updated = account.clock.now()

    def _acting(self, group: Group, body: dict[str, Any]) -> str:
        """The line that acts. It is found, or nothing is tried (2.3)."""
        wanted = text_of(body, "from_number")
        lines = list(group.lines)
        if not lines or (wanted and wanted not in lines):
            raise _Unmodified("line_not_registered", "No line of the account acts in this group")
        if not wanted and len(lines) > 1:
            raise _Unmodified("ambiguous_sending_line", "Several lines are in this group: give from_number")
        return wanted or lines[0]

    def _check_number(self, number: str, acting: str, body: dict[str, Any], *, adding: bool) -> None:
        if number in LINES:
            if not adding:
                raise _Unmodified("company_owned_line", "A line of the account cannot be removed")
            if number == acting:
                raise _Unmodified("self_target", "A line cannot add itself")
            if not text_of(body, "from_number"):
                raise _Unmodified("from_number_required", "Adding a line of the account needs from_number")
        elif not is_number(number) and not is_email(number):
            raise _Unmodified("invalid_number", "number must be in E.164, or an e-mail address")

    def _add(self, group: Group, number: str) -> None:
        account = self.account
        people = len(group.participants) - (not account.doubt["limit_counts_line"])
        if people >= account.limits.people:
            raise _Unmodified("group_too_large", f"A group has at most {account.limits.people} people")
        if not account.imessage(number):
            raise _Unmodified("recipient_not_imessage", "Only somebody with iMessage can be added")
        group.thread.participants.add(number)

    def read(self, call: Call) -> Answer:
        """`GET /api/v2/groups/{group_id}`: its current and complete membership."""
        account, group = self.account, self._group(call)
        people = [_participant(group, number) for number in group.members]
        if account.doubt["line_in_membership"]:
            people += [_seat(group, line) for line in group.lines]
        latest = next((message for message in reversed(account.messages) if message.group is group), None)
        known = account.doubt["worker_group_id"] == "given" and account.exists(group)
        data = {
            "group_id": group.id,
            "group_name": group.thread.name or None,
            "group_photo": group.photo,
            "participants": people,
            "participant_numbers": [person["phone"] for person in people if person["phone"]],
            "worker_group_id": group.worker_id if known else None,
            "created_at": instant(group.created),
            "updated_at": instant(group.updated),
            "latest_comm_at": instant(latest.created) if latest else None,
            "latest_message_id": latest.handle if latest else None,
        }
        return Answer(200, {"status": "OK", "data": data})

    # Name and photo

    def rename(self, call: Call) -> Answer:
        """`POST /api/v2/groups/{group_id}/name`: null or an empty text clears it."""
        group, body = self._group(call), body_of(call)
        if "group_name" not in body:
            raise refused("missing required parameter: group_name")
        name = text_of(body, "group_name")
        if len(name) > LONGEST_NAME or (name and not name.strip()):
            raise refused("Invalid group_name")
        line = self._line_for(group, body)
        group.thread.name = name
        group.updated = self.account.clock.now()
        data = {"group_id": group.id, "group_name": name, "from_number": line}
        return Answer(200, {"status": "OK", "data": data})

    def set_photo(self, call: Call) -> Answer:
        """`POST /api/v2/groups/{group_id}/photo`, the JSON form: null clears it."""
        group, body = self._group(call), body_of(call)
        if "photo_url" not in body:
            raise refused("missing required parameter: photo_url")
        url = text_of(body, "photo_url")
        parts = urlsplit(url)
        if url and (parts.scheme != "https" or PurePosixPath(parts.path).suffix.lower() not in _PICTURES):
            raise refused("photo_url must be the https URL of a JPEG, PNG or GIF")
        line = self._line_for(group, body)
        group.photo = {"photo_guid": str(uuid4()).upper(), "url": url} if url else None
        group.updated = self.account.clock.now()
        data = {"group_id": group.id, "group_photo": group.photo, "from_number": line}
        return Answer(200, {"status": "OK", "data": data})

    def _line_for(self, group: Group, body: dict[str, Any]) -> str:
        """The line that changes a name or a photo; no other one steps in for the wanted one (2.5)."""
        if not group.imessage:
            raise self._unchanged("unsupported_line", "The group is no iMessage group")
        if not self.account.exists(group):
            raise self._unchanged("chat_not_found", "The group has no chat on the device yet")
        wanted = text_of(body, "from_number")
        if not group.lines or (wanted and wanted not in group.lines):
            raise self._unchanged("unsupported_line", "The line is not in the group")
        return wanted or group.lines[0]

    def _unchanged(self, key: str, why: str) -> Refused:
        doubt = self.account.doubt
        body = {"status": "ERROR", doubt["refusal_key"]: key, "detail": why}
        return Refused(doubt["change_refusal"], body)

    def _group(self, call: Call) -> Group:
        group_id = call.parameters["group_id"]
        if len(group_id) > LONGEST_ID:
            raise refused("Invalid group_id")
        group = self.account.groups.get(group_id)
        if group is None:
            raise refused("Group not found", self.account.doubt["unknown_group"])
        return group


class _Unmodified(Exception):
    """Why members were not changed.

    The vendor's keys (2.3) are line_not_registered, ambiguous_sending_line and group_too_small; the others are
    ours, and stand for what an integrator cannot know.
    """

    def __init__(self, key: str, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.key = key
        self.why = why
        self.status = status


def _participant(group: Group, handle: str) -> dict[str, Any]:
    return {
        "participant_id": f"{group.id}:{handle}",
        "handle": handle,
        "phone": handle if is_number(handle) else None,  # an e-mail has none (2.4)
        "contact_id": None,
        "name": None,
        "seat_id": None,
        "type": "contact",
    }


def _seat(group: Group, line: str) -> dict[str, Any]:
    return _participant(group, line) | {"name": SEAT_EMAIL, "seat_id": SEAT, "type": "seat"}
