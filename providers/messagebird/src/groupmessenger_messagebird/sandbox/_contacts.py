"""The calls that read contacts and change them (3)."""

from __future__ import annotations

from typing import Any

from groupmessenger.sandbox.face import Answer, Call

from ._account import Account, new_id
from ._fields import fields_of, number_of, text_of
from ._lists import page
from ._objects import contact_body, group_body, message_body
from ._records import CUSTOM, Contact
from ._refusals import EMPTY, Refused, Slip, invalid, missing, not_found

SIMILAR = 8  # digits in common that make two numbers similar


class Contacts:
    """The calls that read contacts and change them."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def create(self, call: Call) -> Answer:
        """`POST /contacts`."""
        account, fields = self.account, fields_of(call)
        number = self._number(fields)
        if number is None:
            raise missing("msisdn")
        if account.doubt["same_msisdn"] == "refused":
            self._check_new(number)
        contact = Contact(new_id(), number, account.now())
        _name(contact, fields)
        account.contacts[contact.id] = contact
        return Answer(account.doubt["contact_created"], contact_body(account, contact))

    def listing(self, call: Call) -> Answer:
        """`GET /contacts`, the newest first."""
        contacts = list(reversed(self.account.contacts.values()))
        if wanted := call.query.get("msisdn", "").strip():
            contacts = self._filtered(contacts, wanted.removeprefix("+"))
        return page(self.account, call, [contact_body(self.account, contact) for contact in contacts], "/contacts")

    def _filtered(self, contacts: list[Contact], wanted: str) -> list[Contact]:
        doubt = self.account.doubt
        if doubt["msisdn_filter"] == "ignored":
            return contacts
        if not doubt["several_hits"]:
            return [contact for contact in contacts if str(contact.msisdn) == wanted]
        similar = [contact for contact in contacts if str(contact.msisdn).startswith(wanted[:SIMILAR])]
        # The wanted one comes last: who takes the first one takes a stranger.
        return sorted(similar, key=lambda contact: str(contact.msisdn) == wanted)

    def read(self, call: Call) -> Answer:
        """`GET /contacts/{id}`."""
        return Answer(200, contact_body(self.account, self._contact(call)))

    def update(self, call: Call) -> Answer:
        """`PATCH /contacts/{id}`. The unchanged msisdn is refused as a duplicate: of itself."""
        contact, fields = self._contact(call), fields_of(call)
        number = self._number(fields)
        if number is not None:
            self._check_new(number)
            contact.number = number
        _name(contact, fields)
        contact.updated = self.account.now()
        return Answer(200, contact_body(self.account, contact))

    def delete(self, call: Call) -> Answer:
        """`DELETE /contacts/{id}`: its groups have one member less."""
        contact = self._contact(call)
        for group in self.account.groups_of(contact):
            group.members.remove(contact.id)
        del self.account.contacts[contact.id]
        return EMPTY

    def groups(self, call: Call) -> Answer:
        """`GET /contacts/{id}/groups`."""
        rows = [group_body(self.account, group) for group in self.account.groups_of(self._contact(call))]
        return page(self.account, call, rows, "/groups")

    def messages(self, call: Call) -> Answer:
        """`GET /contacts/{id}/messages`."""
        rows = [message_body(self.account, message) for message in self.account.messages_of(self._contact(call))]
        return page(self.account, call, rows, "/messages")

    def _contact(self, call: Call) -> Contact:
        contact = self.account.contacts.get(call.parameters["contact_id"])
        if contact is None:
            raise not_found("contact")
        return contact

    def _number(self, fields: dict[str, Any]) -> str | None:
        text = text_of(fields, "msisdn")
        number = number_of(text)
        if (text and number is None) or (text.startswith("+") and self.account.doubt["contact_plus"] == "refused"):
            raise invalid("msisdn")
        return number

    def _check_new(self, number: str) -> None:
        if any(contact.number == number for contact in self.account.contacts.values()):
            said = "a contact of this msisdn already exists"
            raise Refused(422, Slip(self.account.doubt["duplicate_code"], said, "msisdn"))


def _name(contact: Contact, fields: dict[str, Any]) -> None:
    """Take over the names and the custom fields that are given."""
    if "firstName" in fields:
        contact.first_name = text_of(fields, "firstName")
    if "lastName" in fields:
        contact.last_name = text_of(fields, "lastName")
    contact.custom |= {name: text_of(fields, name) for name in CUSTOM if name in fields}
