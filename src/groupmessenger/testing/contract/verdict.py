"""What an answer of the vendor's means, as a table with sources."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs

from ...errors import ProviderError
from ...flow import Response


@attrs.frozen
class Verdict:
    """One shape of an answer's body, and what it means: the error by HTTP status, and who says so.

    `body` is JSON as the vendor writes it, or bytes where it writes XML or plain text. `errors` maps a status to the
    `ProviderError` that says nothing was done; at every status that is not named there the answer is in doubt.
    """

    body: Any
    errors: Mapping[int, type[ProviderError]]
    source: str


def written(body: Any) -> bytes:
    """The body of a verdict as it comes."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def answer(status: int, body: Any) -> Response:
    """The vendor's answer with the body of a verdict."""
    return Response(status, written(body), {} if isinstance(body, bytes) else {"content-type": "application/json"})
