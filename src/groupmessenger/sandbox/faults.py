"""What can go wrong between a caller and a vendor, as values.

As JSON a fault is one object, `{"kind": "drop", "provider": "acme", "operation": "send", "phase": "after"}`:

    kind         see `KINDS`; the only field that must be there
    provider     a face's name, or "*" (default)
    operation    an operation of its routes, or "*" (default)
    phase        "before" the vendor acts (default) | "after" it has acted, before its answer
                 | "headers": before, and for "reset" and "drop" before the body is read
    nth          it strikes from the nth matching call on, counted since it was set (default 1)
    times        how often it strikes (default 1), null for ever
    probability  a matching call is struck with this probability only, drawn from `seed` (default 0)

    refuse       an HTTP answer: `status`, and if wanted `body` (JSON) or `text`, and `headers`
    reset  drop  a TCP reset | a close, without an answer
    short        a body shorter than its content-length, then a close
    html  empty  bad_gzip  huge      200 with a page | nothing | junk said to be gzip | 10 MB
    redirect     301 to `location`
    delay        `seconds` of real time, then everything goes on
    late         the caller gets no answer; the vendor acts `seconds` of sandbox time later
    twice        the vendor gets the request two times, as from a proxy that retries; the first answer counts

All faults that strike a call apply, in the order they were set, until one of them ends it.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from ..errors import InvalidInput
from .checking import Field, Fields, choice, name, number, problems, unknown, whole

PHASES = ("headers", "before", "after")

_SCOPE = frozenset({"kind", "provider", "operation", "phase", "nth", "times", "probability", "seed"})
_NEEDS = {"refuse": "status", "redirect": "location", "delay": "seconds", "late": "seconds"}
_MAY = {"refuse": frozenset({"body", "text", "headers"})}
_ONLY_BEFORE = ("late", "twice")
KINDS = (
    *("refuse", "reset", "drop", "short", "html", "empty", "bad_gzip", "huge", "redirect"),
    *("delay", "late", "twice"),
)


@attrs.frozen
class Fault:
    """One fault; the module says what its fields mean. `Fault.load` checks them."""

    kind: str
    provider: str = "*"
    operation: str = "*"
    phase: str = "before"
    nth: int = 1
    times: int | None = 1
    probability: float | None = None
    seed: int = 0
    status: int | None = None
    body: Any = None
    text: str | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    seconds: float = 0.0
    location: str = ""

    @classmethod
    def load(cls, fields: object) -> Fault:
        """Make a fault out of its JSON. Raises InvalidInput naming everything wrong with it."""
        if not isinstance(fields, Mapping):
            raise InvalidInput(f"a fault is a JSON object, not {fields!r}")
        given: dict[str, Any] = {str(name): value for name, value in fields.items()}
        found = list(_problems(given))
        if found:
            raise InvalidInput("fault: " + "; ".join(found))
        return cls(**given)

    def dump(self) -> dict[str, Any]:
        """Give its JSON, without what is left at its default."""
        needed = ("kind", _NEEDS.get(self.kind))
        defaults = Fault(self.kind)
        return {
            field: value
            for field, value in attrs.asdict(self).items()
            if field in needed or value != getattr(defaults, field)
        }

    @property
    def before(self) -> bool:
        """Whether it strikes before the vendor acts."""
        return self.phase != "after"

    @property
    def unread(self) -> bool:
        """Whether it strikes before the body is read."""
        return self.phase == "headers" and self.kind in ("reset", "drop")

    @property
    def ends(self) -> bool:
        """Whether the call is over with it."""
        return self.kind not in ("delay", "twice")

    def concerns(self, provider: str, operation: str | None) -> bool:
        """Whether a call is in its scope."""
        return self.provider in ("*", provider) and self.operation in ("*", operation)


@attrs.define
class _Armed:
    """A fault that is set, with what it has seen and its own dice."""

    fault: Fault
    calls: int = 0
    struck: int = 0
    dice: random.Random = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.dice = random.Random(self.fault.seed)  # noqa: S311 - repeatable on purpose

    def strikes(self) -> bool:
        """Count a call in its scope, and say whether it is struck."""
        fault = self.fault
        self.calls += 1
        if self.calls < fault.nth or (fault.times is not None and self.struck >= fault.times):
            return False
        if fault.probability is not None and self.dice.random() >= fault.probability:
            return False
        self.struck += 1
        return True


class Faults:
    """The faults that are set. `operations` are those of each provider, so that a misspelt scope is an error."""

    def __init__(self, operations: Mapping[str, Iterable[str]]) -> None:
        self._operations = {provider: tuple(names) for provider, names in operations.items()}
        self._armed: list[_Armed] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Set a fault. Raises InvalidInput if no provider or no operation has its name."""
        self.check(fault)
        with self._lock:
            self._armed.append(_Armed(fault))

    def check(self, fault: Fault) -> None:
        """Raise InvalidInput if the fault could never strike because nothing has its name."""
        if fault.provider not in ("*", *self._operations):
            raise InvalidInput(f"fault: {unknown('provider', fault.provider, self._operations)}")
        providers = self._operations if fault.provider == "*" else (fault.provider,)
        known = sorted({name for provider in providers for name in self._operations[provider]})
        if fault.operation not in ("*", *known):
            raise InvalidInput(f"fault: {unknown('operation', fault.operation, known)}")

    def clear(self) -> None:
        """Take all faults back."""
        with self._lock:
            self._armed.clear()

    def strike(self, provider: str, operation: str | None) -> tuple[Fault, ...]:
        """Count a call, and give the faults that strike it, in the order they were set."""
        with self._lock:
            concerned = [armed for armed in self._armed if armed.fault.concerns(provider, operation)]
            return tuple(armed.fault for armed in concerned if armed.strikes())

    def view(self) -> list[dict[str, Any]]:
        """The faults as JSON, each with the `calls` it has seen and how many it `struck`."""
        with self._lock:
            return [{**armed.fault.dump(), "calls": armed.calls, "struck": armed.struck} for armed in self._armed]


