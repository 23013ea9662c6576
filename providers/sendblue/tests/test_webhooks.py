"""What Sendblue calls us with: who is believed, and what is told of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from groupmessenger_sendblue import SendblueMessenger
from hypothesis import example, given
from hypothesis import strategies as st

import groupmessenger as gm
from groupmessenger import (
    Callback,
    Channel,
    Event,
    Evidence,
    FailureReason,
    Handle,
    InvalidSignature,
    MalformedWebhook,
    Media,
    Member,
    MessageReceived,
    OpaqueAddress,
    PhoneNumber,
    ReactionReceived,
    Status,
    StatusChanged,
    TypingChanged,
    Unrecognized,
)
from groupmessenger.provider import Request, Verified, sealed_url

LINE, OTHER_LINE, FOREIGN_LINE = "+13125550100", "+13125550109", "+13125550108"
ANN, BOB, CAT = (f"+1312555017{n}" for n in range(3))
EMAIL = "cat@example.com"
SECRET, NEW_SECRET = "a secret of webhooks", "the next secret"
KEY = "secret key"
GROUP_ID = "sb_group_7c0d"
HANDLE = "5C1F0B62-IN"
URL = "https://hooks.example.com/in/main"
PICTURE = "https://cdn.example.com/1/tulips.png"
AT = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)
TOKEN = "token-1"

MESSENGER = SendblueMessenger(
    line=LINE, api_key_id="key id", api_secret_key=KEY, webhook_secrets=(SECRET,), other_lines=(OTHER_LINE,)
)

Json = Mapping[str, Any]


def inbound(**fields: Any) -> dict[str, Any]:
    """A private message as `receive` has it."""
    return {
        "accountEmail": "account@example.com",
        "content": "See you at nine",
        "is_outbound": False,
        "status": "RECEIVED",
        "error_code": None,
        "error_message": None,
        "error_reason": None,
        "message_handle": HANDLE,
        "date_sent": "2026-11-21T12:00:00.250Z",
        "date_updated": "2026-11-21T12:00:01.000Z",
        "from_number": ANN,
        "number": ANN,
        "to_number": LINE,
        "was_downgraded": None,
        "plan": "dedicated",
        "media_url": "",
        "message_type": "message",
        "group_id": "",
        "participants": [],
        "send_style": "",
        "opted_out": False,
        "error_detail": None,
        "sendblue_number": LINE,
        "service": "iMessage",
        "group_display_name": "",
    } | fields


def in_group(**fields: Any) -> dict[str, Any]:
    """A message in a group, whose participants are everybody, our line and the sender too."""
    group = {"message_type": "group", "group_id": GROUP_ID, "participants": [ANN, LINE, BOB]}
    return inbound(**group | fields)


def outbound(**fields: Any) -> dict[str, Any]:
    """A message of ours as status callbacks have it."""
    return {
        "accountEmail": "account@example.com",
        "content": "Dinner at eight?",
        "is_outbound": True,
        "status": "DELIVERED",
        "error_code": None,
        "error_message": None,
        "message_handle": "0d0c-out",
        "date_sent": "2026-11-21T12:00:00.000Z",
        "date_updated": "2026-11-21T12:00:00.250Z",
        "from_number": LINE,
        "number": ANN,
        "to_number": ANN,
        "was_downgraded": None,
        "media_url": "",
        "message_type": "message",
        "group_id": "",
        "participants": [],
        "send_style": "",
        "service": "iMessage",
    } | fields


def callback(body: object, *, secret: str | None = SECRET, url: str = URL) -> Callback:
    headers = {"content-type": "application/json"} | ({} if secret is None else {"sb-signing-secret": secret})
    return Callback("POST", url, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


def told(body: object, **more: Any) -> Event:
    (event,) = MESSENGER.receive(callback(body, **more))
    return event


def message(body: object, **more: Any) -> MessageReceived:
    event = told(body, **more)
    assert isinstance(event, MessageReceived)
    return event


def status(body: object, **more: Any) -> StatusChanged:
    event = told(body, **more)
    assert isinstance(event, StatusChanged)
    return event


def reaction(body: object) -> ReactionReceived:
    event = told(body)
    assert isinstance(event, ReactionReceived)
    return event


def typing(body: object) -> TypingChanged:
    event = told(body)
    assert isinstance(event, TypingChanged)
    return event


def without(body: Json, *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def people(members: Iterable[Member] | None) -> list[str] | None:
    return None if members is None else [str(member) for member in members]


class TestBelieving:
    def test_who_knows_the_secret(self) -> None:
        """It has no expiry and signs nothing, so that there is nothing to remember of a delivery."""
        assert Verified() == MESSENGER.verify(callback(inbound()))

    @pytest.mark.parametrize("secret", [SECRET, NEW_SECRET])
    def test_any_of_several_secrets(self, secret: str) -> None:
        """While a secret is changed the old and the new one are good."""
        both = attrs.evolve(MESSENGER, webhook_secrets=(SECRET, NEW_SECRET))
        assert Verified() == both.verify(callback(inbound(), secret=secret))
        with pytest.raises(InvalidSignature):
            both.verify(callback(inbound(), secret=f"{SECRET}, {NEW_SECRET}"))

    @pytest.mark.parametrize(
        "secret",
        ["", "a secret", SECRET.upper(), f"{SECRET} ", f"{SECRET}!", "schlüssel", "ключ", "\udcff", "\0", KEY],
    )
    def test_nobody_with_another_one(self, secret: str) -> None:
        """A part, another case, what is no ASCII: refused, and the text has none of it."""
        with pytest.raises(InvalidSignature, match="none of webhook_secrets") as refused:
            MESSENGER.verify(callback(inbound(), secret=secret))
        assert SECRET not in str(refused.value)
        assert not secret.strip() or secret not in str(refused.value)

    def test_a_header_that_came_twice(self) -> None:
        """It proves nothing, even if both are right: somebody before us may have added one."""
        headers = [("Sb-Signing-Secret", SECRET), ("sb-signing-secret", SECRET)]
        with pytest.raises(InvalidSignature, match="came twice"):
            MESSENGER.verify(Callback("POST", URL, headers, json.dumps(inbound()).encode()))

    def test_the_name_of_the_header_has_no_case(self) -> None:
        headers = {"SB-Signing-Secret": SECRET}
        assert Verified() == MESSENGER.verify(Callback("POST", URL, headers, b"anything at all"))

    @pytest.mark.parametrize("body", [inbound(), outbound(), in_group(), {}, [], "x"])
    def test_no_header(self, body: object) -> None:
        with pytest.raises(InvalidSignature, match="sb-signing-secret is missing"):
            MESSENGER.verify(callback(body, secret=None))

    @pytest.mark.parametrize("secret", [None, "", SECRET])
    def test_no_secret_configured(self, secret: str | None) -> None:
        """Then nobody is believed, and the text has the cure."""
        open_to_nobody = attrs.evolve(MESSENGER, webhook_secrets=())
        with pytest.raises(InvalidSignature, match="set webhook_secrets to the secret that you gave Sendblue"):
            open_to_nobody.verify(callback(inbound(), secret=secret))

    @pytest.mark.parametrize("secret", [None, "wrong"])
    @pytest.mark.parametrize("secrets", [(), (SECRET,)])
    def test_the_token_in_the_url_of_a_status(self, secrets: tuple[str, ...], secret: str | None) -> None:
        """Callbacks of a single message bring no secret: the token that we sealed is good for that message."""
        messenger = attrs.evolve(MESSENGER, webhook_secrets=secrets)
        asked = callback(outbound(), secret=secret, url=sealed_url(URL, TOKEN, KEY))
        assert Verified(token=TOKEN, token_is_all=True) == messenger.verify(asked)
        (event,) = messenger.receive(asked)
        assert isinstance(event, StatusChanged)
        assert TOKEN == event.token

    def test_the_token_beside_the_secret(self) -> None:
        """With both the token is told as well, and is not all; one that we did not seal is not told."""
        ours, foreign = sealed_url(URL, TOKEN, KEY), sealed_url(URL, TOKEN, "another key")
        for url, token in ((ours, TOKEN), (foreign, None), (URL, None)):
            assert Verified(token=token) == MESSENGER.verify(callback(outbound(), url=url))
            assert token == status(outbound(), url=url).token
        assert HANDLE == message(inbound(), url=ours).id

    @pytest.mark.parametrize(
        "url",
        [
            URL,
            f"{URL}?gm=",
            f"{URL}?gm={TOKEN}",
            sealed_url(URL, TOKEN, "another key"),
            sealed_url(URL, TOKEN, KEY).replace(TOKEN, "token-2"),
            sealed_url(URL, TOKEN, KEY)[:-1],
            sealed_url(URL, TOKEN, KEY) + "0",
            sealed_url(sealed_url(URL, TOKEN, KEY), "token-2", KEY),
            sealed_url(URL, TOKEN, KEY).replace("gm=", "GM="),
            sealed_url(URL, TOKEN, KEY).replace("?", "#"),
        ],
    )
    def test_a_token_that_is_not_as_we_sealed_it(self, url: str) -> None:
        with pytest.raises(InvalidSignature):
            MESSENGER.verify(callback(outbound(), secret=None, url=url))

    @pytest.mark.parametrize(
        "body",
        [
            inbound(),
            in_group(),
            outbound(is_outbound=False),
            outbound(is_outbound="true"),
            outbound(is_outbound=1),
            without(outbound(), "is_outbound"),
            {"number": ANN, "from_number": LINE, "is_typing": True},
            {"event_type": "line_blocked"},
        ],
    )
    def test_a_token_is_good_for_statuses_alone(self, body: Json) -> None:
        """Or whoever sees one URL could write to us in anybody's name."""
        with pytest.raises(InvalidSignature):
            MESSENGER.verify(callback(body, secret=None, url=sealed_url(URL, TOKEN, KEY)))

    @pytest.mark.parametrize("body", [b"", b"is_outbound=true", b"[true]", b"true", b"\xff"])
    def test_a_token_with_what_is_no_object(self, body: bytes) -> None:
        with pytest.raises(MalformedWebhook):
            MESSENGER.verify(callback(body, secret=None, url=sealed_url(URL, TOKEN, KEY)))

    def test_a_status_is_all_that_a_token_can_tell(self) -> None:
        """Whatever else is in the body: nobody writes, types, reacts or opts out by it."""
        for body in (
            inbound(is_outbound=True),
            inbound(is_outbound=True, content="STOP"),
            inbound(is_outbound=True, content="Loved “Yes”"),
            in_group(is_outbound=True, is_typing=True),
            outbound(status="DECLINED", error_key="OPTED_OUT", opted_out=True, content="STOP"),
        ):
            (event,) = MESSENGER.receive(callback(body, secret=None, url=sealed_url(URL, TOKEN, KEY)))
            assert isinstance(event, StatusChanged)
            assert TOKEN == event.token

    @pytest.mark.parametrize(
        "body",
        [
            {"is_outbound": True},
            {"is_outbound": True, "is_typing": True, "number": ANN, "from_number": LINE},
            {"is_outbound": True, "event_type": "call_log", "from_number": LINE, "to_number": ANN},
            {"is_outbound": True, "type": "line_blocked", "number": LINE},
        ],
    )
    def test_what_is_no_status_is_not_told_for_a_token(self, body: Json) -> None:
        """Who knows the secret tells of it; who has but the URL of one message does not."""
        url = sealed_url(URL, TOKEN, KEY)
        assert () == MESSENGER.receive(callback(body, secret=None, url=url))
        assert isinstance(told(body, url=url), Unrecognized)

    def test_a_token_tells_of_its_own_message_alone(self) -> None:
        """With another's handle in the body, the other message is as far as it was."""
        mine, other = (
            gm.Receipt(id=handle, status=Status.ACCEPTED, token=token)
            for handle, token in (("0d0c-out", TOKEN), ("0d0d-out", "token-2"))
        )
        forged = callback(
            outbound(message_handle="0d0d-out", status="ERROR"), secret=None, url=sealed_url(URL, TOKEN, KEY)
        )
        true = callback(outbound(message_handle="0d0d-out"), secret=None, url=sealed_url(URL, "token-2", KEY))
        with gm.Client(MESSENGER, http=httpx.MockTransport(lambda _: httpx.Response(500))) as client:
            events = [*client.receive(forged), *client.receive(true)]
            assert {} == client.delivery(other, events[:1]).by_recipient
            assert Status.DELIVERED is client.delivery(other, events).status
            assert Status.FAILED is client.delivery(mine, events).status
        assert 2 == len({event.key for event in events})

    def test_a_token_that_was_not_verified(self) -> None:
        """What the URL bears is for `verify`: what is read has the token that was proven, or none."""
        asked = callback(outbound(), url=sealed_url(URL, TOKEN, KEY))
        for verified in (Verified(), Verified(token="token-2"), Verified(token="token-2", token_is_all=True)):
            (event,) = MESSENGER.parse(asked, verified)
            assert isinstance(event, StatusChanged)
            assert verified.token == event.token
        (unproven,) = MESSENGER.receive(asked, verify=False)
        assert unproven == status(outbound())

    @pytest.mark.parametrize(
        ("secret", "url"), [(SECRET, URL), (SECRET, sealed_url(URL, TOKEN, KEY)), (None, sealed_url(URL, TOKEN, KEY))]
    )
    def test_read_later(self, secret: str | None, url: str) -> None:
        """A callback that was kept with what it had proven tells the same once all secrets have changed."""
        changed = attrs.evolve(MESSENGER, api_secret_key="next key", webhook_secrets=(NEW_SECRET,))
        statuses = [outbound(), outbound(status="SENT", service="SMS"), {"is_outbound": True}]
        others = [inbound(), in_group(content="STOP"), TYPES, {}]
        for body in [*statuses, *([] if secret is None else others)]:
            came = callback(body, secret=secret, url=url)
            kept = Callback(came.method, came.url, dict(came.headers), came.body, came.received_at)
            verified = MESSENGER.verify(came)
            assert list(MESSENGER.parse(came, verified)) == list(changed.parse(kept, verified))
            with pytest.raises(InvalidSignature):
                changed.verify(kept)

    def test_secrets_are_not_shown(self) -> None:
        shown = repr(MESSENGER) + repr(callback(inbound(), url=sealed_url(URL, TOKEN, KEY)))
        assert [] == [each for each in (SECRET, KEY, TOKEN, OTHER_LINE) if each in shown]


