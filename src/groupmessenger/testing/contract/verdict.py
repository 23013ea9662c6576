"""What an answer of the vendor's means, as a table with sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ...errors import ProviderError


@attrs.frozen
class Verdict:
    """One shape of an answer's body, and what it means: the error by HTTP status, and who says so.

    `body` is JSON as the vendor writes it. `errors` maps a status to the `ProviderError` that says nothing was done;
    at every status that is not named there the answer is in doubt.
    """

    body: Any
    errors: Mapping[int, type[ProviderError]]
    source: str
