"""Callbacks that were spoiled on the way, or made to be: what a provider sends, with anything in the place of anything.

They begin as real ones, of the stand-ins. A seed makes all of them: `GROUPMESSENGER_FUZZ_SEED` and
`GROUPMESSENGER_FUZZ_COUNT` set another, and more of them. Tests that are not slow take the first `FEW`.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import attrs
from recorder import recording

from groupmessenger import Callback, Delivery, Event, InvalidSignature, MalformedWebhook, StatusChanged
from groupmessenger.fields import CALLBACK, settings_of
from groupmessenger.groups import Group
from groupmessenger.messages import Message
from groupmessenger.messenger import GroupMessenger
from groupmessenger.plugins import load_provider
from groupmessenger.sandbox import Sandbox

SEED = int(os.environ.get("GROUPMESSENGER_FUZZ_SEED", "20261121"))
FEW = 6000
COUNT = int(os.environ.get("GROUPMESSENGER_FUZZ_COUNT", "36000"))  # a provider; more than 100,000 in all

PEOPLE = ("+13125550101", "+13125550102", "+13125550103")
PRIVATE = ("Dinner at eight", "I'll be there", *(number[2:] for number in PEOPLE))

_JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 10**30, "", " ", "0", "x", "x" * 5000, "\ud800", "\x00", "\u202e", "👀",
    "+", "+1", "+13125550199", "13125550199", "someone@example.com", "SHORTCODE", "12345", "../..", "a/b", "null",
    "2026-11-21T12:00:00Z", "2026-11-21T12:00:00 00:00", "99999-01-01", "NaN", "http://", "https://x.example/a.jpg",
    "message-received", "DELIVERED", "delivered", "4475", "9902", [], {}, [[]], [None], [1, "a"], {"a": {}},
    [{}, {}], ["+13125550199", None],
)  # fmt: skip
_HEADERS = (
    "",
    "x",
    "Basic",
    "Basic =",
    "Bearer x",
    "Basic eDp5",
    "eyJhbGciOiJub25lIn0.e30.",
    "a.b.c",
    "ü",
    "\ud800",
    ", ",
)


def real(provider: str) -> tuple[GroupMessenger, list[Callback]]:
    """What a stand-in calls in the course of a conversation, and the messenger that believes it."""
    with recording() as recorder, Sandbox() as sandbox:
        recorder.challenge = load_provider(provider).acknowledgement.challenge
        sandbox.calls(provider, recorder.url)
        called = [name for name, field in settings_of(load_provider(provider)).items() if field.metadata.get(CALLBACK)]
        with sandbox.connect(provider, **dict.fromkeys(called, f"{recorder.url}?of=ours")) as client:
            sandbox.phones[PEOPLE[2]].landline = True
            receipt = client.send(client.create_group(PEOPLE), PRIVATE[0])
            client.send(receipt.group, Message("A picture", "https://pictures.example.com/a.jpg"))
            first, line = sandbox.phones[PEOPLE[0]], client.messenger.line
            thread = next(each for each in reversed(first.threads) if line in each.participants)
            first.send(PRIVATE[1], thread=thread.id)
            first.send("", thread=thread.id, media=["https://pictures.example.com/b.jpg"])
            first.react("Loved", thread=thread.id)
            first.send("Just you", to=line)
            first.opt_out(line)
            sandbox.callbacks.wait()
            sandbox.clock.advance(3600)
            assert sandbox.callbacks.wait()
            return client.messenger, [asked.callback for asked in recorder.asked]


def fuzz(provider: str, count: int) -> None:
    """Give a messenger what was spoiled: it gives events, or one of the two errors, and nothing else."""
    messenger, callbacks = real(provider)
    believed = [callback for callback in callbacks if _is_good(messenger, callback)]
    assert believed, "nothing of what the stand-in calls is believed"
    print(f"seed {SEED}, {count} of {provider}")  # noqa: T201 - shown where it fails
    rng = random.Random(f"{SEED}/{provider}")
    told: list[StatusChanged] = []
    refused = 0
    for number in range(count):
        callback = spoiled(rng, rng.choice(believed))
        try:
            events = messenger.receive(callback, verify=number % 4 == 0)
        except (InvalidSignature, MalformedWebhook) as error:
            refused += 1
            _check_words(str(error))
            continue
        except Exception as error:
            raise AssertionError(
                f"number {number} of seed {SEED}: {callback.method} {callback.url!r} "
                f"{dict(callback.headers)!r} {callback.body!r}"
            ) from error
        for event in events:
            _check(event)
            if isinstance(event, StatusChanged):
                told.append(event)
    assert 0 < refused < count
    delivery = Delivery("m", told[-2000:], messenger.precedence)
    rng.shuffle(told)
    assert delivery.summary
    assert Delivery("m", told, messenger.precedence) == Delivery("m", reversed(told), messenger.precedence)


def _is_good(messenger: GroupMessenger, callback: Callback) -> bool:
    try:
        return bool(messenger.receive(callback))
    except (InvalidSignature, MalformedWebhook):
        return False


def _check(event: Event) -> None:
    """An event is whole: a key that can be stored, a group that can be kept, a repr that tells nothing."""
    assert event.key
    event.key.encode()
    _check_words(repr(event))
    group = getattr(event, "group", None)
    if group is not None:
        assert group == Group.load(group.dump())
    assert isinstance(getattr(event, "text", ""), str)
    for name in ("message_id", "line", "code", "kind", "reaction"):
        value = getattr(event, name, None)
        assert value is None or isinstance(value, str)


def _check_words(text: str) -> None:
    assert not [private for private in PRIVATE if private in text], text


def spoiled(rng: random.Random, callback: Callback) -> Callback:
    """One with something else in it: a field, a byte, a parameter, a header, the method, or several of these."""
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        callback = rng.choice((_field, _field, _field, _bytes, _query, _query, _header, _method))(rng, callback)
    return callback


def _field(rng: random.Random, callback: Callback) -> Callback:
    """Another value for one field of JSON or of a form."""
    try:
        data = json.loads(callback.body)
    except ValueError:
        pairs = _spoiled_pairs(rng, parse_qsl(callback.body.decode("utf-8", "replace"), keep_blank_values=True))
        return attrs.evolve(callback, body=_urlencoded(pairs))
    changed = _spoiled_value(rng, data)
    return attrs.evolve(
        callback, body=json.dumps(changed, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    )


def _spoiled_value(rng: random.Random, value: Any) -> Any:
    if isinstance(value, dict) and value and rng.random() < 0.95:
        key = rng.choice(list(value))
        match rng.randrange(6):
            case 0:
                return {name: each for name, each in value.items() if name != key}
            case 1:
                return value | {rng.choice(("type", "id", "x", key.upper(), "")): rng.choice(_JUNK)}
            case _:
                return value | {key: _spoiled_value(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        match rng.randrange(5):
            case 0:
                return value[:at] + value[at + 1 :]
            case 1:
                return [*value, rng.choice((value[at], *_JUNK))]
            case _:
                return [*value[:at], _spoiled_value(rng, value[at]), *value[at + 1 :]]
    return rng.choice(_JUNK)


def _bytes(rng: random.Random, callback: Callback) -> Callback:
    body = bytearray(callback.body)
    at = rng.randrange(len(body) + 1)
    match rng.randrange(4):
        case 0:
            body = body[:at]
        case 1:
            body[at:at] = rng.randbytes(rng.randrange(1, 9))
        case 2:
            body = bytearray(rng.randbytes(rng.randrange(64)))
        case _:
            body[at : at + 1] = bytes([rng.randrange(256)])
    return attrs.evolve(callback, body=bytes(body))


def _query(rng: random.Random, callback: Callback) -> Callback:
    parts = urlsplit(callback.url)
    pairs = _spoiled_pairs(rng, parse_qsl(parts.query, keep_blank_values=True))
    query = _urlencoded(pairs).decode()
    if rng.random() < 0.1:
        query = query[: rng.randrange(len(query) + 1)] + rng.choice(("%", "%zz", "&&&", "=", "+", ";"))
    return attrs.evolve(callback, url=urlunsplit(parts._replace(query=query)))


def _spoiled_pairs(rng: random.Random, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    found = list(pairs) or [("status", "delivered")]
    at = rng.randrange(len(found))
    name, value = found[at]
    junk = str(rng.choice(_JUNK))
    match rng.randrange(5):
        case 0:
            del found[at]
        case 1:
            found.append((name, junk))
        case 2:
            found[at] = (rng.choice((name.upper(), name.lower(), "x", "gm", "status", "reference")), value)
        case _:
            found[at] = (name, junk)
    return found


def _urlencoded(pairs: Sequence[tuple[str, str]]) -> bytes:
    return urlencode(pairs, errors="replace").encode()


def _header(rng: random.Random, callback: Callback) -> Callback:
    headers: Mapping[str, str] = callback.headers
    name = rng.choice([*headers, "content-type", "authorization"])
    match rng.randrange(3):
        case 0:
            return attrs.evolve(callback, headers={key: value for key, value in headers.items() if key != name})
        case 1:
            return attrs.evolve(callback, headers={**headers, name: rng.choice(_HEADERS)})
        case _:
            told = headers.get(name, "")
            at = rng.randrange(len(told) + 1)
            return attrs.evolve(callback, headers={**headers, name: told[:at] + rng.choice("xA=.ü ") + told[at + 1 :]})


def _method(rng: random.Random, callback: Callback) -> Callback:
    return attrs.evolve(callback, method=rng.choice(("GET", "POST", "PUT", "HEAD", "")))