class TestMessages:
    def test_private(self) -> None:
        body = inbound()
        event = message(body)
        assert event == MessageReceived(
            key=f"in/{HANDLE}",
            at=AT,
            id=HANDLE,
            sender=PhoneNumber(ANN),
            line=LINE,
            group=None,
            members=(Member(ANN),),
            text="See you at nine",
        )
        assert (body, True, None, False) == (
            event.raw,
            event.repliable,
            event.not_repliable_because,
            event.from_us,
        )

    def test_group(self) -> None:
        """Everybody else is a member, and the sender; our line is not."""
        event = message(in_group(group_display_name="Dinner"))
        group = event.group
        assert group is not None
        assert group == gm.Group("sendblue", LINE, GROUP_ID)
        assert ["Dinner", gm.Topology.SHARED_THREAD, Channel.IMESSAGE, False] == [
            group.name,
            group.topology,
            group.channel,
            group.pending,
        ]
        assert [ANN, BOB] == people(group.members) == people(event.members)
        assert event.repliable

    @pytest.mark.parametrize("participants", [[ANN, LINE], [ANN, LINE, BOB], [ANN, BOB], [], None])
    def test_participants_make_no_group(self, participants: object) -> None:
        """A private message has been seen with both of its people listed."""
        event = message(inbound(participants=participants))
        assert (None, [ANN], True) == (event.group, people(event.members), event.repliable)

    @pytest.mark.parametrize("kind", ["message", "group", "location", "", None, 7])
    def test_an_id_makes_a_group(self, kind: object) -> None:
        """Whatever kind of message it is said to be."""
        event = message(in_group(message_type=kind))
        assert event.group is not None
        assert (GROUP_ID, [ANN, BOB]) == (event.group.id, people(event.members))

    @pytest.mark.parametrize("group_id", ["", " ", None, 7, [GROUP_ID]])
    def test_a_group_without_an_id(self, group_id: object) -> None:
        """It is known to be one, but not which: it cannot be answered there, and says so."""
        event = message(in_group(group_id=group_id))
        assert (None, [ANN, BOB], False) == (event.group, people(event.members), event.repliable)
        assert "free plans get no group_id" in str(event.not_repliable_because)

    @pytest.mark.parametrize("participants", [[], None, "x", {}, [LINE], [None, 7, ""]])
    def test_a_group_whose_people_are_not_told(self, participants: object) -> None:
        """Who is in it is not known then, and is not only the sender."""
        event = message(in_group(participants=participants))
        assert event.group is not None
        assert (None, ()) == (event.group.members, event.members)
        assert message(without(in_group(), "participants")).group == event.group

    @pytest.mark.parametrize(
        ("participants", "members"),
        [
            ([LINE, BOB], [BOB, ANN]),
            ([BOB, BOB, ANN, LINE], [BOB, ANN]),
            ([ANN, EMAIL, LINE], [ANN, EMAIL]),
            ([ANN, LINE[1:], ANN[1:]], [ANN]),
            ([ANN, LINE, OTHER_LINE], [ANN, OTHER_LINE]),
            ([ANN, LINE, "22395", None, 7, {}], [ANN, "22395"]),
            ([" +1 (312) 555-0171 ", LINE, ANN], [BOB, ANN]),
        ],
    )
    def test_people(self, participants: object, members: list[str]) -> None:
        """Each once, the sender even if not listed, an e-mail or a short code as it is."""
        event = message(in_group(participants=participants))
        assert members == people(event.members)

    @pytest.mark.parametrize(
        ("fields", "sender"),
        [
            ({}, PhoneNumber(ANN)),
            ({"from_number": EMAIL.upper()}, Handle(EMAIL)),
            ({"from_number": "22395"}, OpaqueAddress("22395")),
            ({"from_number": ""}, PhoneNumber(ANN)),
            ({"from_number": None, "number": BOB}, PhoneNumber(BOB)),
            ({"from_number": [BOB]}, PhoneNumber(ANN)),
        ],
    )
    def test_sender(self, fields: Json, sender: gm.Address) -> None:
        event = message(in_group(**fields))
        assert sender == event.sender
        assert Member(sender) in event.members

    @pytest.mark.parametrize("value", [None, "", "  ", [], 13125550170, {}])
    def test_from_nobody(self, value: object) -> None:
        with pytest.raises(MalformedWebhook, match="from whom"):
            MESSENGER.receive(callback(inbound(from_number=value, number=value)))

    @pytest.mark.parametrize(
        ("fields", "line"),
        [
            ({}, LINE),
            ({"sendblue_number": OTHER_LINE}, OTHER_LINE),
            ({"sendblue_number": None, "to_number": OTHER_LINE}, OTHER_LINE),
            ({"sendblue_number": "", "to_number": [LINE]}, LINE),
            ({"sendblue_number": LINE[1:]}, LINE),
            ({"sendblue_number": "+1 312-555-0100"}, LINE),
            ({"sendblue_number": FOREIGN_LINE}, FOREIGN_LINE),
        ],
    )
    def test_line(self, fields: Json, line: str) -> None:
        """The one it came in on. Webhooks are the account's: what came in on another line is not answered here."""
        event = message(in_group(participants=[ANN, BOB, line], **fields))
        assert event.group is not None
        assert (line, line, [ANN, BOB]) == (event.line, event.group.line, people(event.members))
        assert event.repliable is (line == LINE)

    def test_from_another_line_of_ours(self) -> None:
        assert message(in_group(from_number=OTHER_LINE)).from_us
        assert not message(in_group(from_number=FOREIGN_LINE)).from_us
        echo = message(inbound(from_number=LINE))
        assert (True, ()) == (echo.from_us, echo.members)

    @pytest.mark.parametrize(
        ("service", "channel"),
        [
            ("iMessage", Channel.IMESSAGE),
            ("SMS", Channel.SMS),
            ("sms", Channel.SMS),
            ("RCS", Channel.RCS),
            ("", None),
            (None, None),
            ("fax", None),
            ([], None),
        ],
    )
    def test_channel(self, service: object, channel: Channel | None) -> None:
        event = message(in_group(service=service))
        assert event.group is not None
        assert channel == event.group.channel

    @pytest.mark.parametrize("name", ["", " ", None, 7])
    def test_a_group_without_a_name(self, name: object) -> None:
        event = message(in_group(group_display_name=name))
        assert event.group is not None
        assert None is event.group.name

    @pytest.mark.parametrize("group_id", [".", ".."])
    def test_what_can_be_no_group(self, group_id: str) -> None:
        with pytest.raises(MalformedWebhook, match="id"):
            MESSENGER.receive(callback(in_group(group_id=group_id)))

    @pytest.mark.parametrize(
        ("fields", "urls"),
        [
            ({}, []),
            ({"media_url": PICTURE}, [PICTURE]),
            ({"media_url": f" {PICTURE}\n"}, [PICTURE]),
            (
                {"media_url": None, "media_urls": [PICTURE, "http://cdn.example.com/2"]},
                [PICTURE, "http://cdn.example.com/2"],
            ),
            ({"media_url": PICTURE, "media_urls": [PICTURE]}, [PICTURE]),
            ({"media_url": "some_link.png"}, []),
            ({"media_url": "ftp://example.com/a.png"}, []),
            ({"media_url": "https://[::1"}, []),
            ({"media_url": "https://"}, []),
            ({"media_url": 7, "media_urls": {"a": PICTURE}}, []),
            ({"media_urls": [None, 7, "file:///etc/passwd", PICTURE]}, [PICTURE]),
        ],
    )
    def test_media(self, fields: Json, urls: list[str]) -> None:
        """Its URLs, those of the web; what is none is dropped, and kept in `raw`."""
        event = message(inbound(content="", **fields))
        assert ([Media(url) for url in urls], "") == (list(event.media), event.text)
        assert all(event.raw[name] == value for name, value in fields.items())

    @pytest.mark.parametrize("content", [None, 7, ["x"]])
    def test_no_text(self, content: object) -> None:
        """A place, a card: a message all the same."""
        assert "" == message(inbound(content=content, message_type="location")).text

    @pytest.mark.parametrize(
        ("fields", "at"),
        [
            ({"date_sent": "2026-11-21T12:00:00.250Z"}, AT),
            ({"date_sent": "2026-11-21T14:00:00.250+02:00"}, AT),
            ({"date_sent": None, "date_created": "2026-11-21T12:00:00.250"}, AT),
            ({"date_sent": "soon"}, None),
            ({"date_sent": 1795262400250}, None),
            ({"date_sent": "0001-01-01T00:00:00+23:00"}, None),
            ({"date_sent": {}}, None),
        ],
    )
    def test_time(self, fields: Json, at: datetime | None) -> None:
        """Theirs, in UTC; a number that would read as a year long ago is none."""
        assert at == message(inbound(**fields)).at

    def test_the_same_again(self) -> None:
        """A delivery that comes again has the same key, whatever else of it changed; another message another."""
        again = message(inbound(date_updated="2026-11-21T13:00:00.000Z"))
        assert f"in/{HANDLE}" == again.key == message(inbound()).key
        assert again.key != message(inbound(message_handle=HANDLE.lower())).key
        assert again.key != status(outbound(message_handle=HANDLE)).key

    @pytest.mark.parametrize("handle", [None, "", [], {}])
    def test_without_a_handle(self, handle: object) -> None:
        """The key is of what lasts; without an id it is a message all the same."""
        event = message(inbound(message_handle=handle))
        again = message(without(inbound(date_updated="2026-11-21T13:00:00.000Z"), "message_handle"))
        assert ("", 35) == (event.id, len(event.key))
        assert event.key == again.key
        others: list[Json] = [{"content": "Or ten"}, {"from_number": BOB}, {"date_sent": "2026-11-21T12:00:00.251Z"}]
        assert event.key not in {message(inbound(message_handle=handle, **other)).key for other in others}

    def test_in_an_older_form(self) -> None:
        """As it was in 2021: no line, no people, no kind; and a status in the place of the direction."""
        older = ("sendblue_number", "participants", "message_type", "group_id", "group_display_name", "service")
        for event in (message(without(inbound(), *older)), message(without(inbound(), "is_outbound", *older))):
            assert (LINE, None, [ANN], "See you at nine") == (
                event.line,
                event.group,
                people(event.members),
                event.text,
            )

    @pytest.mark.parametrize(
        ("text", "kind"), [("STOP", gm.OptedOut), (" start ", gm.OptedIn), ("Please stop it", None), ("", None)]
    )
    @pytest.mark.parametrize("opted_out", [True, False, None])
    def test_opting(self, opted_out: object, text: str, kind: type[Event] | None) -> None:
        """The words count. What `opted_out` is for a message that came in nobody says, and START comes after it."""
        written, *more = MESSENGER.receive(callback(inbound(content=text, opted_out=opted_out)))
        assert isinstance(written, MessageReceived)
        assert [kind] * (kind is not None) == [type(event) for event in more]

    def test_a_reply_goes_where_it_came_from(self) -> None:
        """The group of a receipt is the group of the event, so that both find the same conversation."""
        asked: list[Any] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append((request.url.path, json.loads(request.content)))
            body = {"status": "QUEUED", "message_handle": "h1", "group_id": GROUP_ID, "participants": [ANN, BOB]}
            return httpx.Response(200, json=body)

        with gm.Client(MESSENGER, http=httpx.MockTransport(answer), patience=0) as client:
            (event,) = client.receive(callback(in_group()))
            assert isinstance(event, MessageReceived)
            receipt = client.reply(event, "Nine it is")
            (loved,) = client.receive(callback(in_group(content="Loved “Nine it is”")))
            assert isinstance(loved, ReactionReceived)
            client.reply(loved, "Glad")
            (private,) = client.receive(callback(inbound()))
            assert isinstance(private, MessageReceived)
            with pytest.raises(gm.GroupUnresolved):
                client.reply(private, "Nine it is")
        assert event.group == receipt.group == loved.group
        sent = [("/api/send-group-message", GROUP_ID, text) for text in ("Nine it is", "Glad")]
        assert sent == [(path, body["group_id"], body["content"]) for path, body in asked]


