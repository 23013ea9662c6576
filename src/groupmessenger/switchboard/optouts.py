"""Who does not want our texts: an audit that is only ever added to. All of it transactions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select

from .._dumping import read_address, write_address
from ..errors import Suppressed
from ..phone import Address, Member
from .directory import Transaction
from .tables import opt_outs
from .values import OptOut


def record(
    t: Transaction,
    address: Address,
    *,
    suppressed: bool,
    source: str,
    connection: str | None = None,
    line: str | None = None,
    key: str | None = None,
    at: datetime | None = None,
) -> bool:
    """Write down that somebody opted out, or in again. The same event twice is one row; whether there is one more."""
    return t.insert_once(
        opt_outs,
        digest=t.digest(str(address)),
        address=write_address(address),
        suppressed=suppressed,
        source=source,
        connection=connection,
        line=line,
        key=key,
        at=at or t.now,
    )


def told(t: Transaction, addresses: Iterable[Address], connection: str, line: str) -> None:
    """Keep whom a provider named when it refused a message because they opted out."""
    known = suppressed(t, addresses := tuple(addresses))
    for address in addresses:
        if address not in known:
            record(t, address, suppressed=True, source="provider", connection=connection, line=line)


def suppressed(t: Transaction, addresses: Iterable[Address]) -> frozenset[Address]:
    """Which of them opted out, and not in again since."""
    by_digest = {t.digest(str(address)): address for address in addresses}
    last = select(func.max(opt_outs.c.id)).where(opt_outs.c.digest.in_(list(by_digest))).group_by(opt_outs.c.digest)
    rows = t.execute(select(opt_outs.c.digest).where(opt_outs.c.id.in_(last), opt_outs.c.suppressed))
    return frozenset(by_digest[row.digest] for row in rows)


def refuse(t: Transaction, people: Iterable[Member], left_out: Iterable[Address] = ()) -> None:
    """Raise `Suppressed`, with the choices there are, if any of these people opted out."""
    others = set(left_out)
    asked = {member.address: member for member in people if member.address not in others}
    out = suppressed(t, asked)
    if out:
        who = ", ".join(repr(address) for address in asked if address in out)
        raise Suppressed(
            f"{who} opted out: remove_members() takes them out of the group, which on a shared thread may begin "
            "another one; in a broadcast leave_out=[...] leaves them out of one message; only they can opt in again",
            [member for address, member in asked.items() if address in out],
        )


def listed(t: Transaction, *, everything: bool = False) -> tuple[OptOut, ...]:
    """The last word of everybody who ever opted out, or, with `everything`, the whole audit; the oldest first."""
    rows = select(opt_outs).order_by(opt_outs.c.id)
    if not everything:
        rows = rows.where(opt_outs.c.id.in_(select(func.max(opt_outs.c.id)).group_by(opt_outs.c.digest)))
    return tuple(
        OptOut(
            address=None if row.address is None else read_address(row.address),
            suppressed=row.suppressed,
            source=row.source,
            connection=row.connection,
            line=row.line,
            at=row.at,
        )
        for row in t.execute(rows)
    )
