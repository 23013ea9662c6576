"""Lists as MessageBird pages them (1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from groupmessenger.sandbox.face import Answer, Call

from ._account import HOST, Account
from ._fields import whole_of
from ._refusals import invalid

USUAL = 20
MOST = 100


def page(account: Account, call: Call, rows: Sequence[dict[str, Any]], path: str) -> Answer:
    """One page of these, with links below `path`, which is not always where the list is."""
    doubt, given = account.doubt, dict(call.query)
    limit = whole_of(given, "limit")
    offset = whole_of(given, "offset") or 0
    if limit is None:
        limit = int(doubt["default_limit"])
    if limit > USUAL and doubt["limit_above_20"] == "refused":
        raise invalid("limit")
    limit = min(limit, MOST if doubt["limit_above_20"] == "honoured" else USUAL)
    items = rows[offset : offset + limit]
    return Answer(
        200,
        {
            "offset": offset,
            "limit": limit,
            "count": len(items),
            "totalCount": len(rows),
            "links": _links(path, limit, offset, len(rows)),
            "items": items,
        },
    )


def _links(path: str, limit: int, offset: int, total: int) -> dict[str, str | None]:
    """Where the other pages would be. The links drop the limit, so that following them loses items."""
    if not total or not limit:
        return dict.fromkeys(("first", "previous", "next", "last"))

    def link(to: int) -> str:
        return f"{HOST}{path}?offset={to}"

    return {
        "first": link(0),
        "previous": link(max(offset - limit, 0)) if offset else None,
        "next": link(offset + limit) if offset + limit < total else None,
        "last": link((total - 1) // limit * limit),
    }
