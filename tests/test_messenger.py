"""The interface for providers."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import attrs
import pytest
from acme import LINE, AcmeMessenger
from hypothesis import given
from hypothesis import strategies as st

from groupmessenger.callbacks import Callback, Verified
from groupmessenger.errors import InvalidInput
from groupmessenger.events import Event
from groupmessenger.fields import secret
from groupmessenger.flags import NATIVE, PARTIAL, Operation
from groupmessenger.flow import Response
from groupmessenger.messages import Message
from groupmessenger.messenger import Authorization, GroupMessenger, Page, graded, unsupported
from groupmessenger.phone import PhoneNumber


@attrs.frozen
class Safe:
    key: str = secret()


@given(st.text() | st.integers() | st.none())
def test_a_secret_is_printable_text(value: Any) -> None:
    """So that it fits a header; the error names the field and not the value."""
    good = isinstance(value, str) and bool(value.strip()) and value.isascii() and value.isprintable()
    try:
        Safe(value)
    except InvalidInput as error:
        text = str(error)
    else:
        text = ""
    assert ("" if good else "key is a text of printable ASCII characters, and not empty") == text


def test_secrets_are_not_shown() -> None:
    for value in (Safe("open sesame"), Authorization({"key": "open sesame"}, timedelta(1))):
        assert "sesame" not in repr(value)
    assert "sesame" not in repr(AcmeMessenger(line=LINE, api_key="open sesame"))


def test_every_operation_is_a_flow_of_the_interface() -> None:
    """And described: the interface is what a plugin's author reads."""
    for operation in Operation:
        method = getattr(GroupMessenger, operation)
        assert (operation is not Operation.RECEIVE) == inspect.iscoroutinefunction(method)
        assert inspect.getdoc(method)


def test_an_adapter_may_leave_the_rest_as_it_is() -> None:
    """No headers, no refusals, no violations, a listing that ends."""

    class Least(GroupMessenger):
        name = "least"
        title = "Least"

    least = Least()
    flow = least.authorize()
    with pytest.raises(StopIteration) as done:
        flow.send(None)
    assert Authorization({}) == done.value.value
    assert None is least.refusal(Response(500))
    assert () == least.violations(PhoneNumber("+13125550101"), Message("x"))
    assert None is Page(("a",)).next


def test_an_operation_that_is_not_there_is_named_in_words() -> None:
    messenger = AcmeMessenger(line=LINE, api_key="x")
    assert "Acme cannot add members" == str(unsupported(messenger, Operation.ADD_MEMBERS))
    assert "Acme cannot send: not today" == str(unsupported(messenger, Operation.SEND, "not today"))


def test_a_flag_that_is_no_flag_is_refused() -> None:
    """A misspelt one would be dropped silently, and the feature be unsupported."""
    misspelt = attrs.evolve(AcmeMessenger.capabilities, flags={"medai": NATIVE})
    with pytest.raises(TypeError, match="medai"):
        type("Misspelt", (AcmeMessenger,), {"capabilities": misspelt})


def test_receiving_is_graded_where_it_is_written() -> None:
    """It is put together of `verify` and `parse`: either may say how much of it works."""

    class Hears(AcmeMessenger):
        def verify(self, callback: Callback) -> Verified:
            return Verified()

        @graded(PARTIAL("texts alone"))
        def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
            return ()

    assert PARTIAL("texts alone") == Hears.capabilities.can(Operation.RECEIVE)
