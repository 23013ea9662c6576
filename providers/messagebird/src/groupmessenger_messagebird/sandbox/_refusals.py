"""How MessageBird says no: `{"errors": [{"code", "description", "parameter"}]}` (6)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs

from groupmessenger.sandbox.face import Answer

NOT_ALLOWED, MISSING, INVALID, NOT_FOUND, BAD_REQUEST, NO_BALANCE, DUPLICATE = 2, 9, 10, 20, 21, 25, 101

# What has nothing more to say: no body, and the type of a page all the same (1).
EMPTY = Answer(204, None, {"content-type": "text/html; charset=UTF-8"})

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@attrs.frozen
class Slip:
    """One entry of `errors`."""

    code: int
    description: str
    parameter: str | None = None


class Refused(Exception):
    """Ends a call with a refusal: nothing was done."""

    def __init__(self, status: int, *slips: Slip, headers: Mapping[str, str] = _NO_HEADERS) -> None:
        super().__init__(str(slips))
        self.answer = Answer(status, errors(*slips), headers, done=False)


def errors(*slips: Slip) -> dict[str, Any]:
    """The body of a refusal."""
    return {"errors": [attrs.asdict(slip) for slip in slips]}


def missing(name: str) -> Refused:
    """A field that must be there is not."""
    return Refused(422, Slip(MISSING, f"{name} is required", name))


def invalid(name: str, why: str = "") -> Refused:
    """A field has a value that the vendor does not take."""
    return Refused(422, Slip(INVALID, why or f"{name} is invalid", name))


def not_found(what: str) -> Refused:
    """There is none with this id."""
    return Refused(404, Slip(NOT_FOUND, f"{what} not found"))
