"""The call that sends: to one number a text or an MMS, to several an MMS in one thread."""

from __future__ import annotations

from typing import Any, cast

from groupmessenger.sandbox.face import Answer, Call

from ._account import (
    APPLICATION_ID,
    LINES,
    TOLL_FREE,
    UNLINKED_APPLICATION_ID,
    Account,
    Forced,
    Message,
    Recipient,
    Stage,
)
from ._delivery import EXPIRED, Delivery
from ._media import Media
from ._refusals import Problem, Refused, invalid, missing, refused
from ._schema import list_of, moment_of, problems


class Sending:
    """The call that sends."""

    def __init__(self, account: Account, media: Media, delivery: Delivery) -> None:
        self.account = account
        self.media = media
        self.delivery = delivery

    def create(self, call: Call) -> Answer:
        """`POST /users/{account_id}/messages`."""
        account = self.account
        body = self._body(call)
        self._check_sender(call, body)
        message = self._message(body)
        self._check_recipients(message)
        count = message.segments * len(message.to)
        if not account.queue.takes(count):
            raise refused(429, "max-message-queue-size-exceeded", "The queue of this account is full")
        forced = account.forced.popleft() if account.forced else None
        if forced is not None and not forced.done:
            if forced.status < 300:
                self._vanish(message)
            return Answer(forced.status, self._said(message, forced), done=False)
        if message.application_id == UNLINKED_APPLICATION_ID:
            self._vanish(message)
        else:
            failure = self._failure(message)
            account.queue.put(count)
            self.delivery.dispatch(message, failure)
        return Answer(forced.status if forced else 202, self._said(message, forced), done=True)

    # What is asked

    def _body(self, call: Call) -> dict[str, Any]:
        content_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            raise refused(415, "unsupported-content-type", "A message comes as application/json and nothing else")
        body = call.json
        if not isinstance(body, dict):
            raise refused(400, "request-validation", "A message is a JSON object")
        fields = cast("dict[str, Any]", body)
        if found := list(problems(fields, self.account.clock.now(), self.account.doubt)):
            raise invalid(found, self.account.doubt)
        return fields

    def _check_sender(self, call: Call, body: dict[str, Any]) -> None:
        doubt = self.account.doubt
        if body["applicationId"] not in (APPLICATION_ID, UNLINKED_APPLICATION_ID):
            if doubt["unknown_application"] == 404:
                raise missing(call.path, self.account.clock.now())
            raise self._wrong("applicationId", "is no application of this account")
        if body["from"] not in LINES:
            if doubt["foreign_from"] == 403:
                raise refused(403, "forbidden", "from is not a number of this account")
            raise self._wrong("from", "is not a number of this account")

    def _check_recipients(self, message: Message) -> None:
        doubt = self.account.doubt
        if message.line in message.to and doubt["own_number"] == "400":
            raise self._wrong("to", "must not have the number in from")
        if _from_toll_free_to_group(message) and doubt["toll_free_group"] == "400":
            raise self._wrong("from", "is toll-free, which cannot write to groups")
        if self._too_many(message) and doubt["too_many"] == "400":
            raise self._wrong("to", f"must have at most {doubt['most_recipients']} numbers")

    def _wrong(self, field: str, what: str) -> Refused:
        return invalid([Problem(field, what)], self.account.doubt)

    def _too_many(self, message: Message) -> bool:
        return len(message.to) > int(self.account.doubt["most_recipients"])

    def _failure(self, message: Message) -> int:
        """Why nobody will get it although it was accepted, 0 if nothing is known against it."""
        doubt = self.account.doubt
        if self._too_many(message):
            return int(doubt["too_many"])
        if _from_toll_free_to_group(message):
            return int(doubt["toll_free_group"])
        applied = not message.mms or doubt["mms_expiration"] == "applied"
        if applied and message.expiration and message.expiration < message.created + self.account.queue.wait:
            return EXPIRED
        return next(filter(None, map(self.media.failure, message.media)), 0)

    # What is done

    def _message(self, body: dict[str, Any]) -> Message:
        account = self.account
        to = tuple(dict.fromkeys(list_of(body["to"])))
        media = tuple(list_of(body.get("media")))
        now = account.clock.now()
        expiration = body.get("expiration")
        return Message(
            id=account.new_id(),
            line=body["from"],
            outbound=True,
            sender=body["from"],
            to=to,
            text=body.get("text") or "",
            media=media,
            mms=bool(media) or len(to) > 1,
            created=now,
            recipients=tuple(Recipient(number, [Stage(account.doubt["first_status"], now)]) for number in to),
            application_id=body["applicationId"],
            tag=body.get("tag"),
            priority=body.get("priority"),
            expiration=moment_of(expiration) if expiration else None,
        )

    def _vanish(self, message: Message) -> None:
        message.vanished = True
        self.account.messages.append(message)

    def _said(self, message: Message, forced: Forced | None) -> dict[str, Any]:
        if forced is None:
            return self._answer(message)
        return dict(forced.fields) if forced.whole else self._answer(message) | dict(forced.fields)

    def _answer(self, message: Message) -> dict[str, Any]:
        """The message object: one for the whole group, without a status (2)."""
        account = self.account
        keys = account.doubt["optional_keys"]
        if keys == "only_id":
            return {"id": message.id}
        body: dict[str, Any] = {
            "id": message.id,
            "owner": message.line,
            "applicationId": message.application_id,
            "time": account.instant(message.created),
            "segmentCount": message.segments,
            "direction": "out",
            "to": list(message.to),
            "from": message.line,
            "text": message.text,
        }
        optional = {
            "media": list(message.media),
            "tag": message.tag,
            "priority": message.priority,
            "expiration": message.expiration and account.instant(message.expiration),
        }
        if keys == "given":
            body |= {name: value for name, value in optional.items() if value}
        return body


def _from_toll_free_to_group(message: Message) -> bool:
    return message.line == TOLL_FREE and len(message.to) > 1
