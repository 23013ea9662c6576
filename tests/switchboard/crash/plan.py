"""What is to be sent to whom in one run, drawn from its seed, and the configuration that all its processes read."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
from switchboard.boards import OWN

from groupmessenger.sandbox import Sandbox

GROUPS = 50
CARRIERS = ("sendblue",) * 3 + ("messagebird", "bandwidth")  # Sendblue mainly
TIMEOUT, PATIENCE = 1.0, 0.5  # seconds; a message may leave for as long as both
SETTLE = 4.0  # seconds in which a lost message may turn up
_QUICK: Mapping[str, Any] = {"timeout": TIMEOUT, "patience": PATIENCE, "settle_after": SETTLE, "pace": "500/s"}
_NUMBERS = tuple(f"+13125550{number}" for number in range(130, 200))


@attrs.frozen
class Planned:
    """One message that is to be queued."""

    key: str
    group: str
    text: str


@attrs.frozen
class Plan:
    """The groups with their people and who carries them, and the messages in the order they are queued."""

    people: Mapping[str, tuple[str, ...]]
    carriers: Mapping[str, str]
    messages: tuple[Planned, ...]

    @classmethod
    def drawn(cls, rng: random.Random, messages: int, groups: int = GROUPS) -> Plan:
        """Each message of a group has a text of its own, but every fifth has one that went before."""
        crowds: set[frozenset[str]] = set()
        while len(crowds) < groups:
            crowds.add(frozenset(rng.sample(_NUMBERS, 3)))
        people = {f"group {n}": tuple(sorted(each)) for n, each in enumerate(sorted(crowds, key=sorted))}
        carriers = {name: CARRIERS[n % len(CARRIERS)] for n, name in enumerate(people)}
        return cls(people, carriers, tuple(_messages(rng, list(people), messages)))


def _messages(rng: random.Random, names: list[str], count: int) -> Iterator[Planned]:
    texts: dict[str, list[str]] = {name: [] for name in names}
    for number in range(count):
        name = rng.choice(names)
        before = texts[name]
        text = rng.choice(before[-4:]) if before and number % 5 == 4 else f"{name}: message {number}"
        before.append(text)
        yield Planned(f"key {number}", name, text)


def configured(box: Sandbox, url: str, folder: Path) -> Path:
    """A configuration file of the sandbox's connections and a directory. No vendor minds how fast we are."""
    limits = box.faces["sendblue"].account.limits  # type: ignore[attr-defined]
    limits.sends_per_second = limits.lists_per_ten_seconds = 100_000
    limits.new_contacts_per_hour = limits.new_contacts_per_day = 100_000
    box.faces["bandwidth"].queue = 100_000  # type: ignore[attr-defined]
    lines = ['default = "sendblue"', "[directory]", f"url = {json.dumps(url)}"]
    for name in dict.fromkeys(CARRIERS):
        settings = {"provider": name, **box.settings(name), **OWN.get(name, {}), **_QUICK}
        lines += [f"[connections.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in settings.items())]
    path = folder / "groupmessenger.toml"
    path.write_text("\n".join(lines))
    return path
