"""The calls that read groups and change them (2)."""

from __future__ import annotations

from typing import Any

from groupmessenger.sandbox.face import Answer, Call

from ._account import Account, new_id
from ._fields import fields_of, text_of, texts_of
from ._lists import page
from ._objects import contact_body, group_body
from ._records import Group
from ._refusals import DUPLICATE, EMPTY, NOT_FOUND, Refused, Slip, errors, invalid, missing, not_found

MOST_ADDED = 50


class Groups:
    """The calls that read groups and change them."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def create(self, call: Call) -> Answer:
        """`POST /groups`: names need not be unique."""
        account, name = self.account, _name(fields_of(call))
        if account.doubt["same_name"] == "refused" and name in [group.name for group in account.groups.values()]:
            raise Refused(422, Slip(DUPLICATE, "a group with this name already exists", "name"))
        now = account.now()
        group = Group(new_id(), name, now, now)
        account.groups[group.id] = group
        return Answer(account.doubt["group_created"], group_body(account, group))

    def listing(self, call: Call) -> Answer:
        """`GET /groups`, the newest first."""
        rows = [group_body(self.account, group) for group in reversed(self.account.groups.values())]
        return page(self.account, call, rows, "/groups")

    def read(self, call: Call) -> Answer:
        """`GET /groups/{id}`."""
        return Answer(200, group_body(self.account, self._group(call)))

    def rename(self, call: Call) -> Answer:
        """`PATCH /groups/{id}`."""
        group = self._group(call)
        group.name = _name(fields_of(call))
        group.updated = self.account.now()
        if self.account.doubt["rename_answer"] == "empty":
            return EMPTY
        return Answer(200, group_body(self.account, group))

    def delete(self, call: Call) -> Answer:
        """`DELETE /groups/{id}`: its contacts stay."""
        del self.account.groups[self._group(call).id]
        return EMPTY

    # Members

    def members(self, call: Call) -> Answer:
        """`GET /groups/{id}/contacts`; the links lead to all contacts."""
        group = self._group(call)
        rows = [contact_body(self.account, contact) for contact in self.account.members(group.id)]
        return page(self.account, call, rows, "/contacts")

    def add(self, call: Call) -> Answer:
        """`PUT /groups/{id}/contacts`: 1 to 50 contacts by their ids."""
        account, group = self.account, self._group(call)
        ids = list(dict.fromkeys(texts_of(fields_of(call), "ids")))
        if not ids:
            raise missing("ids")
        if len(ids) > MOST_ADDED:
            raise invalid("ids", f"at most {MOST_ADDED} contacts can be added at once")
        unknown = [contact_id for contact_id in ids if contact_id not in account.contacts]
        if unknown and account.doubt["unknown_member"] == "nothing":
            raise not_found("contact")
        if account.doubt["present_member"] == "error" and set(ids).intersection(group.members):
            raise invalid("ids", "a contact is in the group already")
        new = [contact_id for contact_id in ids if contact_id not in (*unknown, *group.members)]
        group.members += new
        group.updated = account.now()
        if unknown and account.doubt["unknown_member"] == "others_404":
            return Answer(404, errors(Slip(NOT_FOUND, "contact not found")), done=bool(new))
        return EMPTY

    def remove(self, call: Call) -> Answer:
        """`DELETE /groups/{id}/contacts/{contactId}`: one, who stays a contact."""
        group, contact_id = self._group(call), call.parameters["contact_id"]
        if contact_id not in group.members:
            if self.account.doubt["absent_member"] == 404:
                raise not_found("contact")
            return EMPTY
        group.members.remove(contact_id)
        group.updated = self.account.now()
        return EMPTY

    def _group(self, call: Call) -> Group:
        group = self.account.groups.get(call.parameters["group_id"])
        if group is None:
            raise not_found("group")
        return group


def _name(fields: dict[str, Any]) -> str:
    name = text_of(fields, "name")
    if not name.strip():
        raise missing("name")
    return name
