"""Delivery as a fold over events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupmessenger.delivery import PRECEDENCE, Delivery, untold
from groupmessenger.events import StatusChanged
from groupmessenger.messages import Evidence, FailureReason, Status
from groupmessenger.phone import PhoneNumber

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PEOPLE = [PhoneNumber(f"+1312555010{n}") for n in range(3)]


def status(key: str, what: Status, recipient: PhoneNumber | None = None, **details: Any) -> StatusChanged:
    given: dict[str, Any] = {"key": key, "at": NOW, "message_id": "m1", "status": what, "recipient": recipient}
    return StatusChanged(**(given | details))


EVENTS = st.lists(
    st.builds(
        status,
        st.text("abc", max_size=2),
        st.sampled_from(Status),
        st.none() | st.sampled_from(PEOPLE),
        final=st.booleans(),
        at=st.none() | st.sampled_from([NOW, NOW + timedelta(hours=1)]),
        code=st.none() | st.sampled_from(["103", "4475"]),
        evidence=st.none() | st.sampled_from(Evidence),
        reason=st.none() | st.sampled_from([FailureReason.SPAM, FailureReason.OPTED_OUT]),
        connection=st.none() | st.just("main"),
        line=st.none() | st.just("+13125550100"),
    )
)
ORDERS = st.permutations(PRECEDENCE)


@given(EVENTS, st.data(), ORDERS)
def test_order_and_repetition_do_not_matter(
    events: list[StatusChanged], data: st.DataObject, precedence: Sequence[Status]
) -> None:
    """It is a fold over the set of events, whatever a provider's precedence."""
    again = data.draw(st.lists(st.sampled_from(events))) if events else []
    shuffled = data.draw(st.permutations(events + again))
    assert Delivery("m1", events, precedence) == Delivery("m1", shuffled, precedence)


@given(EVENTS, ORDERS)
def test_the_last_in_precedence_stands(events: list[StatusChanged], precedence: Sequence[Status]) -> None:
    """For each recipient, what is final first, in the provider's order; the whole is as far as the least advanced."""
    delivery = Delivery("m1", events, precedence)
    named = {event.recipient for event in events} - {None} or {event.recipient for event in events}
    assert named == set(delivery.by_recipient)
    for recipient, standing in delivery.by_recipient.items():
        told = [(event.final, list(precedence).index(event.status)) for event in events if event.recipient == recipient]
        assert max(told) == (standing.final, list(precedence).index(standing.status))
    statuses = [event.status for event in delivery.by_recipient.values()]
    assert min(statuses, key=PRECEDENCE.index, default=Status.UNKNOWN) is delivery.status


def test_a_failure_that_stands_is_still_the_least_advanced() -> None:
    """Where failed outranks delivered for one recipient, a delivery to another does not hide it."""
    sticky = [*(each for each in PRECEDENCE if each is not Status.FAILED), Status.FAILED]
    ann, bob = PhoneNumber("+13125550101"), PhoneNumber("+13125550102")
    told = [
        status("1", Status.FAILED, ann),
        status("2", Status.DELIVERED, ann),
        status("3", Status.DELIVERED, bob),
    ]
    delivery = Delivery("m1", told, sticky)
    assert (Status.FAILED, (ann,)) == (delivery.status, tuple(event.recipient for event in delivery.failed))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([], Status.UNKNOWN),
        ([Status.ACCEPTED, Status.SENT], Status.SENT),
        ([Status.DELIVERED, Status.SENT], Status.DELIVERED),
        ([Status.DELIVERED, Status.FAILED], Status.DELIVERED),
        ([Status.FAILED, Status.SENT], Status.FAILED),
        ([Status.READ, Status.DELIVERED, Status.UNKNOWN], Status.READ),
        ([Status.SCHEDULED, Status.UNKNOWN], Status.SCHEDULED),
    ],
)
def test_the_usual_precedence(told: list[Status], expected: Status) -> None:
    """Delivered beats a failure that was told of too; a failure beats what came before it."""
    events = [status(str(number), each) for number, each in enumerate(told)]
    assert expected is Delivery("m1", events).status


def test_all_of_a_group_have_it_when_the_last_has() -> None:
    events = [
        status("a", Status.READ, PEOPLE[0]),
        status("b", Status.DELIVERED, PEOPLE[1]),
        status("c", Status.SENT, PEOPLE[2]),
    ]
    assert Status.SENT is Delivery("m1", events).status
    failed = status("d", Status.FAILED, PEOPLE[2])
    assert (Status.FAILED, (failed,)) == (
        Delivery("m1", [*events, failed]).status,
        Delivery("m1", [*events, failed]).failed,
    )


