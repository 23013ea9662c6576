"""Callbacks of the vendors: verified and parsed, and all the way to a handler; MessageBird's beside its own SDK.

A second is a second of CPU of one core. The requests are made before; no two of them are alike.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs

import groupmessenger as gm
from groupmessenger import webhooks

from .calls import BELIEVING, KINDS, SECRET, URL, Call, endless, messagebird_message, older
from .connections import settings
from .measuring import Scale, Spent, in_turn
from .results import Result, Target, compared

_NOWHERE = "http://127.0.0.1:9"  # nothing is asked
_ENOUGH, _BELOW = Target("≥", 20_000, absolute=True), Target("<", 1.0)
_FAST = ("sendblue", "bandwidth")


@attrs.frozen
class Times:
    """How many calls are taken in a round, and how many rounds there are, beside the one that does not count."""

    pieces: int
    rounds: int

    def calls(self, make: Callable[[int], Call]) -> list[Call]:
        """Give the calls of all rounds."""
        return list(islice(endless(make), self.pieces * (self.rounds + 1)))

    def measure(self, sides: Mapping[str, tuple[Sequence[Any], Callable[[Any], object]]]) -> Mapping[str, Spent]:
        """Measure what is done with each call, side after side."""
        return in_turn({name: self._some(*side) for name, side in sides.items()}, self.pieces, self.rounds)

    def _some(self, calls: Sequence[Any], work: Callable[[Any], object]) -> Callable[[], None]:
        left = iter(calls)

        def some() -> None:
            for call in islice(left, self.pieces):
                work(call)

        return some


def run(scale: Scale) -> Iterator[Result]:
    """Measure each provider, then MessageBird beside its SDK."""
    times = Times(scale.of(1000, 50), scale.of(7, 1))
    for provider, kinds in KINDS.items():
        for kind, make in kinds.items():
            yield from _received(times, f"{provider}: {kind}", provider, times.calls(make))
    yield from _with_jwt(times)
    yield from _with_older_headers(times)


def _received(times: Times, name: str, provider: str, calls: list[Call]) -> Iterator[Result]:
    """Through `client.receive`, and through a WSGI application."""
    handled: set[str] = set()

    def start(status: str, _: object) -> None:
        assert status == "200 OK"

    with _connected(provider) as client:
        app = webhooks.wsgi({provider: client}, lambda event: handled.add(event.key), public_url=URL)
        found = times.measure(
            {
                "receive": (calls, lambda call: client.receive(call.callback())),
                "wsgi": ([call.environ() for call in calls], lambda environ: app(environ, start)),
            }
        )
        assert all(len(client.receive(call.callback())) == 1 for call in calls[:10])
    assert len(handled) == len(calls)
    target = _ENOUGH if provider in _FAST else None
    yield Result(f"{name}, verified and parsed", "/s", 1 / found["receive"].cpu, target=target)
    yield Result(f"{name}, by a WSGI application to the handler", "/s", 1 / found["wsgi"].cpu)


def _with_jwt(times: Times) -> Iterator[Result]:
    """Beside the validator of JWTs."""
    from messagebird.request_validator import RequestValidator  # type: ignore[import-untyped]

    validator = RequestValidator(SECRET)

    def validate(call: Call) -> None:
        validator.validate_signature(call.headers["messagebird-signature-jwt"], call.url, call.body)

    with _connected("messagebird") as client:
        for kind, make in KINDS["messagebird"].items():
            sides = (client, times.calls(make), Call.callback, validate)
            yield from _beside(times, f"messagebird: {kind}", *sides, _BELOW)


def _with_older_headers(times: Times) -> Iterator[Result]:
    """Beside the check of the older headers, which the SDK has deprecated. No target: it looks at less than ours."""
    from messagebird.signed_request import SignedRequest  # type: ignore[import-untyped]

    at = datetime.now(UTC)
    calls = [older(call, int(at.timestamp())) for call in times.calls(messagebird_message)]

    def callback(call: Call) -> gm.Callback:
        return gm.Callback(call.method, call.url, call.headers, call.body, at)  # it is good for ten seconds

    def validate(call: Call) -> None:
        seal, stamp = (call.headers[f"messagebird-{name}"] for name in ("signature", "request-timestamp"))
        request = SignedRequest(seal, stamp, call.body.decode(), {})
        request.is_recent()
        assert request.verify(SECRET)

    with _connected("messagebird", legacy_signatures=True) as client, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield from _beside(times, "messagebird: a message, older headers", client, calls, callback, validate)


def _beside(
    times: Times,
    name: str,
    client: gm.Client,
    calls: list[Call],
    callback: Callable[[Call], gm.Callback],
    validate: Callable[[Call], None],
    target: Target | None = None,
) -> Iterator[Result]:
    """Beside the SDK, which knows of no events: verified alone, and with what a request says, fields or events."""

    def read(call: Call) -> Mapping[str, list[str]]:
        validate(call)
        return parse_qs(call.body.decode() or urlsplit(call.url).query, keep_blank_values=True)

    assert read(calls[0])
    found = times.measure(
        {
            "verified": (calls, lambda call: client.messenger.verify(callback(call))),
            "read": (calls, lambda call: client.receive(callback(call))),
            "verified by the SDK": (calls, validate),
            "read with the SDK": (calls, read),
        }
    )
    yield from compared(f"{name}, verified", found["verified"], found["verified by the SDK"], target)
    yield from compared(f"{name}, verified and parsed", found["read"], found["read with the SDK"])


def _connected(provider: str, **more: Any) -> gm.Client:
    return gm.connect(provider, **settings(provider, _NOWHERE), **BELIEVING[provider], **more)
