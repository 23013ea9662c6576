"""What vendors call us with, in their shapes: a message that came in, and a status; no two alike."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import attrs
import jwt

import groupmessenger as gm
from groupmessenger.provider import sealed_url

from .server import APPLICATION, LINE, PEOPLE, SENDBLUE_GROUP

URL = "https://hooks.example.com/in"
SECRET = "known to nobody, and long enough for what is signed with it"
BELIEVING: Mapping[str, Mapping[str, Any]] = {
    "sendblue": {"webhook_secrets": SECRET},
    "messagebird": {"signing_keys": SECRET},
    "bandwidth": {"webhook_credentials": f"user:{SECRET}"},
}

_TEXT = "I can bring the bread, and the cheese from the market if somebody tells me which."
_HEADERS = {"host": "hooks.example.com", "user-agent": "vendor/1", "accept": "*/*"}
_DAY, _ZONED = "2026-11-21T12:00:00.250Z", "2026-11-21T12:00:00+00:00"


@attrs.frozen
class Call:
    """A request of a vendor's, as it came."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""

    def callback(self) -> gm.Callback:
        """What a web application makes of it."""
        return gm.Callback(self.method, self.url, self.headers, self.body)

    def environ(self) -> dict[str, Any]:
        """What a WSGI server makes of it."""
        path, _, query = self.url.removeprefix(URL).partition("?")
        made = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        return {
            **made,
            "CONTENT_TYPE": self.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(self.body)),
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "hooks.example.com",
            "SERVER_PORT": "443",
            "wsgi.url_scheme": "https",
            "wsgi.input": BytesIO(self.body),
        }


def _posted(name: str, data: Any, header: str, value: str) -> Call:
    headers = {**_HEADERS, "content-type": "application/json", header: value}
    return Call("POST", f"{URL}/{name}", headers, json.dumps(data).encode())


def _person(number: int, way: int = 0) -> str:
    return PEOPLE[(number + way) % len(PEOPLE)]


def _sendblue(number: int) -> dict[str, Any]:
    return {
        "accountEmail": "someone@example.com",
        "content": _TEXT,
        "error_code": None,
        "error_message": None,
        "error_reason": None,
        "error_detail": None,
        "message_handle": f"00000000-0000-4000-8000-{number:012d}",
        "date_sent": _DAY,
        "date_updated": _DAY,
        "was_downgraded": None,
        "plan": "dedicated",
        "media_url": "",
        "message_type": "group",
        "group_id": SENDBLUE_GROUP,
        "group_display_name": "Dinner",
        "participants": [LINE, *(_person(number, way) for way in range(3))],
        "send_style": "",
        "opted_out": False,
        "sendblue_number": LINE,
        "service": "iMessage",
    }


def sendblue_message(number: int) -> Call:
    """Somebody wrote in a group of three."""
    who = _person(number)
    body = _sendblue(number) | {"is_outbound": False, "status": "RECEIVED", "from_number": who, "number": who}
    return _posted("sendblue", body | {"to_number": LINE}, "sb-signing-secret", SECRET)


def sendblue_status(number: int) -> Call:
    """A message of ours was delivered, told by the account's webhook."""
    body = _sendblue(number) | {"is_outbound": True, "status": "DELIVERED", "from_number": LINE, "number": ""}
    return _posted("sendblue", body, "sb-signing-secret", SECRET)


def sendblue_sealed(number: int) -> Call:
    """The same, told to the URL that went with the message: believed by the seal in it."""
    told = sendblue_status(number)
    headers = {name: value for name, value in told.headers.items() if name != "sb-signing-secret"}
    return attrs.evolve(told, url=sealed_url(told.url, f"{number:032x}", "of-nobody"), headers=headers)


def _bandwidth(kind: str, to: str, number: int, message: Mapping[str, Any]) -> Call:
    common = {"id": f"17600000000{number:010d}", "owner": LINE, "applicationId": APPLICATION, "segmentCount": 1}
    inner = {**common, "time": _DAY, **message}
    event = {"type": kind, "time": _DAY, "to": to, "description": "It is so", "message": inner}
    shown = base64.b64encode(f"user:{SECRET}".encode()).decode()
    return _posted("bandwidth", [event], "authorization", f"Basic {shown}")


def bandwidth_message(number: int) -> Call:
    """Somebody wrote in a group of three."""
    who, *others = (_person(number, way) for way in range(3))
    people = {"from": who, "to": [LINE, *others]}
    return _bandwidth("message-received", LINE, number, {"direction": "in", "text": _TEXT, **people})


def bandwidth_status(number: int) -> Call:
    """A message of ours came to one of three."""
    people = {"from": LINE, "to": [_person(number, way) for way in range(3)]}
    message = {"direction": "out", "text": "", "tag": f"{number:032x}", **people}
    return _bandwidth("message-delivered", people["to"][0], number, message)


def _signed(method: str, url: str, body: bytes) -> Call:
    now = int(time.time())
    claims = {"iss": "MessageBird", "nbf": now, "exp": now + 3600, "jti": str(uuid4())}
    claims["url_hash"] = hashlib.sha256(url.encode()).hexdigest()
    if body:
        claims["payload_hash"] = hashlib.sha256(body).hexdigest()
    token = jwt.encode(claims, SECRET, "HS256")
    kind = {"content-type": "application/x-www-form-urlencoded"} if body else {}
    return Call(method, url, {**_HEADERS, **kind, "messagebird-signature-jwt": token}, body)


def messagebird_message(number: int) -> Call:
    """A member of a group answers, privately as always."""
    fields = {
        "id": f"{number:032x}",
        "recipient": LINE.removeprefix("+"),
        "originator": _person(number).removeprefix("+"),
        "body": _TEXT,
        "createdDatetime": _ZONED,
    }
    return _signed("POST", f"{URL}/messagebird", urlencode(fields).encode())


def messagebird_status(number: int) -> Call:
    """One member's copy was delivered, told to the URL that went with the message."""
    token = f"{number:032x}"
    fields = {
        "datacoding": "plain",
        "id": token[::-1],
        "mccmnc": "310999",
        "messageLength": "16",
        "messagePartCount": "1",
        "ported": "0",
        "price[amount]": "0.010",
        "price[currency]": "USD",
        "recipient": _person(number).removeprefix("+"),
        "reference": token,
        "status": "delivered",
    }
    url = f"{sealed_url(f'{URL}/messagebird', token, 'of-nobody')}&{urlencode(fields)}&statusDatetime={_ZONED}"
    return _signed("GET", url, b"")


def older(call: Call, at: int) -> Call:
    """A request of MessageBird's to a URL without a query, with the older signature of that time instead."""
    signed = f"{at}\n\n".encode() + hashlib.sha256(call.body).digest()
    seal = base64.b64encode(hmac.digest(SECRET.encode(), signed, "sha256")).decode()
    headers = {name: value for name, value in call.headers.items() if name != "messagebird-signature-jwt"}
    told = {"messagebird-request-timestamp": str(at), "messagebird-signature": seal}
    return attrs.evolve(call, headers=headers | told)


KINDS: Mapping[str, Mapping[str, Callable[[int], Call]]] = {
    "sendblue": {
        "a message": sendblue_message,
        "a status": sendblue_status,
        "a status by its seal": sendblue_sealed,
    },
    "messagebird": {"a message": messagebird_message, "a status": messagebird_status},
    "bandwidth": {"a message": bandwidth_message, "a status": bandwidth_status},
}


def endless(make: Callable[[int], Call]) -> Iterator[Call]:
    """Give one call after the other."""
    number = 0
    while True:
        yield make(number := number + 1)
