"""The calls that send: to a group and to one person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import attrs

from groupmessenger.sandbox.face import Answer, Call

from ._account import SEAT, SENT_AFTER, Account, is_number
from ._files import Files
from ._messages import answer_body, hide_group_id
from ._records import LINES, Forced, Group, Message
from ._refusals import body_of, send_refused, text_of
from ._webhooks import is_url

STYLES = frozenset(
    {
        "celebration",
        "shooting_star",
        "fireworks",
        "lasers",
        "love",
        "confetti",
        "balloons",
        "spotlight",
        "echo",
        "invisible",
        "gentle",
        "loud",
        "slam",
    }
)


@attrs.frozen
class _Draft:
    line: str
    content: str
    media_url: str
    style: str | None
    reply_to: dict[str, Any] | None
    seat: bool
    status_callback: str = attrs.field(repr=False)


class Sending:
    """The calls that send."""

    def __init__(self, account: Account, files: Files) -> None:
        self.account = account
        self._files = files
        self._sends: dict[str, list[datetime]] = {line: [] for line in LINES}

    def group(self, call: Call) -> Answer:
        """`POST /api/send-group-message`: creates the group, or writes to it."""
        account, body = self.account, body_of(call)
        draft = self._draft(body, to_group=True)
        group_id, numbers = text_of(body, "group_id"), body.get("numbers")
        if bool(group_id) == bool(numbers):
            raise send_refused("Either numbers or group_id is required, not both")
        if group_id:
            group = self.account.groups.get(group_id)
            if group is None:
                raise send_refused("Group not found", status=account.doubt["unknown_group"])
            if draft.line not in group.lines:
                raise send_refused("from_number is not a participant of this group")
            others = tuple(number for number in group.participants if number != draft.line)
        else:
            others = self._people(numbers, draft.line)
            group = None
            if account.doubt["merges"] == "same_group":
                group = account.group_among({draft.line, *others})
            if group is None:
                self._may_create(others)
        if account.doubt["opt_out_member"] == "blocks" and account.opted_out.intersection(others):
            # It does not say who (2.6): the sender must not learn it from here.
            return self._declined(draft, others, group, "A recipient has opted out", to_group=True)
        counted = account.new_contacts(draft.line, others) if account.doubt["new_members_counted"] else 0
        return self._send(draft, others, group, counted, to_group=True)

    def direct(self, call: Call) -> Answer:
        """`POST /api/send-message`: to one person."""
        account, body = self.account, body_of(call)
        draft = self._draft(body, to_group=False)
        number = text_of(body, "number")
        if not number:
            raise send_refused("missing required parameter: number")
        (number,) = self._people([number], draft.line)
        if number in account.opted_out:
            return self._declined(draft, (number,), None, "Recipient has opted out", to_group=False)
        return self._send(draft, (number,), None, account.new_contacts(draft.line, [number]), to_group=False)

    # What is asked

    def _draft(self, body: dict[str, Any], *, to_group: bool) -> _Draft:
        account = self.account
        line = text_of(body, "from_number")
        if not line:
            raise send_refused("missing required parameter: from_number")
        if line not in LINES:
            raise send_refused("This phone number is not defined")
        self._hold_rate(line)
        content, media_url = text_of(body, "content"), text_of(body, "media_url")
        if len(content) >= account.limits.characters:
            raise send_refused(f"content must be shorter than {account.limits.characters} characters")
        if media_url:
            media_url = self._files.media(media_url)
        if not content and (not media_url or (to_group and not account.doubt["media_only"])):
            raise send_refused("missing required parameter: content")
        seat = text_of(body, "seat_id")
        if seat not in ("", SEAT):
            raise send_refused("Seat not found")
        style, reply_to = self._style(body, to_group=to_group), _reply_to(body)
        return _Draft(line, content, media_url, style, reply_to, bool(seat), self._callback(body, to_group=to_group))

    def _callback(self, body: dict[str, Any], *, to_group: bool) -> str:
        url = text_of(body, "status_callback")
        if to_group and self.account.doubt["status_callback_on_groups"] == "ignored":
            return ""
        if url and not is_url(url):
            raise send_refused("Invalid status_callback")
        return url

    def _style(self, body: dict[str, Any], *, to_group: bool) -> str | None:
        style = text_of(body, "send_style")
        if to_group and style:
            match self.account.doubt["send_style"]:
                case "ignored":
                    return None
                case "refused":
                    raise send_refused("send_style is not supported in groups")
                case _:
                    pass
        if style and style not in STYLES:
            raise send_refused("Invalid send_style")
        return style or None

    def _hold_rate(self, line: str) -> None:
        now = self.account.clock.now()
        recent = [at for at in self._sends[line] if at > now - timedelta(seconds=1)]
        self._sends[line] = recent
        if len(recent) >= self.account.limits.sends_per_second:
            # A real 429 is the request rate alone (2.6), and tells nothing of when to come back (5).
            raise send_refused("Rate limit exceeded", code=4001, status=429)

    def _people(self, numbers: object, line: str) -> tuple[str, ...]:
        if not isinstance(numbers, list):
            raise send_refused("numbers must be an array of phone numbers")
        people: set[str] = set()
        for number in cast("list[object]", numbers):
            if isinstance(number, str) and number.lstrip("+").removeprefix("1") == "911":
                raise send_refused("Blacklisted number", code=4002)
            if not isinstance(number, str) or not is_number(number):
                raise send_refused("Invalid phone number")
            people.add(number)
        if line in people:
            raise send_refused("Cannot send messages to self")
        return tuple(sorted(people))

    def _may_create(self, others: Sequence[str]) -> None:
        account = self.account
        most = account.limits.people - bool(account.doubt["limit_counts_line"])
        if len(others) > most:
            raise send_refused(f"A group has at most {account.limits.people} people")
        if len(others) == 1 and account.doubt["single_member"] == "refused":
            raise send_refused("A group needs at least two numbers")
        if account.doubt["agent_plan"]:
            raise send_refused("Your plan does not include creating groups", status=403)

    # What is done

    def _declined(
        self, draft: _Draft, others: Sequence[str], group: Group | None, why: str, *, to_group: bool
    ) -> Answer:
        """A rule says no: as a 2xx the message is kept and listed, in error; as a 400 there is none (2.2)."""
        refusal = send_refused(why, code=4000, key="OPTED_OUT")
        if self.account.doubt["declined_status"] == 400:
            raise refusal
        message = self._message(draft, others, group, to_group=to_group)
        message.fixed = refusal.answer.body
        self.account.keep(message)
        return Answer(200, self._body(message), done=False)

    def _send(self, draft: _Draft, others: Sequence[str], group: Group | None, new: int, *, to_group: bool) -> Answer:
        account = self.account
        if new and (cap := account.cap_reached(draft.line, new)):
            raise send_refused("New contact limit reached", code=429, key=cap)
        message = self._message(draft, others, group, to_group=to_group)
        forced = account.forced.popleft() if account.forced else None
        if forced is not None and forced.later:
            message.fixed, message.fixed_from = forced.fields, message.created + SENT_AFTER
            forced = None
        if forced is not None and not forced.done:
            return self._not_sent(message, forced)
        self._sends[draft.line].append(message.created)
        account.meet(draft.line, new)
        if to_group:
            message.group = group or account.open_group(draft.line, others)
            message.imessage = message.group.imessage
            message.thread_id = message.group.thread.id
        account.send(message)
        body = self._body(message)
        if forced is not None:
            return Answer(forced.status, _forced(body, forced), done=True)
        return Answer(account.doubt["send_status"], body)

    def _not_sent(self, message: Message, forced: Forced) -> Answer:
        if forced.status < 300:  # it has a handle, which can be asked for
            message.fixed = {"status": "ERROR", **forced.fields}
            self.account.keep(message)
        return Answer(forced.status, _forced(self._body(message), forced), done=False)

    def _message(self, draft: _Draft, others: Sequence[str], group: Group | None, *, to_group: bool) -> Message:
        account = self.account
        if group is not None:
            thread_id = group.thread.id
        else:  # the thread of a group that is still to be made has no name to reply to
            thread_id = "" if to_group else account.network.thread({draft.line, *others}).id
        if draft.reply_to:
            target = account.find(draft.reply_to["message_handle"])
            if not thread_id or target is None or (target.line, target.thread_id) != (draft.line, thread_id):
                raise send_refused("reply_to is not a message of this conversation")
        return Message(
            handle=str(uuid4()),
            line=draft.line,
            outbound=True,
            sender=draft.line,
            others=tuple(others),
            thread_id=thread_id,
            group=group,
            imessage=all(account.imessage(number) for number in others),
            content=draft.content,
            media_url=draft.media_url,
            created=account.clock.now(),
            style=draft.style,
            reply_to=draft.reply_to,
            by_seat=draft.seat,
            status_callback=draft.status_callback,
            to_group=to_group,
        )

    def _body(self, message: Message) -> dict[str, Any]:
        body = answer_body(self.account, message)
        body["content"] = message.content  # as it was given; only the device's copy may be trimmed
        if not self.account.doubt["handle_in_answer"]:
            del body["message_handle"]
        hide_group_id(self.account, message, body)
        return body


def _forced(body: dict[str, Any], forced: Forced) -> dict[str, Any]:
    return dict(forced.fields) if forced.whole else body | dict(forced.fields)


def _reply_to(body: dict[str, Any]) -> dict[str, Any] | None:
    reply_to = body.get("reply_to")
    if reply_to is None:
        return None
    if not isinstance(reply_to, dict) or not isinstance(reply_to.get("message_handle"), str):  # pyright: ignore[reportUnknownMemberType]
        raise send_refused("reply_to needs a message_handle")
    return cast("dict[str, Any]", reply_to)
