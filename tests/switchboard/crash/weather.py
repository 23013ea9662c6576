"""What goes wrong between workers and vendors: how often, of a hundred calls, each of the sandbox's faults strikes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from switchboard.scenes import PROVIDERS, REFUSALS, SEND

from groupmessenger.sandbox import Sandbox

from .plan import SETTLE, TIMEOUT

_SLOW = TIMEOUT + 0.6  # seconds, in which the caller gives up
_CONTACTS = ("create_group", "list_groups", "create_contact", "list_contacts", "add_members")
_OTHERS = {
    "sendblue": ("list_messages",),
    "messagebird": ("list_messages", *_CONTACTS),
    "bandwidth": ("search", "token"),
}

KINDS: Mapping[str, tuple[tuple[float, dict[str, Any]], ...]] = {
    "lost answers": (
        (3, {"kind": "drop", "phase": "after"}),
        (2, {"kind": "reset", "phase": "after"}),
        (1, {"kind": "html", "phase": "after"}),
    ),
    "lost requests": (
        (1, {"kind": "drop"}),
        (1, {"kind": "reset", "phase": "headers"}),
    ),
    "429": ((0.4, {"kind": "refuse", "status": 429, "headers": {"retry-after": "2"}}),),
    "500": (
        (1, {"kind": "refuse", "status": 500, "text": "Oops"}),
        (1, {"kind": "refuse", "status": 502, "text": "Oops", "phase": "after"}),
    ),
    "slow": (
        (5, {"kind": "delay", "seconds": 0.3}),
        (2, {"kind": "delay", "seconds": _SLOW}),  # accepted when the caller has gone
        (1, {"kind": "delay", "seconds": _SLOW, "phase": "after"}),
    ),
    "late": ((2, {"kind": "late", "seconds": SETTLE - 1}),),
    "refusals": ((0.5, {"kind": "refuse"}),),
}
_OTHER: tuple[tuple[float, dict[str, Any]], ...] = (
    (4, {"kind": "refuse", "status": 500, "text": "Oops"}),
    (2, {"kind": "drop"}),
    (3, {"kind": "drop", "phase": "after"}),
    (2, {"kind": "delay", "seconds": _SLOW}),
    (2, {"kind": "refuse", "status": 429, "headers": {"retry-after": "1"}}),
)


def set_in(box: Sandbox, rng: random.Random, kinds: Sequence[str]) -> None:
    """Set the faults of these kinds for messages, and with any of them those of the other calls that they need."""
    for provider in PROVIDERS:
        for kind in kinds:
            refusal = REFUSALS[provider] if kind == "refusals" else {}
            for percent, fault in KINDS[kind]:
                _set(box, rng, percent, provider=provider, operation=SEND[provider], **fault, **refusal)
        for operation in _OTHERS[provider] if kinds else ():
            for percent, fault in _OTHER:
                _set(box, rng, percent, provider=provider, operation=operation, **fault)


def _set(box: Sandbox, rng: random.Random, percent: float, **fault: Any) -> None:
    box.fault(**fault, times=None, probability=percent / 100, seed=rng.randrange(2**32))


def met(box: Sandbox) -> int:
    """How often one of the faults that are set struck."""
    return sum(each["struck"] for each in box._faults.view())
