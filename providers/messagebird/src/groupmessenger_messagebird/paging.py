"""Lists, page by page, by our own offsets: MessageBird's links drop the limit and may lead elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs

from groupmessenger.provider import ProviderUnavailable, Rejected, Request, UnexpectedAnswer, ask

_LIMIT = 100  # rows a page; the most is not published, and a page may be shorter
_PAGES = 1_000  # nobody is served by reading on
_TRIES = 3
_NO_PARAMS: Mapping[str, str] = MappingProxyType({})


@attrs.frozen
class Rows:
    """One page. `next` is the offset of the one after it, None at the end."""

    items: tuple[Mapping[str, Any], ...]
    next: int | None
    total: int | None = None


async def page(path: str, offset: int = 0, params: Mapping[str, str] = _NO_PARAMS) -> Rows:
    """Read one page. Where the number of rows asked for is refused, it is the provider's own."""
    request = Request("GET", path, params={**params, "limit": str(_LIMIT), "offset": str(offset)}, repeatable=True)
    try:
        answer = await ask(request)
    except Rejected as error:
        if error.status not in (400, 422):
            raise
        answer = await ask(attrs.evolve(request, params={**params, "offset": str(offset)}))
    items, total = answer.fields.get("items"), answer.fields.get("totalCount")
    if not isinstance(items, list):  # to take that for an empty list would say that nothing is there
        raise UnexpectedAnswer("MessageBird gave no list", raw=answer.fields)
    after = offset + len(items)
    more = bool(items) and (not isinstance(total, int) or after < total)
    found = tuple(item for item in items if isinstance(item, dict))
    return Rows(found, after if more else None, total if isinstance(total, int) else None)


async def everything(path: str) -> list[Mapping[str, Any]]:
    """Read all pages. Where rows come or go meanwhile, others are skipped: then it is read anew, a few times."""
    for _ in range(_TRIES):
        if (found := await _unchanged(path)) is not None:
            return found
    raise ProviderUnavailable("MessageBird's list changes whenever it is read: ask again")


async def _unchanged(path: str) -> list[Mapping[str, Any]] | None:
    """Read all pages; None if their number changed meanwhile."""
    found: list[Mapping[str, Any]] = []
    first = rows = await page(path)
    for _ in range(_PAGES):
        if rows.total != first.total:
            return None
        found += rows.items
        if rows.next is None:
            return whole(found, rows.total)
        rows = await page(path, rows.next)
    raise UnexpectedAnswer("MessageBird's list has no end")


def whole(rows: list[Mapping[str, Any]], total: int | None) -> list[Mapping[str, Any]]:
    """The rows of a list that was read to its end. Raises `UnexpectedAnswer` where it has not as many as it says.

    To take a list that stops short, or repeats itself, for the whole would say that the others are not there.
    """
    if total is not None and len({str(row.get("id")) for row in rows}) != total:
        raise UnexpectedAnswer(f"MessageBird's list says that it has {total}, and gave another number of them")
    return rows
