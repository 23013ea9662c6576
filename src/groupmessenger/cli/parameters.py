"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import attrs
from cyclopts import Parameter


def _option(text: str) -> Parameter:
    return Parameter(help=text, negative="", show_default=False)


Flag: TypeAlias = Annotated[bool, Parameter(negative="", show_default=False)]
Json: TypeAlias = Annotated[bool, _option("Print one JSON object instead.")]
Lines: TypeAlias = Annotated[bool, _option("Print one JSON object an event instead, each on a line.")]
Connection: TypeAlias = Annotated[
    str | None, _option("The connection to use, by its name in the file; else the default one.")
]
One: TypeAlias = Annotated[str | None, _option("The connection to check, by its name in the file; else all of them.")]
Every: TypeAlias = Annotated[str | None, _option("One connection, by its name in the file; else all of them.")]
File: TypeAlias = Annotated[
    Path | None,
    _option("The configuration file; else GROUPMESSENGER_CONFIG, else groupmessenger.toml in this folder."),
]
PublicUrl: TypeAlias = Annotated[
    str | None,
    _option("Where providers reach this machine, such as https://example.com/hooks; else [webhooks] of the file."),
]
Words: TypeAlias = Annotated[
    str,
    _option(
        "The text, in quotes; `-` reads it from standard input. Before it, the name of a group of the directory, "
        "unless --to or --group says who gets it. A text may be left out with --media."
    ),
]
Key: TypeAlias = Annotated[
    str | None, _option("Of a group of the directory's: the same key again is the same message, sent once.")
]
Queue: TypeAlias = Annotated[
    bool, _option("Queue it for a worker, instead of sending it now; with --at, not before that time.")
]
GroupsFrom: TypeAlias = Annotated[
    str | None,
    _option(
        "Send to all groups of the directory that this file names, one a line; `-` is standard input. "
        "Each gets it once for a --key."
    ),
]
NoWait: TypeAlias = Annotated[bool, _option("With --groups-from: queue it, and leave the sending to workers.")]
To: TypeAlias = Annotated[tuple[str, ...], _option("A person's number, such as +13125550101. Once for each person.")]
GroupId: TypeAlias = Annotated[str, _option("The provider's id of the group.")]
Group: TypeAlias = Annotated[str, _option("The group's name in the directory; at a provider, its id.")]
Name: TypeAlias = Annotated[str, _option("The group's name in the directory.")]
Address: TypeAlias = Annotated[str, _option("A person's number, such as +13125550101.")]
Separately: TypeAlias = Annotated[
    bool, _option("Private copies: nobody sees the others. Without it, one shared thread.")
]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class MessageOptions:
    """Who gets a message, and what is special about it."""

    to: To = ()
    group: Annotated[str | None, _option("The provider's id of a group, instead of --to.")] = None
    separately: Separately = False
    media: Annotated[tuple[str, ...], _option("A picture's URL. Repeatable.")] = ()
    effect: Annotated[str | None, _option("An effect of the provider's.")] = None
    reply_to: Annotated[str | None, _option("The id of the message it answers.")] = None
    at: Annotated[str | None, _option("When to send it, with a time zone: 2026-12-24T18:00-06:00.")] = None
    expires_at: Annotated[str | None, _option("When it is not to be delivered any more.")] = None
    priority: Annotated[str | None, _option("`high`, or none.")] = None
    leave_out: Annotated[
        tuple[str, ...], _option("A member who does not get it, where each has a copy. Repeatable.")
    ] = ()