class TestReactions:
    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("Loved “See you”", "love"),
            ('Loved "See you"', "love"),
            ("Liked “See you”", "like"),
            ("Disliked “See you”", "dislike"),
            ("Laughed at “See you”", "laugh"),
            ("Emphasized “See you”", "emphasize"),
            ("Questioned “See “you”” ", "question"),
            ("Loved “”", "love"),
            ("Loved “one\ntwo”", "love"),
            ("Reacted 👀 to “See you”", "👀"),
            ('Reacted 👍🏽 to "See you"', "👍🏽"),
            ("Reacted 👨‍👩‍👧‍👦 to “See you”", "👨‍👩‍👧‍👦"),
            ("Reacted 🇺🇸 to “See you”", "🇺🇸"),
            ("Reacted 1️⃣ to “See you”", "1️⃣"),
            ("Reacted ❤️ to “See you”", "❤️"),
        ],
    )
    def test_words(self, text: str, word: str) -> None:
        """A tapback is an ordinary text, with curly quotes or straight ones."""
        event = reaction(in_group(content=text))
        assert (word, text) == (event.reaction, event.text)
        assert event == ReactionReceived(
            key=f"in/{HANDLE}",
            at=AT,
            sender=PhoneNumber(ANN),
            line=LINE,
            reaction=word,
            group=gm.Group("sendblue", LINE, GROUP_ID),
            text=text,
        )
        assert (True, None, False) == (event.repliable, event.not_repliable_because, event.from_us)
        assert None is reaction(inbound(content=text)).group

    def test_in_a_group_without_an_id(self) -> None:
        """It cannot be answered there, as a message could not, and says so."""
        loved = reaction(in_group(content="Loved “See you”", group_id=""))
        written = message(in_group(group_id=""))
        assert (None, False, written.not_repliable_because) == (
            loved.group,
            loved.repliable,
            loved.not_repliable_because,
        )
        assert "free plans get no group_id" in str(loved.not_repliable_because)
        assert reaction(inbound(content="Loved “See you”")).repliable

    def test_from_another_line_of_ours(self) -> None:
        """What our own lines do is from us, a reaction too."""
        for sender, ours in ((OTHER_LINE, True), (LINE, True), (FOREIGN_LINE, False), (ANN, False)):
            assert ours is reaction(in_group(content="Loved “See you”", from_number=sender)).from_us

    @pytest.mark.parametrize(
        "text",
        [
            "Loved it",
            "Loved",
            "Loved “See you",
            "loved “See you”",
            "I Loved “See you”",
            "Loved “See you” too",
            "Loved an image",
            "Removed a heart from “See you”",
            "Reacted to “See you”",
            "Reacted badly to “See you”",
            "Reacted über to “See you”",
            "Reacted +13125550171… to “See you”",
            "Reacted 👀 👀 to “See you”",
            "Reacted  to “See you”",
            "",
        ],
    )
    def test_what_is_none(self, text: str) -> None:
        assert text == message(in_group(content=text)).text

    def test_with_a_file(self) -> None:
        """A tapback has none: somebody quotes."""
        assert isinstance(told(inbound(content="Loved “See you”", media_url=PICTURE)), MessageReceived)


