"""Where a client comes from, if its provider was chosen by configuration and not in code."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from .capabilities import Capabilities
from .errors import BroadcastRefused, InvalidInput
from .groups import Topology

Fits = Callable[[Capabilities], bool]

_KINDS = {Topology.SHARED_THREAD: "one shared thread", Topology.BROADCAST: "private copies to each member"}


def _nobody() -> Mapping[str, Capabilities]:
    return {}


@attrs.frozen
class Origin:
    """The connection of a configuration, URL or environment that a client was made from.

    Nobody read its name in the code, so a broadcast needs the connection's consent. `others` gives what the other
    connections can do, by name; it is asked only when a limit was exceeded.
    """

    connection: str
    allow_broadcast: bool = False
    others: Callable[[], Mapping[str, Capabilities]] = _nobody

    def alternatives(self, here: Capabilities, fits: Fits) -> tuple[str, ...]:
        """The other connections with the same kind of group for which `fits` holds."""
        return tuple(name for name, there in self.others().items() if there.topology is here.topology and fits(there))


def consent(title: str, topology: Topology, wanted: Topology | str | None, origin: Origin | None) -> None:
    """Refuse to make a group of another kind than was wanted, or than code that names no provider can expect.

    Raises `BroadcastRefused`, and `InvalidInput` for what is no topology.
    """
    if wanted is None:
        if origin is not None and not origin.allow_broadcast and topology is Topology.BROADCAST:
            raise BroadcastRefused(
                f"connection {origin.connection} is at {title}, which sends {_KINDS[topology]}, and no shared thread: "
                "if that is what you want, say allow_broadcast = true for it, or ask for topology='broadcast'"
            )
        return
    try:
        asked = Topology(wanted)
    except ValueError:
        raise InvalidInput(f"topology is one of {', '.join(Topology)}") from None
    if asked is not topology:
        raise BroadcastRefused(
            f"{_KINDS[asked]} wanted, but {title} sends {_KINDS[topology]}: "
            "choose a provider of the other kind, or ask for this one"
        )