def test_what_is_told_of_each_goes_before_what_is_told_of_all() -> None:
    """The entry for the whole message stands only where there is no other."""
    whole = status("a", Status.FAILED)
    assert {None: whole} == Delivery("m1", [whole]).by_recipient
    one = status("b", Status.DELIVERED, PEOPLE[0])
    assert {PEOPLE[0]: one} == Delivery("m1", [one, whole]).by_recipient


def test_nothing_told_of_somebody_is_unknown() -> None:
    """Where others are told of by name; one event for all is of everybody."""
    ann, bob = PhoneNumber("+13125550101"), PhoneNumber("+13125550102")
    told = [status("1", Status.DELIVERED, ann)]
    delivery = Delivery("m1", [*told, *untold(told, [ann, bob])])
    assert {ann: Status.DELIVERED, bob: Status.UNKNOWN} == {
        recipient: event.status for recipient, event in delivery.by_recipient.items()
    }
    assert Status.UNKNOWN is delivery.status
    assert [] == list(untold([status("1", Status.DELIVERED)], [ann, bob])) == list(untold([], [ann]))


def test_an_end_that_nobody_knows_stands_before_a_beginning() -> None:
    """Such as a receipt that never came; and a delivery told of later stands before that."""
    sent, nobody_knows = status("1", Status.SENT), status("2", Status.UNKNOWN, final=True)
    assert Status.UNKNOWN is Delivery("m1", [sent, nobody_knows]).status
    delivered = status("3", Status.DELIVERED, final=True)
    assert Status.DELIVERED is Delivery("m1", [delivered, nobody_knows, sent]).status


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([], "nothing told yet"),
        ([(Status.DELIVERED, None), (Status.DELIVERED, None), (Status.DELIVERED, None)], "3 delivered"),
        (
            [(Status.FAILED, FailureReason.OPTED_OUT), (Status.DELIVERED, None), (Status.UNKNOWN, None)],
            "1 delivered, 1 failed (opted out), 1 unknown",
        ),
        (
            [(Status.FAILED, FailureReason.OPTED_OUT), (Status.FAILED, FailureReason.SPAM), (Status.SENT, None)],
            "1 failed (opted out), 1 failed (spam), 1 sent",
        ),
    ],
)
def test_a_line_for_people(told: list[tuple[Status, FailureReason | None]], expected: str) -> None:
    events = [status(str(at), each, PEOPLE[at], reason=reason) for at, (each, reason) in enumerate(told)]
    assert expected == Delivery("m1", events).summary


def test_one_status_for_everybody_says_so() -> None:
    assert "delivered (one status for everybody)" == Delivery("m1", [status("1", Status.DELIVERED)]).summary


def test_the_weakest_evidence_counts() -> None:
    """A carrier's word for one makes the whole no better; who only failed says nothing of it."""
    handset = status("1", Status.DELIVERED, PEOPLE[0], evidence=Evidence.HANDSET)
    carrier = status("2", Status.DELIVERED, PEOPLE[1], evidence=Evidence.CARRIER)
    failed = status("3", Status.FAILED, PEOPLE[2])
    assert Evidence.HANDSET is Delivery("m1", [handset, failed]).evidence
    assert Evidence.CARRIER is Delivery("m1", [handset, carrier]).evidence
    assert None is Delivery("m1", [failed]).evidence


def test_it_is_final_when_everybody_has_come_to_an_end() -> None:
    ends = [status(str(at), Status.DELIVERED, person, final=True) for at, person in enumerate(PEOPLE)]
    assert Delivery("m1", ends).is_final()
    on_its_way = status("9", Status.SENT, PhoneNumber("+13125550109"))
    assert not Delivery("m1", [*ends, on_its_way]).is_final()
    assert not Delivery("m1", []).is_final()


def test_it_is_final_when_the_provider_tells_no_more() -> None:
    """Some time after it was sent, or after the first that was told; without a time nobody can say."""
    sent = status("1", Status.SENT, at=NOW)
    delivery = Delivery("m1", [sent], final_after=3600)
    assert [False, True] == [delivery.is_final(NOW + timedelta(seconds=seconds)) for seconds in (3599, 3600)]
    assert delivery.is_final(NOW, sent_at=NOW - timedelta(hours=1))
    assert Delivery("m1", [], final_after=3600).is_final(NOW, NOW - timedelta(hours=2))
    assert not Delivery("m1", [], final_after=3600).is_final(NOW)
    assert not Delivery("m1", [status("1", Status.SENT, at=None)], final_after=3600).is_final(NOW)
    assert not Delivery("m1", [sent]).is_final(NOW + timedelta(days=365))
