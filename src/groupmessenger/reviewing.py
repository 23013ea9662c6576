"""Numbers and addresses held against what a provider takes: refused, warned of, or let pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import attrs

from .capabilities import Bound, Capabilities, Limit, Unit
from .errors import CapabilityError, LimitExceeded, UnsupportedOperation
from .messages import Degradation
from .origin import Origin
from .phone import Address, Handle, OpaqueAddress
from .segmenting import segments, utf16_units


def _segments(text: str) -> int:
    return segments(text).count


_MEASURES: Mapping[Unit, Callable[[str], int]] = {
    Unit.CHARACTERS: len,
    Unit.UTF16: utf16_units,
    Unit.SEGMENTS: _segments,
    Unit.BYTES: lambda text: len(text.encode()),
}


@attrs.define
class Review:
    """Findings on the way to a plan. `here` is what the provider can do for this group."""

    title: str
    here: Capabilities
    strict: bool
    origin: Origin | None
    violations: list[CapabilityError] = attrs.field(factory=list)
    degradations: list[Degradation] = attrs.field(factory=list)
    unverified: list[str] = attrs.field(factory=list)

    def count(self, limit: Limit | None, asked: int, what: str, *, with_media: bool = False) -> None:
        """Hold a number against a limit."""
        self._hold(limit, lambda _: asked, what, with_media=with_media)

    def text(self, limit: Limit | None, text: str, what: str, *, with_media: bool = False) -> None:
        """Hold a text against a limit, in the unit of that limit."""
        self._hold(limit, lambda limit: _MEASURES[limit.unit](text), what, with_media=with_media)

    def _hold(self, limit: Limit | None, measure: Callable[[Limit], int], what: str, *, with_media: bool) -> None:
        """Refuse what is past a limit, warn of it, or let it pass."""
        if limit is None or limit.fits(asked := measure(limit)):
            return
        doubtful = limit.doubtful(asked)
        if limit.breaks(asked) or (doubtful and self.strict):

            def fits(there: Capabilities) -> bool:
                other = there.limit(limit.name, with_media=with_media)
                return other is None or not other.breaks(measure(other))

            alternatives = self.origin.alternatives(self.here, fits) if self.origin is not None else ()
            self.violations.append(_limit_exceeded(self.title, limit, asked, what, alternatives))
        elif doubtful:
            self.degradations.append(Degradation(what, _doubt(limit, asked)))

    def reachable(self, addresses: Iterable[Address]) -> None:
        """Refuse addresses that the provider has no way to text."""
        for address in addresses:
            if isinstance(address, OpaqueAddress):
                self.violations.append(UnsupportedOperation(f"{address!r} is a sender's name, and cannot be texted"))
            elif isinstance(address, Handle) and not self.here.emails:
                text = f"{self.title} texts phone numbers only, and {address!r} is an e-mail address"
                self.violations.append(UnsupportedOperation(text))

    def check(self) -> None:
        """Raise the first violation, if there is one."""
        if self.violations:
            raise self.violations[0]

    def degrade(self, feature: str, done: str) -> None:
        """Leave something out, or refuse to where the connection is strict."""
        if self.strict:
            self.violations.append(UnsupportedOperation(f"{self.title} would not carry the {feature}: {done}"))
        else:
            self.degradations.append(Degradation(feature, done))


def _doubt(limit: Limit, asked: int) -> str:
    past = "many" if limit.bound is Bound.MAX else "few"
    more = "no limit is published" if limit.value is None else f"{limit.value} only probable"
    return f"{asked} may be too {past}: {limit.certain} is certain, {more}"


def _limit_exceeded(provider: str, limit: Limit, asked: int, what: str, alternatives: tuple[str, ...]) -> LimitExceeded:
    """The error for a number past a limit: which, how far, who says so, and where it would do."""
    unit = "" if limit.unit in (Unit.PEOPLE, Unit.ITEMS) else f" {limit.unit}"
    what = "recipient" if (asked, what) == (1, "recipients") else what
    if limit.doubtful(asked):
        bound = limit.certain or 0
        of = "" if limit.value is None else f" of the {limit.value} that {provider} may take"
        taken = f"only {limit.certain} is certain{of}"
    else:
        bound, taken = limit.value or 0, f"{provider} takes {limit.bound} {limit.value}"
    cure = f"; it would fit connection {' or '.join(alternatives)}" if alternatives else ""
    text = f"{asked}{unit} {what}: {taken} ({limit.source}){cure}"
    return LimitExceeded(text, name=limit.name, limit=bound, asked=asked, alternatives=alternatives)
