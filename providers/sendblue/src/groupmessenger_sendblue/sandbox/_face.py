"""The face: which calls Sendblue serves, and who may make them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from groupmessenger.sandbox.clock import Clock
from groupmessenger.sandbox.face import Answer, Call, Face, Handler, Route
from groupmessenger.sandbox.phones import Network

from ._account import KEY_ID, SEAT, SECRET, WEBHOOK_SECRET, Account, is_email, is_number
from ._calling import Calling
from ._doubts import DOUBTS
from ._files import Files
from ._groups import Groups
from ._messages import Reading
from ._records import LINE, LINES, SECOND_LINE, Forced, Group, Limits, Message
from ._refusals import Refused, body_of, refused, send_refused, text_of
from ._sending import Sending
from ._webhooks import Webhooks


class SendblueFace(Face):
    """Sendblue, with one account of two lines."""

    name = "sendblue"
    doubts = DOUBTS

    LINE = LINE
    SECOND_LINE = SECOND_LINE
    KEY_ID = KEY_ID
    SECRET = SECRET
    SEAT = SEAT
    WEBHOOK_SECRET = WEBHOOK_SECRET

    def __init__(self, network: Network, clock: Clock, doubts: Mapping[str, Any]) -> None:
        super().__init__(network, clock, doubts)
        self.account = Account(network, clock, self.doubt)
        self._webhooks = Webhooks(self.doubt)
        self._calling = Calling(self.account, self._webhooks)
        self.account.on_message = self._calling.kept
        self._files = Files(self.account, f"/{self.name}/files")
        self._sending = Sending(self.account, self._files)
        self._groups = Groups(self.account)
        self._reading = Reading(self.account)

    def settings(self, base_url: str) -> dict[str, Any]:
        """What a connection to the first line needs."""
        return {
            "line": LINE,
            "api_key_id": KEY_ID,
            "api_secret_key": SECRET,
            "base_url": base_url,
            "exclusive_line": True,
            "settle_after": 0,
            "webhook_secrets": [WEBHOOK_SECRET],
            "other_lines": [SECOND_LINE],
        }

    def routes(self) -> Iterable[Route]:
        """The calls that have to do with groups, messages, webhooks and files."""
        calls: tuple[tuple[str, str, str, Handler], ...] = (
            ("POST", "/api/send-group-message", "send_group", self._sending.group),
            ("POST", "/api/send-message", "send_direct", self._sending.direct),
            ("POST", "/api/modify-group", "modify_group", self._groups.modify),
            ("GET", "/api/v2/groups/{group_id}", "get_group", self._groups.read),
            ("POST", "/api/v2/groups/{group_id}/name", "rename_group", self._groups.rename),
            ("POST", "/api/v2/groups/{group_id}/photo", "set_photo", self._groups.set_photo),
            ("GET", "/api/status", "status", self._reading.status),
            ("GET", "/api/v2/messages", "list_messages", self._reading.listing),
            ("GET", "/api/v2/messages/{message_id}", "get_message", self._reading.message),
            ("GET", "/api/evaluate-service", "evaluate_service", self._evaluate),
            ("POST", "/api/v2/contacts/opt-out", "opt_out", self._opt_out),
            ("POST", "/api/send-typing-indicator", "typing", self._typing),
            ("GET", "/api/account/webhooks", "webhooks", self._webhooks.read),
            ("POST", "/api/account/webhooks", "add_webhooks", self._webhooks.add),
            ("PUT", "/api/account/webhooks", "replace_webhooks", self._webhooks.put),
            ("DELETE", "/api/account/webhooks", "remove_webhooks", self._webhooks.remove),
            ("POST", "/api/upload-file", "upload_file", self._files.upload),
            ("POST", "/api/upload-media-object", "upload_media_object", self._files.media_object),
        )
        guarded = [Route(method, path, operation, _guarded(handler)) for method, path, operation, handler in calls]
        return [*guarded, Route("GET", "/files/{name}", "read_file", self._files.read)]  # files are public

    def calls(self, url: str | None) -> None:
        """Have this URL, and no other, hear what comes in, what becomes of messages, and who types."""
        super().calls(url)
        with self.network.lock:
            heard = ("receive", "outbound", "typing_indicator") if url is not None else ()
            self._webhooks.replace({kind: [str(url)] for kind in heard}, WEBHOOK_SECRET if heard else None)

    # For tests

    @property
    def groups(self) -> dict[str, Group]:
        """The groups by id."""
        return self.account.groups

    @property
    def messages(self) -> list[Message]:
        """Every message in and out, the oldest first."""
        return self.account.messages

    @property
    def limits(self) -> Limits:
        """The rates and caps, to be lifted or lowered."""
        return self.account.limits

    def answer_next(
        self, body_fields: Mapping[str, Any], status: int = 200, *, done: bool = True, whole: bool = False
    ) -> None:
        """Say what the next send that breaks no rule answers, and whether it is sent all the same.

        `body_fields` lie over the usual message object, or are the `whole` body. A message that is not `done`
        reaches nobody; with a 2xx it is listed, and stays in the status and errors of `body_fields`.
        """
        self.account.forced.append(Forced(dict(body_fields), status, done, whole))

    def fail_next(self, fields: Mapping[str, Any]) -> None:
        """Have the next send that breaks no rule accepted, and fail when it was to be sent: it reaches nobody.

        `fields` are those of its message object from then on, such as `error_code`; its status is ERROR without one.
        """
        fixed = {"status": "ERROR", **fields}
        self.account.forced.append(Forced(fixed, status=200, done=True, whole=False, later=True))

    def types(self, number: str, line: str, *, typing: bool = True) -> None:
        """Somebody types to one of our lines, privately, or stops. Raises KeyError for what is no line of ours."""
        if line not in LINES:
            raise KeyError(f"{line} is none of Sendblue's lines: {', '.join(LINES)}")
        with self.network.lock:
            self._calling.typing(number, line, typing=typing)

    def human_sends(self, group_id: str, text: str) -> Message:
        """Somebody writes to the group by hand, on the same line, from Sendblue's dashboard."""
        with self.network.lock:
            message = self._by_hand(self.account.groups[group_id], text)
            self.account.send(message)
            return message

    def _by_hand(self, group: Group, text: str) -> Message:
        line = group.lines[0]
        return Message(
            handle=str(uuid4()),
            line=line,
            outbound=True,
            sender=line,
            others=tuple(number for number in group.participants if number != line),
            thread_id=group.thread.id,
            group=group,
            imessage=group.imessage,
            content=text,
            media_url="",
            created=self.clock.now(),
            by_seat=True,
            to_group=True,
        )

    # The other calls

    def _evaluate(self, call: Call) -> Answer:
        number = call.query.get("number", "")
        if not is_number(number) and not is_email(number):
            raise refused("Invalid phone number")
        service = "iMessage" if self.account.imessage(number) else "SMS"
        return Answer(200, {"number": number, "service": service})

    def _opt_out(self, call: Call) -> Answer:
        body = body_of(call)
        number, out = text_of(body, "number"), body.get("opted_out", True)
        if not is_number(number) or not isinstance(out, bool):
            raise refused("Invalid phone number")
        (self.account.opted_out.add if out else self.account.opted_out.discard)(number)
        return Answer(200, {"number": number, "opted_out": out, "status": "OK"})

    def _typing(self, call: Call) -> Answer:
        body = body_of(call)
        if body.get("group_id") or not isinstance(body.get("number"), str):
            raise send_refused("Not supported in group chats")
        number, line = text_of(body, "number"), text_of(body, "from_number")
        talked = any(
            message.line == line and not message.to_group and number in message.others
            for message in self.account.messages
        )
        if line not in LINES or not talked:
            raise send_refused("No route mapping found")
        return Answer(200, {"number": number, "status": "SENT", "error_message": None})


def _guarded(handler: Handler) -> Handler:
    """The handler behind the check of the keys."""

    def guarded(call: Call) -> Answer:
        headers = {name.lower(): value for name, value in call.headers.items()}
        given = [headers.get(name, headers.get(f"x-{name}")) for name in ("sb-api-key-id", "sb-api-secret-key")]
        try:
            if given != [KEY_ID, SECRET]:
                raise refused("Invalid Credentials", 401)
            return handler(call)
        except Refused as refusal:
            return refusal.answer

    return guarded
