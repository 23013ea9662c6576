"""A vendor of the tests' own: it texts one MMS thread, and can say whether it is there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from groupmessenger.sandbox import Answer, Call, Doubt, Face, Inbound, Route

LINE = "+13125550100"
ALICE = "+13125550101"
BOB = "+13125550102"


class AcmeFace(Face):
    """Texts the numbers in `to`. Keeps what reaches its line in `heard`."""

    name = "acme"
    doubts: ClassVar[tuple[Doubt, ...]] = (
        Doubt("created", "What a new message answers.", (201, 200)),
        Doubt("slow", "Whether phones get a message later.", (False, True)),
    )

    def routes(self) -> Iterable[Route]:
        self.heard: list[Inbound] = []
        self.asked: list[Call] = []
        self.network.attach(LINE, self.heard.append)
        return [
            Route("POST", "/messages", "send", self.send),
            Route("GET", "/ping", "ping", self.ping),
            Route("GET", "/people/{number}/notes/{note}", "note", self.ping),
            Route("GET", "/media/{key:path}", "media", self.ping),
            Route("GET", "/page", "page", lambda call: Answer(200, b"<p>", {"Content-Type": "text/html"})),
            Route("DELETE", "/messages", "wipe", lambda call: Answer(204)),
            Route("GET", "/broken", "broken", self.broken),
        ]

    def settings(self, base_url: str) -> dict[str, str | int | float]:
        return {"line": LINE, "base_url": base_url, "api_key": "secret-of-acme"}

    def send(self, call: Call) -> Answer:
        self.asked.append(call)
        fields = call.json or {}
        if "to" not in fields:
            return Answer(400, {"error": "to is missing"})
        thread = self.network.thread({LINE, *fields["to"]})
        self.network.post(thread, LINE, fields["text"], fields.get("media", ()))
        return Answer(self.doubt["created"], {"id": f"message_{len(self.asked)}"})

    def ping(self, call: Call) -> Answer:
        self.asked.append(call)
        return Answer(200, {"pong": len(self.asked)})

    def broken(self, call: Call) -> Answer:
        raise ZeroDivisionError("by the stand-in itself")


class OtherFace(AcmeFace):
    """A second vendor, with the same calls."""

    name = "other"
