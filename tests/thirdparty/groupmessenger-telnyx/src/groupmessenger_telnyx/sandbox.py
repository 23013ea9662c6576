"""Telnyx, in groupmessenger's sandbox: it answers as the vendor's papers say, out of its own memory.

It knows nothing of the adapter, so that each holds the other to the papers.
"""

from __future__ import annotations

import itertools
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from groupmessenger.sandbox import Answer, Call, Clock, Doubt, Face, Inbound, Network, Outgoing, Route, Talk

LINE, KEY = "+13125550190", "sandbox-key"
MOST, FILES = 8, 10  # people of a group, files of a message
AGAIN = (5.0, 10.0)  # seconds to the second and the third try of a callback; how many they are, nobody says
SIGNER = Ed25519PrivateKey.from_private_bytes(b"the sandbox's own, of 32 letters")
PUBLIC = b64encode(SIGNER.public_key().public_bytes_raw()).decode()

STOP = frozenset({"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit"})
START = frozenset({"start", "unstop"})

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_TITLES = {
    "10003": "Invalid URL",
    "10004": "Missing required parameter",
    "10005": "Resource not found",
    "10009": "Authentication failed",
    "10015": "Bad Request",
    "10016": "Phone number must be in +E.164 format",
    "40001": "Not routable",
    "40300": "Blocked due to STOP message",
    "40305": "Invalid 'from' address",
    "40310": "Invalid 'to' address",
    "40316": "No content provided for message",
    "40317": "Invalid MMS content",
}