class TestStatuses:
    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"status": "REGISTERED"}, (Status.ACCEPTED, None, None, False)),
            ({"status": "PENDING"}, (Status.ACCEPTED, None, None, False)),
            ({"status": "QUEUED"}, (Status.ACCEPTED, None, None, False)),
            ({"status": "ACCEPTED"}, (Status.ACCEPTED, None, None, False)),
            ({"status": "SENT"}, (Status.SENT, None, None, False)),
            ({"status": "SENT", "service": "RCS"}, (Status.SENT, None, None, False)),
            ({"status": "SENT", "service": None}, (Status.SENT, None, None, False)),
            ({"status": "SENT", "service": "SMS"}, (Status.SENT, None, None, True)),
            ({"status": "SENT", "service": "sms"}, (Status.SENT, None, None, True)),
            ({"status": "SENT", "service": "MMS"}, (Status.SENT, None, None, True)),
            ({"status": "SUCCESS"}, (Status.SENT, None, None, False)),
            ({"status": "DELIVERED"}, (Status.DELIVERED, None, None, True)),
            ({"status": "delivered"}, (Status.DELIVERED, None, None, True)),
            ({"status": "READ"}, (Status.READ, None, None, True)),
            ({"status": "ERROR", "error_code": 10001}, (Status.FAILED, FailureReason.OTHER, "10001", True)),
            ({"status": "QUEUED", "error_code": 10001}, (Status.FAILED, FailureReason.OTHER, "10001", True)),
            ({"status": "ERROR", "error_code": "5509"}, (Status.FAILED, FailureReason.RATE, "5509", True)),
            ({"status": "ERROR", "error_code": 22}, (Status.FAILED, FailureReason.OTHER, "22", True)),
            ({"status": "failed"}, (Status.FAILED, FailureReason.OTHER, None, True)),
            (
                {"status": "ERROR", "error_code": "SMS_LIMIT_REACHED"},
                (Status.FAILED, FailureReason.QUOTA, "SMS_LIMIT_REACHED", True),
            ),
            (
                {"status": "DECLINED", "error_key": "OPTED_OUT", "error_code": 4000},
                (Status.FAILED, FailureReason.OPTED_OUT, "OPTED_OUT", True),
            ),
            ({"status": "ERROR", "error_code": 4002}, (Status.FAILED, FailureReason.INVALID_RECIPIENT, "4002", True)),
            ({"status": "ERROR", "error_code": 10002}, (Status.UNKNOWN, None, "10002", True)),
            ({"status": "ERROR", "error_code": "10002"}, (Status.UNKNOWN, None, "10002", True)),
            ({"status": "ERROR", "error_code": 5000}, (Status.UNKNOWN, None, "5000", False)),
            ({"status": "RECEIVED"}, (Status.UNKNOWN, None, None, False)),
            ({"status": "TELEPORTED"}, (Status.UNKNOWN, None, None, False)),
            ({"status": None}, (Status.UNKNOWN, None, None, False)),
            ({"status": ["SENT"]}, (Status.UNKNOWN, None, None, False)),
            ({"status": "ERROR", "error_code": "a person's text"}, (Status.FAILED, FailureReason.OTHER, None, True)),
            ({"status": "ERROR", "error_code": 13125550171}, (Status.FAILED, FailureReason.OTHER, None, True)),
        ],
    )
    def test_words(self, fields: Json, expected: tuple[Status, FailureReason | None, str | None, bool]) -> None:
        """What each word comes to, and whether more is told after it: SMS ends at SENT. Unknown ones say nothing."""
        body = outbound(**fields)
        event = status(body)
        assert expected == (event.status, event.reason, event.code, event.final)
        more = "/final" if expected[3] and expected[0] in (Status.SENT, Status.UNKNOWN) else ""
        assert (f"0d0c-out/{expected[0]}{more}", "0d0c-out", None, AT) == (
            event.key,
            event.message_id,
            event.recipient,
            event.at,
        )
        assert (Evidence.HANDSET if expected[0] is Status.DELIVERED else None) == event.evidence
        assert body == event.raw

    def test_what_tells_more_is_another_event(self) -> None:
        """A status that comes by two ways, once with our token, and one that turns out to be the last."""
        told = outbound(status="SENT", service="iMessage")
        keys = [
            status(told).key,
            status(told, url=sealed_url(URL, TOKEN, KEY)).key,
            status(told | {"service": "SMS"}).key,
            status(told | {"service": "SMS"}, url=sealed_url(URL, TOKEN, KEY)).key,
            status(told, url=sealed_url(URL, "token-2", KEY)).key,
        ]
        assert [
            "0d0c-out/sent",
            "0d0c-out/sent/token-1",
            "0d0c-out/sent/final",
            "0d0c-out/sent/final/token-1",
            "0d0c-out/sent/token-2",
        ] == keys

    @pytest.mark.parametrize(
        "fields", [{"status": "SENT", "service": "SMS"}, {"status": "ERROR", "error_code": 10002}, {}]
    )
    def test_the_same_as_what_is_asked_for(self, fields: Json) -> None:
        """A status that was heard and one that was asked for are one event."""
        body = outbound(**fields)
        vendor = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
        with gm.Client(MESSENGER, http=vendor, patience=0) as client:
            (asked,) = client.get_status("0d0c-out").by_recipient.values()
            (heard,) = client.receive(callback(body))
        assert asked == heard
        assert asked.final

    def test_of_a_group(self) -> None:
        """There is one status for all of it, with people in lists, or without."""
        for number in ([ANN, BOB], None, ANN):
            event = status(outbound(message_type="group", group_id=GROUP_ID, number=number, to_number=number))
            assert (None, Status.DELIVERED) == (event.recipient, event.status)

    def test_in_any_order(self) -> None:
        """A late SENT does not undo DELIVERED, and the same twice is once."""
        receipt = gm.Receipt(id="0d0c-out", status=Status.ACCEPTED, token=TOKEN)
        words = ["DELIVERED", "SENT", "DELIVERED", "QUEUED"]
        url = sealed_url(URL, TOKEN, KEY)
        with gm.Client(MESSENGER, http=httpx.MockTransport(lambda _: httpx.Response(500))) as client:
            events = [event for word in words for event in client.receive(callback(outbound(status=word), url=url))]
            delivery = client.delivery(receipt, events)
        assert (Status.DELIVERED, Evidence.HANDSET, True) == (delivery.status, delivery.evidence, delivery.is_final())
        assert 3 == len({event.key for event in events})

    @pytest.mark.parametrize("handle", [None, "", [], {}])
    def test_of_no_message(self, handle: object) -> None:
        with pytest.raises(MalformedWebhook, match="which message"):
            MESSENGER.receive(callback(outbound(message_handle=handle)))


