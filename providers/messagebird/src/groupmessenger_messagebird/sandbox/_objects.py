"""Contacts, groups and messages as MessageBird writes them (2, 3, 4.2, 4.3)."""

from __future__ import annotations

from typing import Any

from ._account import HOST, Account
from ._delivery import state
from ._records import CUSTOM, MCCMNC, Contact, Copy, Group, Message, State, digits, instant

FAILED = ("expired", "delivery_failed")
UNDER_WAY = ("sent", "buffered")
NETWORK = {"mccmnc": MCCMNC, "mcc": MCCMNC[:3], "mnc": MCCMNC[3:]}


def contact_body(account: Account, contact: Contact) -> dict[str, Any]:
    """A contact as MessageBird writes it."""
    href = f"{HOST}/contacts/{contact.id}"
    unset = account.doubt["unset_custom"]
    return {
        "id": contact.id,
        "href": href,
        "msisdn": contact.msisdn,
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "customDetails": {name: contact.custom.get(name) or unset for name in CUSTOM},
        "groups": {"totalCount": len(account.groups_of(contact)), "href": f"{href}/groups"},
        "messages": {"totalCount": len(account.messages_of(contact)), "href": f"{href}/messages"},
        "createdDatetime": instant(contact.created),
        "updatedDatetime": instant(contact.updated),
    }


def group_body(account: Account, group: Group) -> dict[str, Any]:
    """A group as MessageBird writes it: how many are in it, not who."""
    href = f"{HOST}/groups/{group.id}"
    below = "/contacts" if account.doubt["contacts_href"] == "contacts" else ""
    return {
        "id": group.id,
        "href": href,
        "name": group.name,
        "contacts": {"totalCount": len(group.members), "href": f"{href}{below}"},
        "createdDatetime": instant(group.created),
        "updatedDatetime": instant(group.updated),
    }


def message_body(account: Account, message: Message) -> dict[str, Any]:
    """A message as it is read, alone or in a list."""
    return _message(account, message, in_full=message.kind == "messages" or account.doubt["mms_details"])


def created_body(account: Account, message: Message) -> dict[str, Any]:
    """A message as the send answers it, with less of each recipient."""
    body = _message(account, message, in_full=False)
    if message.group_ids and account.doubt["group_items"] == "empty":
        body["recipients"]["items"] = []
    if account.doubt["zero_sent"]:
        body["recipients"]["totalSentCount"] = 0
    return body


def _message(account: Account, message: Message, *, in_full: bool) -> dict[str, Any]:
    states = [(copy, state(account, message, copy)) for copy in message.copies]
    body = {
        "id": message.id,
        "href": f"{HOST}/{message.kind}/{message.id}",
        "direction": "mt" if message.outbound else "mo",
        "originator": message.originator,
        "body": message.body,
        "reference": message.reference,
        "scheduledDatetime": instant(message.scheduled),
        "createdDatetime": instant(message.created),
        "recipients": {
            **_counts(account, [said for _, said in states]),
            "items": [_item(message, copy, said, in_full=in_full) for copy, said in states],
        },
    }
    if message.kind == "mms":
        return body | {"subject": message.subject, "mediaUrls": list(message.media)}
    return body | {
        "type": message.type,
        "validity": message.validity,
        "gateway": message.gateway,
        "typeDetails": message.type_details,
        "datacoding": message.datacoding,
        "mclass": message.mclass,
    }


def _counts(account: Account, states: list[State]) -> dict[str, int]:
    words = [said.status for said in states]
    pending = account.doubt["sent_count"] == "pending"
    return {
        "totalCount": len(words),
        "totalSentCount": sum(word in UNDER_WAY if pending else word != "scheduled" for word in words),
        "totalDeliveredCount": words.count("delivered"),
        "totalDeliveryFailedCount": sum(word in FAILED for word in words),
    }


def _item(message: Message, copy: Copy, said: State, *, in_full: bool) -> dict[str, Any]:
    american = copy.number.startswith("+1")
    item = {
        "recipient": digits(copy.number),
        "status": said.status,
        "statusDatetime": instant(said.since),
    }
    if message.kind == "messages":
        item["messagePartCount"] = message.parts
    if not in_full:
        return item
    return item | {
        "originator": None,
        "recipientCountry": "United States" if american else None,
        "recipientCountryPrefix": 1 if american else None,
        "recipientOperator": None,
        "messageLength": message.length,
        "statusErrorCode": said.code,
        "statusReason": said.reason,
        "price": {"amount": message.price, "currency": "USD"},
        **NETWORK,
    }