def _are_headers(value: Any) -> bool:
    # h11 would refuse others when the answer is already on its way.
    return isinstance(value, Mapping) and all(map(_is_header, value.keys(), value.values()))


def _is_header(name: Any, value: Any) -> bool:
    return (
        isinstance(name, str)
        and isinstance(value, str)
        and re.fullmatch(r"[\w-]+", name, re.ASCII) is not None
        and re.fullmatch(r"[\x20-\x7e]*", value) is not None
        and name.lower() not in ("content-length", "transfer-encoding")
    )


_FIELDS: Fields = {
    "kind": choice(KINDS),
    "provider": name("a provider's name or '*'"),
    "operation": name("an operation's name or '*'"),
    "phase": choice(PHASES),
    "nth": whole(1),
    "times": Field("a whole number from 1, or null for ever", lambda value: value is None or whole(1).fits(value)),
    "probability": number("a number from 0 to 1", 1),
    "seed": whole(0),
    "status": whole(200, 599),
    "body": Field("JSON", lambda value: True),
    "text": Field("text", lambda value: isinstance(value, str)),
    "headers": Field("an object of header names and values in ASCII, without content-length", _are_headers),
    "seconds": number("seconds, from 0", 1e9),
    "location": name("a URL"),
}


def _problems(given: Mapping[str, Any]) -> Iterator[str]:
    """Everything wrong with a fault's fields."""
    yield from problems(given, _FIELDS)
    kind = given.get("kind")
    if "kind" not in given:
        yield f"kind is missing: {_FIELDS['kind'].what}"
    if kind not in KINDS:
        return
    needed = {_NEEDS[kind]} if kind in _NEEDS else set[str]()
    for field in needed - given.keys():
        yield f"{kind} needs {field}: {_FIELDS[field].what}"
    allowed = _SCOPE | needed | _MAY.get(kind, frozenset())
    for field in sorted(_FIELDS.keys() & given.keys() - allowed):
        yield f"{field} is not for {kind}"
    if "body" in given and "text" in given:
        yield "body and text exclude each other"
    if "seed" in given and "probability" not in given:
        yield "seed is for probability"
    if kind in _ONLY_BEFORE and given.get("phase", "before") != "before":
        yield f"{kind} is for phase before"