class TestTyping:
    @pytest.mark.parametrize("now", [True, False])
    def test_as_documented(self, now: bool) -> None:
        """`number` is whose, `from_number` which line of ours."""
        body = {"number": ANN, "from_number": LINE, "is_typing": now, "timestamp": "2026-11-21T12:00:00.250Z"}
        event = typing(body)
        assert (AT, PhoneNumber(ANN), LINE, now, body) == (event.at, event.sender, event.line, event.typing, event.raw)
        assert not event.from_us

    @pytest.mark.parametrize(
        ("number", "from_number", "sender", "line"),
        [
            (ANN, OTHER_LINE, ANN, OTHER_LINE),
            (LINE, ANN, ANN, LINE),
            (OTHER_LINE, ANN, ANN, OTHER_LINE),
            (LINE, OTHER_LINE, LINE, OTHER_LINE),
            (ANN, FOREIGN_LINE, ANN, FOREIGN_LINE),
            (EMAIL, LINE, EMAIL, LINE),
            (ANN, None, ANN, LINE),
        ],
    )
    def test_which_is_ours(self, number: str, from_number: str | None, sender: str, line: str) -> None:
        """Whichever is a line of ours is; where none is, they are as documented."""
        event = typing({"number": number, "from_number": from_number, "is_typing": True})
        assert (sender, line, sender in MESSENGER.own_lines) == (str(event.sender), event.line, event.from_us)

    @pytest.mark.parametrize("numbers", [(None, None), (LINE, None), (LINE, LINE), (7, LINE), ("", LINE)])
    def test_nobody(self, numbers: tuple[object, object]) -> None:
        with pytest.raises(MalformedWebhook, match="who types"):
            MESSENGER.receive(callback({"number": numbers[0], "from_number": numbers[1], "is_typing": True}))

    def test_key(self) -> None:
        """The same delivery again has the same key, and the next time somebody types another."""
        body = {"number": ANN, "from_number": LINE, "is_typing": True, "timestamp": "2026-11-21T12:00:00.250Z"}
        assert typing(body).key == typing(body).key != typing(body | {"timestamp": "2026-11-21T12:00:09Z"}).key


