"""A provider of the tests' own that sends private copies, with everything a provider may say of its settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
from acme import CAPABILITIES, AcmeMessenger

from groupmessenger.provider import Capabilities, Group, LimitName, Member, Problem, Topology, UrlParts, hookimpl


@attrs.frozen
class FlyerMessenger(AcmeMessenger):
    """A line at Flyer, which has no threads."""

    name = "flyer"
    title = "Flyer"
    capabilities = attrs.evolve(CAPABILITIES, topology=Topology.BROADCAST, exposes_numbers=False)
    url_parts = UrlParts(user="api_key", host="line")

    colour: str = "white"
    folded: bool = attrs.field(default=False, converter=attrs.converters.to_bool)

    @classmethod
    def conflicts(cls, settings: Mapping[str, Any]) -> Iterable[Problem]:
        """Coloured paper cannot be folded."""
        if settings.get("folded") and settings.get("colour", "white") != "white":
            yield Problem("folded", "coloured paper cannot be folded", "leave out colour or folded")

    def own_capabilities(self) -> Capabilities:
        """What is folded has no pictures."""
        kept = tuple(each for each in CAPABILITIES.limits if not self.folded or each.name is not LimitName.MEDIA)
        return attrs.evolve(self.capabilities, limits=kept)

    async def create_group(self, members: Sequence[Member], name: str | None) -> Group:
        """A list of people."""
        return Group.of_members(self.name, self.line, members, name=name, pending=False, topology=Topology.BROADCAST)


@hookimpl
def groupmessenger_provider() -> type[FlyerMessenger]:
    """Give the class."""
    return FlyerMessenger
