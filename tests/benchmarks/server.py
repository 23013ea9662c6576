"""A vendor that answers at once, with what it always answers: `python -m tests.benchmarks.server [--help]`.

It prints its port and serves until its input ends. So that little of what is measured is its own work, it looks at
nothing but the request line and the length. What the adapters make of answers is tried before the sandbox instead.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import ssl
import sys
from collections.abc import Callable, Mapping
from typing import Any

LINE = "+13125550100"
PEOPLE = [f"+131255501{number}" for number in range(11, 21)]
SENDBLUE_GROUP = "sb_group_2b1c9a70-0000-4000-8000-5a4d3c2b1a09"
MESSAGEBIRD_GROUP = "00c0ffee00c0ffee00c0ffee00c0ffee"
APPLICATION = "1e0f2d3c-0000-4000-8000-4b5a69788796"
_DAY, _ZONED = "2026-11-02T10:00:00.000Z", "2026-11-02T10:00:00+00:00"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_numbers = itertools.count(1)

Answer = Callable[[bytes], tuple[int, Any]]


def sendblue(_: bytes) -> tuple[int, Any]:
    """A message to a group was taken."""
    return 200, {
        "accountEmail": "someone@example.com",
        "content": "Dinner at eight?",
        "date_sent": _DAY,
        "date_updated": _DAY,
        "error_code": None,
        "error_message": None,
        "from_number": LINE,
        "group_display_name": None,
        "group_id": SENDBLUE_GROUP,
        "is_outbound": True,
        "media_url": "",
        "message_handle": f"00000000-0000-4000-8000-{next(_numbers):012d}",
        "message_type": "group",
        "number": PEOPLE[:3],
        "opted_out": False,
        "participants": [LINE, *PEOPLE[:3]],
        "plan": "dedicated",
        "send_style": None,
        "sendblue_number": LINE,
        "service": "iMessage",
        "status": "QUEUED",
        "to_number": PEOPLE[:3],
        "was_downgraded": None,
    }


def message(_: bytes) -> tuple[int, Any]:
    """MessageBird took a message to a group."""
    made = f"{next(_numbers):032x}"
    people = [
        {"recipient": int(number), "status": "sent", "statusDatetime": _ZONED, "messagePartCount": 1}
        for number in PEOPLE[:3]
    ]
    return 201, {
        "id": made,
        "href": f"https://rest.example.com/messages/{made}",
        "body": "Dinner at eight?",
        "createdDatetime": _ZONED,
        "datacoding": "auto",
        "direction": "mt",
        "gateway": 10,
        "mclass": 1,
        "originator": LINE,
        "recipients": {
            "items": people,
            "totalCount": 3,
            "totalDeliveredCount": 0,
            "totalDeliveryFailedCount": 0,
            "totalSentCount": 3,
        },
        "reference": None,
        "scheduledDatetime": None,
        "type": "sms",
        "typeDetails": {},
        "validity": None,
    }


def contact(body: bytes) -> tuple[int, Any]:
    """MessageBird made a contact."""
    made = f"{next(_numbers):032x}"
    number = re.search(rb"msisdn\D*(\d+)", body)
    none = {"totalCount": 0, "href": f"https://rest.example.com/contacts/{made}/groups"}
    return 201, {
        "id": made,
        "href": f"https://rest.example.com/contacts/{made}",
        "createdDatetime": _ZONED,
        "customDetails": dict.fromkeys(["custom1", "custom2", "custom3", "custom4"]),
        "firstName": "",
        "groups": none,
        "lastName": "",
        "messages": none,
        "msisdn": int(number[1]) if number else 0,
        "updatedDatetime": None,
    }


def group(_: bytes) -> tuple[int, Any]:
    """MessageBird made a group."""
    return 201, {
        "id": MESSAGEBIRD_GROUP,
        "href": f"https://rest.example.com/groups/{MESSAGEBIRD_GROUP}",
        "contacts": {"totalCount": 0, "href": f"https://rest.example.com/groups/{MESSAGEBIRD_GROUP}/contacts"},
        "createdDatetime": _ZONED,
        "name": "Dinner",
        "updatedDatetime": _ZONED,
    }


def token(_: bytes) -> tuple[int, Any]:
    """Bandwidth gave a token."""
    return 200, {"access_token": "of-nobody", "token_type": "Bearer", "expires_in": 3600}


def bandwidth(_: bytes) -> tuple[int, Any]:
    """Bandwidth took a message to a group."""
    return 202, {
        "id": f"17600000000{next(_numbers):010d}",
        "applicationId": APPLICATION,
        "direction": "out",
        "from": LINE,
        "owner": LINE,
        "segmentCount": 1,
        "tag": "",
        "text": "Dinner at eight?",
        "time": _DAY,
        "to": PEOPLE[:3],
    }


ANSWERS: Mapping[bytes, Answer] = {
    b"/api/send-group-message": sendblue,
    b"/messages": message,
    b"/contacts": contact,
    b"/groups": group,
    b"/oauth2/token": token,
    b"/users/9900100/messages": bandwidth,
}


class Vendor(asyncio.Protocol):
    """One connection, kept open; one request at a time."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._read = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._back = transport

    def data_received(self, data: bytes) -> None:
        """Answer once a request is whole."""
        self._read += data
        head = self._read.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(self._read, 0, head + 2)
        end = head + 4 + (int(length[1]) if length else 0)
        if len(self._read) < end:
            return
        request = bytes(self._read[:end])
        del self._read[:end]
        method, path, _ = request[: request.index(b"\r\n")].split(b" ")
        answer = written(method, path, request[head + 4 :])
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._back.write, answer)
        else:
            self._back.write(answer)


def written(method: bytes, path: bytes, body: bytes) -> bytes:
    """Give the answer to a request as it goes over the wire."""
    if method == b"PUT":
        return b"HTTP/1.1 204 No Content\r\n\r\n"
    status, data = ANSWERS[path](body)
    text = json.dumps(data).encode()
    return b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
        status,
        len(text),
        text,
    )


async def serve(latency: float, certificate: str | None) -> None:
    """Serve until the input ends, over TLS where there is a certificate (and its key, in one file)."""
    tls = None
    if certificate is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Vendor(latency), "127.0.0.1", 0, backlog=1000, ssl=tls)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0)
    parser.add_argument("--certificate")
    given = parser.parse_args()
    asyncio.run(serve(given.latency, given.certificate))