class TestOthers:
    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            ({"event_type": "call_log", "from_number": ANN, "to_number": LINE, "status": "completed"}, "call_log"),
            ({"event_type": "call_log", "is_outbound": True, "status": "completed"}, "call_log"),
            ({"event_type": "inbound_call", "is_outbound": False, "from_number": ANN}, "inbound_call"),
            ({"type": "line_blocked", "number": LINE}, "line_blocked"),
            ({"event": "contact.created", "phone": ANN}, "contact.created"),
            ({"type": {"a": 1}, "event": "line_assigned"}, "line_assigned"),
            ({"type": "Ann wrote to me"}, "unknown"),
            ({"type": ANN}, "unknown"),
            ({"type": "x" * 41}, "unknown"),
            ({"is_typing": "yes", "number": ANN}, "unknown"),
            ({"content": "Hello"}, "unknown"),
            ({"is_outbound": "false", "content": "Hello", "from_number": ANN}, "unknown"),
            ({}, "unknown"),
        ],
    )
    def test_kinds(self, body: Json, kind: str) -> None:
        """What is told of lines, calls and contacts is handed on as it is, by its word if that is one."""
        event = told(body)
        assert isinstance(event, Unrecognized)
        assert (kind, None, body) == (event.kind, event.at, event.raw)
        assert event.key == told(body).key != told({**body, "more": 1}).key
        assert ("unknown/", 40) == (event.key[:8], len(event.key))

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[]", b"null", b'"x"', b"7", b"a=b", b"\xff\xfe", b"[" * 100_000, b"<html>"]
    )
    def test_what_is_no_object(self, body: bytes) -> None:
        with pytest.raises(MalformedWebhook):
            MESSENGER.receive(callback(body))

    @pytest.mark.parametrize("name", ["status", "error_code", "service", "group_id", "content", "participants"])
    @pytest.mark.parametrize("body", [inbound(), outbound()])
    def test_deep(self, body: dict[str, Any], name: str) -> None:
        """However deep a body is nested, it is read, or refused as malformed; at the edge of what is JSON here too."""
        template = json.dumps(body | {name: "HERE"}).encode()
        for depth in (100, 700, *range(940, 1000), 1490, 9990, 50_000):
            with suppress(MalformedWebhook):
                told(template.replace(b'"HERE"', b"[" * depth + b"]" * depth))

    def test_acknowledgement(self) -> None:
        """Any 2xx to a POST, within the 45 seconds that Sendblue waits."""
        wants = MESSENGER.acknowledgement
        assert (200, b"", frozenset({"POST"}), 45.0, None) == (
            wants.status,
            wants.body,
            wants.methods,
            wants.within,
            wants.challenge,
        )
        assert "three times" in wants.retries

    def test_settings(self) -> None:
        """One secret, or several; other lines in any way that numbers are written."""
        given: dict[str, Any] = {"webhook_secrets": SECRET, "other_lines": "+1 312-555-0109"}
        made = attrs.evolve(MESSENGER, **given)
        assert ((SECRET,), (OTHER_LINE,)) == (made.webhook_secrets, made.other_lines)
        assert frozenset({LINE, OTHER_LINE}) == made.own_lines
        wrong: list[dict[str, Any]] = [
            {"webhook_secrets": [""]},
            {"webhook_secrets": "schlüssel"},
            {"other_lines": ["0109"]},
        ]
        for settings in wrong:
            with pytest.raises(gm.InvalidInput):
                attrs.evolve(MESSENGER, **settings)


# Whatever comes

TEXT = "Meet me under the clock"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
PRIVATE = st.sampled_from([ANN, BOB, LINE, ANN[1:], EMAIL, TEXT, [ANN, TEXT], {"a": TEXT}, int(ANN), f"Loved “{TEXT}”"])
IDS = ("message_handle", "group_id")  # they are shown, and are the vendor's own
SHOWN = (ANN[1:], BOB[1:], EMAIL, TEXT, SECRET, LINE[1:])


def fields(template: Json) -> st.SearchStrategy[dict[str, Any]]:
    """A body with any of its fields gone, or something else."""
    small = st.text(st.characters(codec="ascii", categories=["Ll"]), max_size=3)
    changes = {name: (JSON if name in IDS else JSON | PRIVATE) for name in template} | {"type": small | PRIVATE}
    return st.tuples(
        st.sets(st.sampled_from(sorted(template)), max_size=5), st.fixed_dictionaries({}, optional=changes)
    ).map(lambda drawn: without(dict(template) | drawn[1], *drawn[0]))


