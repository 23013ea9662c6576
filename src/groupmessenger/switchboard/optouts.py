"""Who does not want our texts: an audit that is only ever added to. All of it transactions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Text, bindparam, cast, func, select, update

from .._dumping import read_address, write_address
from ..errors import Suppressed
from ..phone import Address, Member
from .among import among
from .directory import Transaction
from .tables import groups, opt_outs
from .values import LogicalGroup, OptOut

_LAST_WORDS = select(func.max(opt_outs.c.id)).where(among(opt_outs.c.digest, "of_people")).group_by(opt_outs.c.digest)
_SUPPRESSED = select(opt_outs.c.digest).where(opt_outs.c.id.in_(_LAST_WORDS), opt_outs.c.suppressed)
_OF_GROUP = select(groups.c.suspects, groups.c.archived_at, _SUPPRESSED.exists().label("out")).where(
    groups.c.id == bindparam("of")
)


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
    if not suppressed:
        meant = cast(groups.c.suspects, Text).contains(f'"{write_address(address)}"', autoescape=True)
        t.execute(update(groups).where(meant).values(suspects=[]))
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


def told(t: Transaction, addresses: Iterable[Address], connection: str, line: str, group: LogicalGroup) -> None:
    """Keep whom a provider named when it refused a message because they opted out, or that it named nobody."""
    known = suppressed(t, addresses := tuple(addresses))
    if not addresses:
        suspects = [write_address(address) for address in group.addresses]
        t.execute(update(groups).where(groups.c.id == group.id).values(suspects=suspects))
    for address in addresses:
        if address not in known:
            record(t, address, suppressed=True, source="provider", connection=connection, line=line)


def suppressed(t: Transaction, addresses: Iterable[Address]) -> frozenset[Address]:
    """Which of them opted out, and not in again since."""
    by_digest = {t.digest(str(address)): address for address in addresses}
    rows = t.execute(_SUPPRESSED, {"of_people": list(by_digest)})
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


def refuse_group(t: Transaction, group: LogicalGroup, left_out: Iterable[Address] = ()) -> bool:
    """Raise `Suppressed` if any of a group opted out, also where nobody said who. Whether the group is in use still."""
    asked = set(group.addresses) - set(left_out)
    digests = [t.digest(str(address)) for address in asked]
    found = t.execute(_OF_GROUP, {"of": group.id, "of_people": digests}).one()
    if found.out:
        refuse(t, group.members, left_out)
    suspects = set(map(read_address, found.suspects))
    if suspects and suspects <= asked:
        raise Suppressed(
            "one of the group opted out, and the provider did not say who: suppress() names them, and "
            "remove_members() takes them out of the group",
            [member for member in group.members if member.address in suspects],
        )
    return found.archived_at is None


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
