"""Messages on their way out: what the request says, what cannot go, and what the answer comes to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from groupmessenger.provider import (
    Address,
    CapabilityError,
    Degradation,
    LimitExceeded,
    LimitName,
    Message,
    Request,
    Status,
    UnsupportedOperation,
    ask,
    now,
    sealed_url,
)

from . import answers, lookup
from .limits import CHUNK

if TYPE_CHECKING:
    from .messenger import MessageBirdMessenger


async def post(
    messenger: MessageBirdMessenger, message: Message, token: str, to: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Send in one request, as SMS or MMS. Gives the message object."""
    body = {**message.extras.get(messenger.name, {}), **to, "originator": messenger.line, "reference": token}
    if message.text:
        body["body"] = message.text
    if message.send_at is not None:
        body["scheduledDatetime"] = message.send_at.isoformat(timespec="seconds")
    if message.media:
        body["mediaUrls"] = [media.url for media in message.media]
        return answers.check_sent(await ask(Request("POST", lookup.MMS, json=body)))
    body["datacoding"] = "auto"  # their default replaces what is not in the GSM alphabet
    if messenger.report_url is not None:
        body["reportUrl"] = sealed_url(messenger.report_url, token, messenger.access_key)
    if message.expires_at is not None:
        body["validity"] = await _validity(message)
    return answers.check_sent(await ask(Request("POST", lookup.SMS, json=body)))


def facts(
    messenger: MessageBirdMessenger, body: Mapping[str, Any], message: Message, asked: int | None
) -> dict[str, Any]:
    """What a receipt of any kind says. An answer of 201 is never "not sent", whatever it counts."""
    waits = message.send_at is not None and all(
        answers.status_of(item) is Status.SCHEDULED for item in answers.recipients_of(body)
    )
    degradations: list[Degradation] = []
    if messenger.has_test_key:
        degradations.append(Degradation("delivery", "this is a test key: nobody gets it"))
    elif not waits and answers.counts_nobody(body):
        done = "MessageBird took it and counts nobody it was sent to yet: ask get_status"
        degradations.append(Degradation("delivery", done))
    counted = answers.counted(body)
    if not messenger.has_test_key and asked is not None and counted is not None and counted < asked:
        degradations.append(Degradation("recipients", f"MessageBird counts {counted} of {asked}"))
    return {
        "id": answers.id_of(body),
        "status": Status.SCHEDULED if waits else Status.ACCEPTED,
        "recipients": answers.named_recipients(body),
        "degradations": tuple(degradations),
        "raw": body,
    }


def too_many(people: Sequence[Address]) -> Iterable[CapabilityError]:
    """Why these people cannot be sent to one by one in one request; more requests would be more messages."""
    if len(people) > CHUNK:
        text = f"{len(people)} recipients: copies by number, for a picture or without some members, go to {CHUNK}"
        yield LimitExceeded(text, name=LimitName.RECIPIENTS, limit=CHUNK, asked=len(people))


def abroad(people: Sequence[Address], message: Message) -> Iterable[CapabilityError]:
    """Why these people cannot have a picture."""
    if not message.media:
        return
    foreign = [address for address in people if not str(address).startswith("+1") and address not in message.leave_out]
    if foreign:
        who = ", ".join(map(repr, foreign))
        yield UnsupportedOperation(f"MessageBird sends pictures to US and Canadian numbers only, and not to {who}")


async def _validity(message: Message) -> int:
    """Seconds that a message may take. Raises `UnsupportedOperation` where it is over before it begins."""
    assert message.expires_at is not None  # noqa: S101 - for types
    begins = max(await now(), message.send_at or message.expires_at.min.replace(tzinfo=UTC))
    seconds = math.ceil((message.expires_at - begins).total_seconds())
    if seconds <= 0:
        raise UnsupportedOperation("expires_at is over before the message would leave")
    return seconds