def check(body: bytes, **more: Any) -> None:
    """Nothing is raised but what is for it, and what is told is told without numbers and texts.

    Who has but a token, and not the secret, tells of a status of that token or of nothing.
    """
    refused = ""
    events: tuple[Event, ...] = ()
    try:
        events = MESSENGER.receive(callback(body, **more))
    except (MalformedWebhook, InvalidSignature) as error:
        refused = str(error)
    if more.get("secret", SECRET) == SECRET:
        assert bool(events) is not bool(refused)
    else:
        assert [(StatusChanged, TOKEN)] * len(events) == [(type(each), getattr(each, "token", None)) for each in events]
    assert [] == [each for each in SHOWN if each in refused]
    for event in events:
        assert event.key
        assert [] == [each for each in SHOWN if each in repr(event)]
        assert hash(event) is not None


TYPES: dict[str, Any] = {"number": ANN, "from_number": LINE, "is_typing": True, "timestamp": "2026-11-21T12:00:00Z"}


@given(fields(in_group()) | fields(inbound()) | fields(outbound()) | fields(TYPES), st.booleans())
@example(in_group(group_id="\0"), True)
@example(inbound(date_sent="9999-12-31T23:59:59-23:00"), True)
@example(outbound(error_code=float("nan")), False)
@example(without(outbound(), "message_handle", "content", "media_url"), False)
def test_any_fields(body: dict[str, Any], secret: bool) -> None:
    """Any JSON in any field, by the secret or by a token."""
    url = URL if secret else sealed_url(URL, TOKEN, KEY)
    check(json.dumps(body).encode(), secret=SECRET if secret else None, url=url)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
@example(b'{"is_outbound": true, "is_outbound": false, "content": "x"}')
@example(b'{"is_outbound": false, "content": "x", "from_number": "\xed\xa0\x80"}')
@example(b'{"is_outbound": true}')
def test_any_bytes(body: bytes) -> None:
    check(body)
    check(body, secret=None, url=sealed_url(URL, TOKEN, KEY))


STATES = st.sampled_from(
    [{"status": word, "service": service} for word in ("SENT", "DELIVERED", "ERROR", "x") for service in ("SMS", "RCS")]
)
TOKENS = st.none() | st.binary(min_size=16, max_size=16).map(bytes.hex)  # as they are made for attempts
SENDS = st.tuples(st.text(min_size=1) | st.sampled_from(["a", "a/sent", "a/sent/final"]), STATES, TOKENS)


@given(SENDS, SENDS, TOKENS)
@example(("a", {"status": "SENT"}, None), ("a", {"status": "SENT"}, "0" * 32), None)
@example(("a/sent/" + "0" * 32, {"status": "SENT"}, "1" * 32), ("a", {"status": "SENT"}, "0" * 32), None)
def test_any_two_keys(first: tuple[Any, ...], second: tuple[Any, ...], other: str | None) -> None:
    """Whoever has the URL of one message makes no key of another's, whatever handle the body has."""

    def heard(handle: str, state: Json, token: str | None) -> StatusChanged | None:
        try:
            url = URL if token is None else sealed_url(URL, token, KEY)
            return status(outbound(message_handle=handle, **state), secret=SECRET if token is None else None, url=url)
        except MalformedWebhook:
            return None

    found = [heard(*each) for each in (first, second, (*first[:2], other))]
    by_key: dict[str, tuple[object, ...]] = {}
    for event in found:
        if event is not None:
            what = (event.message_id, event.token, event.status, event.final)
            assert what == by_key.setdefault(event.key, what)


@given(
    st.dictionaries(st.sampled_from(["sb-signing-secret", "Sb-Signing-Secret"]) | st.text(), st.text()),
    st.text() | st.text().map(lambda text: f"{URL}?gm={text}"),
)
def test_any_headers_and_urls(headers: dict[str, str], url: str) -> None:
    """Whoever knows nothing is not believed, and breaks nothing."""
    for body in (inbound(), outbound()):
        with pytest.raises((InvalidSignature, MalformedWebhook)):
            MESSENGER.receive(Callback("POST", url, headers, json.dumps(body).encode()))


# Catching up


class Listing:
    """A vendor that lists what it has, a few at a time; it may ignore what it is asked."""

    def __init__(self, rows: list[Any], *, page: int = 2, **pagination: Any) -> None:
        self.rows = rows
        self.page = page
        self.pagination = pagination
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert ("GET", "/api/v2/messages") == (request.method, request.url.path)
        self.asked.append(dict(request.url.params))
        offset = int(request.url.params["offset"])
        return httpx.Response(
            200, json={"status": "OK", "data": self.rows[offset : offset + self.page]} | self.pagination
        )

    def connect(self) -> gm.Client:
        return gm.Client(MESSENGER, http=httpx.MockTransport(self), patience=0)


