"""What commands print for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import GroupMessengerError, NotAccepted, Outcome, Suppressed
from ..groups import Group
from ..messages import GroupReceipt, Receipt, Status
from ..planning import Plan
from .wording import in_commands

if TYPE_CHECKING:
    from ..switchboard.values import BoardReceipt, PassedOver
    from .sending import Ended


def print_json(told: Any) -> None:
    """Print one JSON value on one line, in ASCII, which every output can show."""
    print(json.dumps(told, default=str), flush=True)


def dump_group(group: Group) -> dict[str, Any]:
    """A group as JSON; members are null where they are not known."""
    members = group.members
    return {
        "id": group.id,
        "name": group.name,
        "provider": group.provider,
        "line": group.line,
        "topology": group.topology,
        "members": None if members is None else [{"address": str(each), "name": each.name} for each in members],
    }


def dump_plan(found: Plan) -> dict[str, Any]:
    """A plan as JSON."""
    return {
        "ok": found.ok,
        "violations": [dump_error(error) for error in found.violations],
        "degradations": [attrs.asdict(each) for each in found.degradations],
        "unverified": list(found.unverified),
        "billable_units": found.billable_units,
        "exposes_numbers": found.exposes_numbers,
        "two_way": found.two_way,
    }


def dump_receipt(receipt: Receipt) -> dict[str, Any]:
    """A receipt as JSON."""
    group = {"group_id": receipt.group.id} if isinstance(receipt, GroupReceipt) else {}
    return {
        **group,
        "receipt_id": receipt.id,
        "status": str(receipt.status),
        "token": receipt.token,
        "recipients": [str(address) for address in receipt.recipients],
        "degradations": [attrs.asdict(each) for each in receipt.degradations],
    }


def dump_board_receipt(receipt: BoardReceipt) -> dict[str, Any]:
    """A receipt of a group of the directory as JSON."""
    return {
        "group": receipt.logical,
        "connection": receipt.connection,
        "key": receipt.key,
        "again": receipt.again,
        "passed_over": dump_passed_over(receipt.passed_over),
        **dump_receipt(receipt),
    }


def dump_passed_over(connections: Sequence[PassedOver]) -> list[dict[str, Any]]:
    """Connections that were passed over as JSON."""
    return [attrs.asdict(each) for each in connections]


def dump_ended(ended: Sequence[Ended]) -> dict[str, Any]:
    """Several private copies as JSON."""
    sent = sum(isinstance(each.result, Receipt) and each.result.status is not Status.FAILED for each in ended)
    unknown = sum(each.result.outcome is Outcome.UNKNOWN for each in ended if not isinstance(each.result, Receipt))
    return {
        "sent": sent,
        "failed": len(ended) - sent - unknown,
        "unknown": unknown,
        "results": [_dump_one(each) for each in ended],
    }


def _dump_one(ended: Ended) -> dict[str, Any]:
    if isinstance(ended.result, GroupMessengerError):
        return {"to": ended.to, "error": dump_error(ended.result)}
    return {"to": ended.to, **dump_receipt(ended.result)}


def dump_error(error: GroupMessengerError) -> dict[str, Any]:
    """An error as JSON, with what its class adds."""
    told: dict[str, Any] = {
        "kind": type(error).__name__,
        "outcome": str(error.outcome),
        "text": in_commands(str(error)),
    }
    for name in ("code", "status", "retry_after", "reason", "name", "limit", "asked", "alternatives", "provider_id"):
        if (value := getattr(error, name, None)) is not None and value != ():
            told[name] = list(value) if isinstance(value, tuple) else value
    if isinstance(error, Suppressed | NotAccepted):
        told["members"] = [str(member) for member in error.members]
    if (attempt := getattr(error, "attempt", None)) is not None:
        told["attempt"] = attempt.dump()
    if failed := getattr(error, "failed", None):
        told["failed"] = [{"to": str(member), "error": dump_error(each)} for member, each in failed.items()]
        told["succeeded"] = [str(member) for member in getattr(error, "succeeded", ())]
        told["group_id"] = error.group.id  # type: ignore[attr-defined]
    if problems := getattr(error, "problems", None):
        told["problems"] = [attrs.asdict(problem) for problem in problems]
    return told
