"""How Bandwidth says no: a type and a description, but for paths it does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from groupmessenger.sandbox.face import Answer


class Refused(Exception):
    """Ends a call with a refusal: nothing was done."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(str(body))
        self.answer = Answer(status, dict(body), headers or {}, done=False)


@attrs.frozen
class Problem:
    """What is wrong with one field of a request."""

    field: str
    what: str


def refused(status: int, kind: str, description: str, headers: Mapping[str, str] | None = None) -> Refused:
    """The common shape."""
    return Refused(status, {"type": kind, "description": description}, headers)


def invalid(problems: Sequence[Problem], doubt: Mapping[str, Any]) -> Refused:
    """A request that breaks the rules of its fields. The list of them is optional (2)."""
    body: dict[str, Any] = {"type": "request-validation", "description": "The request breaks the rules of its fields"}
    if doubt["field_errors"] == "given":
        body["fieldErrors"] = [{"fieldName": problem.field, "description": problem.what} for problem in problems]
    else:
        body["description"] += ": " + "; ".join(f"{problem.field} {problem.what}" for problem in problems)
    return Refused(400, body)


def missing(path: str, now: datetime) -> Refused:
    """The other shape: that of a path nobody serves (2)."""
    timestamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}+0000"
    return Refused(
        404, {"timestamp": timestamp, "status": 404, "error": "Not Found", "message": "Not Found", "path": path}
    )
