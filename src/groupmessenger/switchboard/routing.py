"""Which connection carries a message. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import attrs

from ..errors import CapabilityError, ConfigurationError, GroupMessengerError, Problem, SwitchHeld
from ..flags import Feature, Grade
from ..groups import Topology
from ..messages import Degradation, Message
from ..planning import Plan
from .lines import Line, Lines
from .rules import Rules
from .values import LogicalGroup, PassedOver

_EXPOSED = Degradation(
    "privacy", "members who got private copies before see each other's numbers and answers from now on"
)


@attrs.frozen
class Route:
    """The connection that carries a message, what that comes to, and those that were passed over."""

    line: Line
    plan: Plan
    passed_over: tuple[PassedOver, ...] = ()
    notes: tuple[Degradation, ...] = ()  # what the group should know of this connection, whatever the message


def candidates(group: LogicalGroup, rules: Rules) -> tuple[str, ...]:
    """The connections that may carry a group, the first to be tried first.

    Its own route, else its own choice, else the file's, else the default; in a list, the one used last comes first.
    """
    if group.route is not None:
        return (group.route,)
    listed = group.prefer or rules.prefer
    if not listed:
        return () if rules.default is None else (rules.default,)
    last = [name for name in listed if name == group.last]
    return (*last, *(name for name in listed if name != group.last))


def choose(
    group: LogicalGroup, message: Message, rules: Rules, lines: Lines, tried: Collection[PassedOver] = ()
) -> Route:
    """The first connection that can carry a message; after fail-over from those `tried`, the first of all others.

    Raises what keeps it from being sent: the one connection's reason, or all of them; `SwitchHeld`.
    """
    names = list(candidates(group, rules))
    if not names:
        raise ConfigurationError(Problem("default", "no connection is named for this group", 'default = "..."'))
    if rules.hold and group.route is None and group.last is not None and group.last not in names:
        raise SwitchHeld(
            f"the group's last connection is {group.last}, the file now names {names[0]}, and switch_on_change is "
            f'"hold": switch({group.name!r}, {names[0]!r}) says that it may go on there'
        )
    if tried:
        names = list(dict.fromkeys((*names, *group.prefer, *rules.prefer, *filter(None, [rules.default]))))
    passed = list(tried)
    refusals: list[GroupMessengerError] = []
    for name in names:
        if any(each.connection == name for each in tried):
            continue
        found = fit(group, message, name, lines)
        if isinstance(found, Route):
            return attrs.evolve(found, passed_over=tuple(passed))
        refusals.append(found)
        passed.append(PassedOver(name, str(found)))
    if len(refusals) == 1 and not tried:
        raise refusals[0]
    raise CapabilityError(
        "no connection can carry it: " + "; ".join(f"{each.connection}: {each.why}" for each in passed)
    )


def fit(group: LogicalGroup, message: Message, name: str, lines: Lines) -> Route | GroupMessengerError:
    """A connection as a group's route, or why it cannot be."""
    if name not in lines:
        return ConfigurationError(
            Problem("connections", f"there is no {name!r} any more", "switch the group to another")
        )
    line = lines[name]
    try:
        plan = line.operations.plan(group.members, message, group.topology)
        plan.check()
    except GroupMessengerError as error:
        return error
    return Route(line, plan, notes=(_EXPOSED,) if exposes(group, line) else ())


def exposes(group: LogicalGroup, line: Line) -> bool:
    """Whether people who only ever got private copies would see each other's numbers and answers from now on."""
    before = {thread.group.topology for thread in group.threads}
    return before == {Topology.BROADCAST} and line.capabilities.topology is Topology.SHARED_THREAD


def loses(group: LogicalGroup, features: Collection[str], line: Line) -> Iterator[str]:
    """What a group that uses these features would go without on a connection."""
    for feature in features:
        flag = line.capabilities.can(Feature(feature))
        if flag.grade in (Grade.UNSUPPORTED, Grade.DROPPED):
            yield feature.replace("_", " ") + (f" ({flag.note})" if flag.note else "")
