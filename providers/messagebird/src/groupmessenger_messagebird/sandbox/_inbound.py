"""What reaches our lines: it is kept, and handed on to the URL of the number's settings (5.2)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

from groupmessenger.sandbox.callbacks import Outgoing
from groupmessenger.sandbox.phones import Inbound

from ._account import LINES, Account, new_id
from ._calling import call, extended
from ._records import Copy, Message, State, instant

STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit"})  # a guess: the papers have none
START_WORD = "start"
NOT_UTC = timedelta(hours=-5)  # how far off `date` is, beside which there is `date_utc`


def listen(account: Account) -> None:
    """Have the account hear what reaches its lines."""
    for line in LINES:
        account.network.attach(line, partial(_hear, account))


def _hear(account: Account, inbound: Inbound) -> None:
    """Take in a message: it is one person's, whatever thread it was written in (4.1)."""
    ours = inbound.sender in LINES
    if ours and account.doubt["own_messages"] == "silent":
        return
    word, pair = inbound.text.strip().lower(), (inbound.line, inbound.sender)
    if inbound.thread.participants == set(pair) and not ours:
        if word in STOP_WORDS:
            account.opted_out.add(pair)
        elif word == START_WORD:
            account.opted_out.discard(pair)
    message = Message(
        id=new_id(),
        kind="mms" if inbound.media else "messages",
        outbound=False,
        originator=inbound.sender.removeprefix("+"),
        sender=inbound.sender,
        body=inbound.text,
        text=inbound.text,
        created=inbound.at,
        copies=[Copy(inbound.line, inbound.thread.id, inbound.at, state=State("delivered", inbound.at))],
        media=inbound.media,
    )
    account.messages[message.id] = message
    if account.callback_url is not None:
        call(account, "inbound", _request(account, message, account.callback_url))


def _request(account: Account, message: Message, url: str) -> Outgoing:
    fields = _forwarder(account, message) if account.doubt["inbound_shape"] == "forwarder" else _vmn(account, message)
    pairs, form = list(fields), account.doubt["inbound_format"]
    if form == "query":
        return Outgoing("GET", extended(url, urlencode(pairs)))
    if form == "json":
        headers, body = {"content-type": "application/json"}, _json(account, pairs)
    else:
        headers, body = {"content-type": "application/x-www-form-urlencoded"}, urlencode(pairs)
    return Outgoing("POST", extended(url, ""), headers, body.encode())


def _vmn(account: Account, message: Message) -> Iterator[tuple[str, str]]:
    """The fields of a virtual number."""
    yield "id", message.id
    yield "recipient", message.copies[0].number.removeprefix("+")
    yield "originator", message.originator
    yield "body", message.body
    yield "createdDatetime", instant(message.created) or ""
    yield from _media(account, message)


def _forwarder(account: Account, message: Message) -> Iterator[tuple[str, str]]:
    """The same, with twins of old names. Some come twice; the text of an MMS is in `message` alone."""
    line, sent = message.copies[0].number.removeprefix("+"), message.created
    yield "receiver", line
    if message.kind == "messages":
        yield "body", message.body
    yield "message", message.body
    yield "date", str(int((sent + NOT_UTC).timestamp()))
    yield "date_utc", str(int(sent.timestamp()))
    yield "reference", "0"
    yield "id", message.id
    yield "message_id", new_id()
    yield "recipient", line
    yield "originator", message.originator
    if message.kind == "messages":
        yield "id", message.id
        yield "body", message.body
    yield from _media(account, message)
    yield "CreatedDatetime", instant(sent) or ""


def _media(account: Account, message: Message) -> Iterator[tuple[str, str]]:
    yield from ((account.doubt["media_name"], url) for url in message.media)


def _json(account: Account, pairs: list[tuple[str, str]]) -> str:
    """The same as an object: what may come several times is a list, and of the rest the last one counts."""
    name = account.doubt["media_name"]
    media = [value for key, value in pairs if key == name]
    return json.dumps(dict(pairs) | ({name: media} if media else {}))
