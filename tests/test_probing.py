"""A connection is checked without texting anybody: credentials, clocks, and what the adapter has to say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import attrs
import httpx
import pytest
from acme import LINE, SECRET, WAYS, AcmeMessenger, Vendor, World, says, world

from groupmessenger.errors import AuthenticationFailed, NotReached
from groupmessenger.messenger import Finding, Level
from groupmessenger.provider import Request


@attrs.frozen
class ProbedMessenger(AcmeMessenger):
    """Acme, with a question to try credentials with."""

    def probe(self) -> Request:
        return Request("GET", "/groups", repeatable=True)

    def advice(self, now: datetime) -> Iterable[Finding]:
        yield Finding(Level.WARNING, f"it is {now.year}")


@pytest.fixture(params=WAYS)
def here(request: pytest.FixtureRequest) -> Iterator[World]:
    with world(request.param) as opened:
        yield opened


def check(here: World, vendor: Vendor, key: str = SECRET) -> tuple[Finding, ...]:
    found: tuple[Finding, ...] = here.connect(vendor, ProbedMessenger(line=LINE, api_key=key), patience=0).check()
    return found


def dated(moment: datetime | str) -> Any:
    date = moment if isinstance(moment, str) else format_datetime(moment, usegmt=True)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"items": [], "next": None}, headers={"date": date})

    return answer


def test_credentials_that_work(here: World) -> None:
    vendor = Vendor()
    vendor.answer("GET /groups", dated(datetime.now(UTC)))
    accepted, clock, advice = check(here, vendor)
    assert Finding(Level.OK, "Acme accepts the credentials") == accepted
    assert Finding(Level.OK, "this machine's clock agrees with Acme's") == clock
    assert Level.WARNING is advice.level
    assert [] == vendor.messages


def test_credentials_that_do_not(here: World) -> None:
    """What was raised is a finding, with the error; the advice is given all the same."""
    fault, advice = check(here, Vendor(), key="another key")
    assert (Level.FAULT, AuthenticationFailed, Level.WARNING) == (fault.level, type(fault.error), advice.level)


def test_a_provider_that_is_not_reached(here: World) -> None:
    vendor = Vendor()
    vendor.answer("POST /token", httpx.ConnectError("no"))
    fault, _ = check(here, vendor)
    assert isinstance(fault.error, NotReached)


@pytest.mark.parametrize(("seconds", "word"), [(-100, "ahead of"), (100, "behind")])
def test_a_clock_that_is_wrong(here: World, seconds: int, word: str) -> None:
    vendor = Vendor()
    vendor.answer("GET /groups", dated(datetime.now(UTC) + timedelta(seconds=seconds)))
    clock = check(here, vendor)[1]
    assert clock.level is Level.WARNING
    assert f"clock is {abs(seconds)} s {word} Acme's" in clock.what or f" s {word} Acme's" in clock.what


@pytest.mark.parametrize("date", ["", "yesterday", "Sat, 21 Nov 2026 12:00:00"])
def test_a_clock_that_cannot_be_compared(here: World, date: str) -> None:
    vendor = Vendor()
    vendor.answer("GET /groups", dated(date))
    assert check(here, vendor)[1].level is Level.UNCHECKED


def test_no_date_at_all(here: World) -> None:
    vendor = Vendor()
    vendor.answer("GET /groups", says(200, items=[]))
    assert Finding(Level.UNCHECKED, "the clock: Acme's answer bears no date") == check(here, vendor)[1]


def test_without_a_question_credentials_are_unchecked(here: World) -> None:
    vendor = Vendor()
    (finding,) = here.connect(vendor).check()
    assert Level.UNCHECKED is finding.level
    assert [] == vendor.seen