def at(seconds: float) -> str:
    moment = AT.replace(microsecond=0) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class TestCatchingUp:
    def test_as_the_callbacks_would_have_told(self) -> None:
        """The same events with the same keys, reactions and opting out too."""
        bodies = [
            in_group(message_handle="1", date_sent=at(1)),
            inbound(message_handle="2", date_sent=at(2), content="Loved “Yes”"),
            inbound(message_handle="3", date_sent=at(3), content="STOP"),
            without(inbound(date_sent=at(4), media_url=PICTURE), "message_handle"),
        ]
        listing = Listing(bodies)
        with listing.connect() as client:
            heard = [event for body in bodies for event in client.receive(callback(body))]
            listed = list(client.received_since(AT))
        assert heard == listed
        assert 5 == len({event.key for event in listed})

    def test_what_is_asked(self) -> None:
        """This line's inbound messages, the oldest first; a page begins after those that came, however many."""
        listing = Listing([in_group(message_handle=str(n)) for n in range(5)])
        since = AT.astimezone(timezone(timedelta(hours=-5))) + timedelta(microseconds=999)
        with listing.connect() as client:
            assert 5 == len(list(client.received_since(since)))
        usual = {
            "is_outbound": "false",
            "sendblue_number": LINE,
            "created_at_gte": "2026-11-21T12:00:00.250000Z",
            "order_by": "createdAt",
            "order_direction": "asc",
            "limit": "100",
        }
        assert [usual | {"offset": offset} for offset in ("0", "2", "4", "5")] == listing.asked

    def test_no_more(self) -> None:
        """Where the vendor says that there are no more, nothing more is asked."""
        listing = Listing([in_group()], pagination={"hasMore": False})
        with listing.connect() as client:
            assert 1 == len(list(client.received_since(AT)))
        assert 1 == len(listing.asked)

    def test_filters_that_are_ignored(self) -> None:
        """What is of another time, line or direction is left out here; what has no time is told."""
        rows = [
            inbound(message_handle="early", date_sent=at(0.249)),
            inbound(message_handle="then", date_sent=at(0.25)),
            inbound(message_handle="timeless", date_sent=None),
            inbound(message_handle="other", sendblue_number=OTHER_LINE),
            outbound(date_sent=at(9)),
            inbound(message_handle="nobody", from_number=None, number=None),
            without(inbound(message_handle="bare", date_sent=at(5)), "is_outbound"),
            "no object",
            None,
        ]
        with Listing(rows, page=3).connect() as client:
            assert ["in/then", "in/timeless", "in/bare"] == [event.key for event in client.received_since(AT)]

    def test_two_dates(self) -> None:
        """When it came to Sendblue counts, not when a phone wrote it: one may have been off for long, or be early."""
        rows = [
            inbound(message_handle="late", date_sent=at(-9000), date_created=at(1)),
            inbound(message_handle="early", date_sent=at(1), date_created=at(0.249)),
            inbound(message_handle="then", date_sent=at(0.249), date_created=at(0.25)),
            inbound(message_handle="unsaid", date_sent=at(0.25), date_created="soon"),
            inbound(message_handle="before", date_sent=at(0.249), date_created=None),
            inbound(message_handle="unsent", date_sent=None, date_created=at(0.249)),
        ]
        with Listing(rows).connect() as client:
            found = list(client.received_since(AT))
        assert ["in/late", "in/then", "in/unsaid"] == [event.key for event in found]
        assert [AT - timedelta(seconds=9000.25), AT - timedelta(milliseconds=1), AT] == [event.at for event in found]

    @pytest.mark.parametrize("data", [None, {}, "x"])
    def test_no_list(self, data: object) -> None:
        """To take that for an empty one would say that nothing came in."""
        vendor = httpx.MockTransport(lambda _: httpx.Response(200, json={"status": "OK", "data": data}))
        with gm.Client(MESSENGER, http=vendor, patience=0) as client, pytest.raises(gm.UnexpectedAnswer):
            list(client.received_since(AT))

    def test_more_than_is_listed(self) -> None:
        """Where Sendblue would list no further it is said, and not taken for the end."""
        listing = Listing([in_group(message_handle=str(n), date_sent=at(1)) for n in range(10_050)], page=1000)
        seen: list[Event] = []
        with listing.connect() as client, pytest.raises(gm.UnsupportedOperation, match="10,000 messages"):
            seen.extend(client.received_since(AT))  # which keeps what came before the error
        assert (10_000, ["9000"]) == (len(seen), [asked["offset"] for asked in listing.asked[9:]])

    def test_a_refusal(self) -> None:
        vendor = httpx.MockTransport(lambda _: httpx.Response(401, json={"status": "ERROR", "message": "Invalid"}))
        with gm.Client(MESSENGER, http=vendor, patience=0) as client, pytest.raises(gm.AuthenticationFailed):
            list(client.received_since(AT))


# Files


def drive(flow: Any) -> Request:
    """The first request of a flow."""
    request = flow.send(None)
    flow.close()
    assert isinstance(request, Request)
    return request


class Keeping:
    """A vendor that keeps files, and answers as it is told."""

    def __init__(self, status: int = 200, answer: object = None) -> None:
        self.answer = (status, {"media_url": PICTURE} if answer is None else answer)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        status, answer = self.answer
        return httpx.Response(status, json=answer)

    def connect(self) -> gm.Client:
        return gm.Client(MESSENGER, http=httpx.MockTransport(self), patience=0)


def form_of(request: httpx.Request) -> tuple[str, str, str, bytes]:
    """Field, file name, type and content of a form with one file, as Python's mail parser reads it."""
    head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
    (part,) = BytesParser(policy=HTTP).parsebytes(head + request.content).iter_parts()
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    field = part.get_param("name", header="content-disposition")
    return str(field), str(part.get_filename()), part.get_content_type(), content


class TestFiles:
    def test_stored(self, tmp_path: Path) -> None:
        """A form with the file, to where the vendor's command line has it; messages name what comes back."""
        picture = tmp_path / "tulips in may.png"
        picture.write_bytes(b"\x89PNG\r\n\x1a\n--")
        vendor = Keeping()
        with vendor.connect() as client:
            media = client.upload(picture)
        (request,) = vendor.asked
        field, name, kind, content = form_of(request)
        assert Media(PICTURE, "image/png", 10) == media
        assert ("POST", "/api/upload-file", "key id") == (
            request.method,
            request.url.path,
            request.headers["sb-api-key-id"],
        )
        assert ("file", "image/png", b"\x89PNG\r\n\x1a\n--") == (field, kind, content)
        assert name.endswith("-tulips-in-may.png")

    @given(st.binary(), st.text(), st.sampled_from(["image/png", "", "text/plain; charset=utf-8", "a\r\nb: c", "é/é"]))
    @example(b"\r\n--groupmessenger-\r\n", 'a"; name="x\r\n.png', "image/png")
    def test_any_file(self, content: bytes, name: str, kind: str) -> None:
        """No content ends the form early, no name or type adds to it."""
        name = name.encode("utf-8", "replace").decode()
        sent = drive(MESSENGER.upload(name, content, kind))
        typed = kind.partition(";")[0] if kind[:1] in ("i", "t") else "application/octet-stream"
        field, told, of_kind, kept = form_of(
            httpx.Request(sent.method, URL, headers=sent.headers, content=sent.content)
        )
        assert ("file", typed, content) == (field, of_kind, kept)
        assert not {"\r", "\n"} & set(told)
        assert sent.repeatable

    @pytest.mark.parametrize("answer", [{}, {"media_url": None}, {"media_url": "tulips.png"}, {"status": "ERROR"}])
    def test_no_url(self, answer: object, tmp_path: Path) -> None:
        (tmp_path / "a.png").write_bytes(b"x")
        with Keeping(200, answer).connect() as client, pytest.raises(gm.UnexpectedAnswer):
            client.upload(tmp_path / "a.png")

    def test_not_there(self, tmp_path: Path) -> None:
        """It is documented nowhere, so that an account may not have it: an error that says that nothing was kept."""
        (tmp_path / "a.png").write_bytes(b"x")
        vendor = Keeping(404, {"status": "ERROR", "message": "Not found"})
        with vendor.connect() as client, pytest.raises(gm.Rejected):
            client.upload(tmp_path / "a.png")

    @pytest.mark.parametrize("path", ["/files/a.png", "/api/v2/messages?limit=100", "/"])
    def test_fetched_without_our_keys(self, path: str, tmp_path: Path) -> None:
        """Who writes to us chooses the URL: it is asked as by anybody, at the API's own host too."""
        asked: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return httpx.Response(200, content=b"x")

        here = "http://127.0.0.1:8025"  # on this machine, or it would be asked for past the transport that is given
        messenger = attrs.evolve(MESSENGER, base_url=here)
        with gm.Client(messenger, http=httpx.MockTransport(answer), patience=0) as client:
            (event,) = client.receive(callback(inbound(media_url=here + path)))
            assert isinstance(event, MessageReceived)
            (media,) = event.media
            assert b"x" == client.download(media, tmp_path / "a.png").read_bytes()
        (request,) = asked
        assert here + path == str(request.url)
        assert [] == [name for name in request.headers if name.startswith("sb-") or name == "authorization"]
        assert not any(key in str(request.headers.multi_items()) for key in ("key id", KEY))
        for base in (here, MESSENGER.base_url, f"{MESSENGER.base_url}/"):
            assert None is attrs.evolve(MESSENGER, base_url=base).stored(base.rstrip("/") + path)