class TelnyxFace(Face):
    """One account at Telnyx, with one number and one messaging profile."""

    name = "telnyx"
    doubts = (
        Doubt(
            "handsets",
            "whether carriers confirm what arrives: at Telnyx's own alone, it says",
            ("unknown", "delivered"),
        ),
        Doubt("ids", "whether callbacks of a group text have its id, or one for each copy", ("one", "each")),
        Doubt("cc", "whether `cc` of an inbound text has numbers, or objects as `to`", ("numbers", "objects")),
        Doubt("stopped", "what a group text becomes for one who wrote STOP", ("refused", "left out")),
    )

    def __init__(self, network: Network, clock: Clock, doubts: Mapping[str, Any]) -> None:
        """Begin with nothing sent, and nobody who wrote STOP."""
        super().__init__(network, clock, doubts)
        self.messages: dict[str, dict[str, Any]] = {}
        self.stopped: set[str] = set()
        self._ids = itertools.count(1)
        network.attach(LINE, self.hear)

    def routes(self) -> Iterable[Route]:
        """The calls it serves, each to whoever has the key."""
        served: list[tuple[str, str, str, Callable[[Call], Answer]]] = [
            ("GET", "/messaging_profiles", "profiles", lambda call: Answer(200, {"data": [{"id": "profile"}]})),
            ("POST", "/messages/group_mms", "send", self.send_group),
            ("POST", "/messages", "send", self.send_private),
            ("GET", "/messages/{id}", "get_message", self.get_message),
        ]
        return [Route(method, path, name, partial(_with_key, handler)) for method, path, name, handler in served]

    def settings(self, base_url: str) -> dict[str, Any]:
        """What a connection needs to talk to it."""
        return {"line": LINE, "api_key": KEY, "base_url": base_url, "public_keys": [PUBLIC], "settle_after": 0}

    def not_found(self, call: Call) -> Answer:
        """Answer every other path."""
        return _refused(404, "10005")

    def send_group(self, call: Call) -> Answer:
        """One text to all of `to`, in one thread."""
        asked = call.json if isinstance(call.json, dict) else {}
        numbers = asked.get("to")
        if not isinstance(numbers, list) or not numbers:
            return _refused(422, "10004")
        if len(numbers) > MOST or len({*map(str, numbers)}) < len(numbers):
            return _refused(422, "10015")
        if not all(isinstance(number, str) and _NUMBER.fullmatch(number) for number in numbers):
            return _refused(422, "10016")
        if not all(number.startswith("+1") for number in numbers):
            return _refused(400, "40310")
        return self._send(asked, numbers, "MMS")

    def send_private(self, call: Call) -> Answer:
        """One text to one number."""
        asked = call.json if isinstance(call.json, dict) else {}
        number = asked.get("to")
        if not isinstance(number, str) or not _NUMBER.fullmatch(number):
            return _refused(422, "10016")
        return self._send(asked, [number], "MMS" if asked.get("media_urls") else "SMS")

    def get_message(self, call: Call) -> Answer:
        """One message, with what became of each copy."""
        message = self.messages.get(call.parameters["id"])
        return _refused(404, "10005") if message is None else Answer(200, {"data": message})

    def hear(self, inbound: Inbound) -> None:
        """Tell what somebody wrote to the number, and heed STOP."""
        word = inbound.text.strip().lower()
        if word in STOP:
            self.stopped.add(inbound.sender)
        elif word in START:
            self.stopped.discard(inbound.sender)
        others = sorted(inbound.thread.participants - {inbound.sender})
        cc: list[Any] = others if len(others) > 1 else []  # the number itself is among them, as in the guide
        payload = {
            "record_type": "message",
            "direction": "inbound",
            "id": self._id(),
            "type": "MMS" if cc or inbound.media else "SMS",
            "from": {"phone_number": inbound.sender},
            "to": [{"phone_number": LINE, "status": "webhook_delivered"}],
            "cc": cc if self.doubt["cc"] == "numbers" else [{"phone_number": number} for number in cc],
            "text": inbound.text,
            "media": [{"url": url, "content_type": None, "size": None} for url in inbound.media],
            "errors": [],
        }
        self._tell(None, "message.received", payload)

    def _send(self, asked: dict[str, Any], numbers: list[str], kind: str) -> Answer:
        text, files, url = asked.get("text"), asked.get("media_urls", []), asked.get("webhook_url")
        if asked.get("from") != LINE:
            return _refused(400, "40305")
        if not isinstance(files, list) or len(files) > FILES or not all(_is_url(file) for file in files):
            return _refused(400, "40317")
        if text == "" or not isinstance(text, str | None):
            return _refused(422, "10015")
        if not text and not files:
            return _refused(400, "40316")
        if url is not None and not _is_url(url):
            return _refused(422, "10003")
        stopped = self.stopped.intersection(numbers)
        if stopped and (len(numbers) == 1 or self.doubt["stopped"] == "refused"):
            return _refused(400, "40300")
        thread = self.network.thread({LINE, *numbers} - stopped)
        reached = self.network.post(thread, LINE, text or "", files)
        message: dict[str, Any] = {
            "record_type": "message",
            "direction": "outbound",
            "id": self._id(),
            "type": kind,
            "from": {"phone_number": LINE},
            "to": [{"phone_number": number, "status": "queued"} for number in numbers],
            "cc": [],
            "text": text,
            "webhook_url": url,
            "completed_at": None,
            "errors": [],
        }
        if len(numbers) > 1:
            message["group_message_id"] = message["id"]
        self.messages[message["id"]] = message
        answer = Answer(200, {"data": json.loads(json.dumps(message))})  # as it is now
        self.clock.at(self.clock.now() + timedelta(seconds=1), partial(self._sent, message))
        for copy in message["to"]:
            code = "40300" if copy["phone_number"] in stopped else "40001"
            done = partial(self._finalize, message, copy, None if copy["phone_number"] in reached else code)
            self.clock.at(self.clock.now() + timedelta(seconds=2), done)
        return answer

    def _sent(self, message: dict[str, Any]) -> None:
        """The carriers have all copies."""
        for copy in message["to"]:
            copy["status"] = "sent"
        self._tell(message["webhook_url"], "message.sent", message)

    def _finalize(self, message: dict[str, Any], copy: dict[str, Any], code: str | None) -> None:
        """What became of one copy: a callback of its own."""
        arrived = "delivered" if message["type"] == "SMS" else self.doubt["handsets"]
        copy["status"] = arrived if code is None else "delivery_failed"
        errors = [] if code is None else [{"code": code, "title": _TITLES[code]}]
        message["errors"] += errors
        message["completed_at"] = self.clock.now().isoformat()
        told = {**message, "to": [copy], "errors": errors}
        if self.doubt["ids"] == "each" and len(message["to"]) > 1:
            told["id"] = self._id()
        self._tell(message["webhook_url"], "message.finalized", told)

    def _id(self) -> str:
        return f"40319000-0000-4000-8000-{next(self._ids):012}"

    def _tell(self, url: str | None, kind: str, payload: Mapping[str, Any]) -> None:
        """Call the message's own URL, else the profile's."""
        url = url or self.callback_url
        if url is not None:
            event = {"record_type": "event", "event_type": kind, "id": self._id(), "payload": payload}
            event["occurred_at"] = self.clock.now().isoformat()
            tries, told = itertools.count(1), json.loads(json.dumps(event))
            talk = partial(self._talk, url, told, tries)
            self.network.callbacks.call(self.name, kind, talk, again=AGAIN, timeout=2.0)

    def _talk(self, url: str, event: Mapping[str, Any], tries: Iterable[int]) -> Talk:
        """One try, which says in its body which one it is."""
        meta = {"attempt": next(iter(tries)), "delivered_to": url}
        body = json.dumps({"data": event, "meta": meta}).encode()
        at = str(int(self.network.callbacks.signs_at().timestamp()))
        proof = b64encode(SIGNER.sign(f"{at}|".encode() + body)).decode()
        headers = {"content-type": "application/json", "telnyx-timestamp": at, "telnyx-signature-ed25519": proof}
        answered = yield Outgoing("POST", url, headers, body)
        return answered.ok


def _with_key(handler: Callable[[Call], Answer], call: Call) -> Answer:
    return handler(call) if call.headers.get("authorization") == f"Bearer {KEY}" else _refused(401, "10009")


def _refused(status: int, code: str) -> Answer:
    error = {"code": code, "title": _TITLES[code], "detail": f"{_TITLES[code]}."}
    return Answer(status, {"errors": [error]})


def _is_url(told: Any) -> bool:
    return isinstance(told, str) and told.startswith(("http://", "https://"))
