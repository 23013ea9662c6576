"""How Sendblue says no. There is no single shape (2.6): each kind of call has its own."""

from __future__ import annotations

from typing import Any, cast

from groupmessenger.sandbox.face import Answer, Call


class Refused(Exception):
    """Ends a call with a refusal: nothing was done."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body))
        self.answer = Answer(status, body, done=False)


def refused(message: str, status: int = 400) -> Refused:
    """The shape of credentials, contacts and reads."""
    return Refused(status, {"status": "ERROR", "message": message})


def send_refused(message: str, *, code: int = 4000, key: str | None = None, status: int = 400) -> Refused:
    """The shape of sends: the message object's error fields. 4000 is validation."""
    return Refused(status, {"status": "ERROR", "error_code": code, "error_key": key, "error_message": message})


def body_of(call: Call) -> dict[str, Any]:
    """The call's JSON object. Groups take nothing but JSON (1)."""
    body = call.json
    if not isinstance(body, dict):
        raise refused("The body must be a JSON object")
    return cast("dict[str, Any]", body)


def text_of(body: dict[str, Any], name: str) -> str:
    """A text field; empty when it is missing or null."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise send_refused(f"{name} must be a string")
    return value or ""
