"""What a person does at each provider so that it calls us."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
from rich.console import Console

from ..errors import ConfigurationError, Problem
from ..fields import SECRET, settings_of
from ..flags import Grade, Operation
from ..messenger import GroupMessenger
from ..weburls import is_web_url, receiving_url
from .connecting import open_all
from .dumping import print_json
from .results import say


@attrs.frozen
class Enrolment:
    """Where one connection is called, and the steps to there; none where the provider tells us nothing.

    `unset` are settings that callbacks are believed by, and that are empty.
    """

    name: str
    title: str
    provider: str
    url: str
    receives: bool
    steps: tuple[str, ...]
    unset: tuple[str, ...]
    retries: str


def find_enrolments(name: str | None, path: Path | None, public_url: str | None) -> list[Enrolment]:
    """Describe the connection named, or all. Raises `ConfigurationError`, as where no public URL is known."""
    with open_all(name, path) as opened:
        base = public_url or opened.public_url
        if base is None:
            cure = 'give --public-url, or write [webhooks] and public_url = "https://..." into the file'
            raise ConfigurationError(Problem("webhooks.public_url", "where providers reach you is not known", cure))
        if not is_web_url(base):
            cure = "http is for loopback addresses alone, and it has no query"
            raise ConfigurationError(Problem("--public-url", "it is no https URL", cure))
        found = []
        for each, client in opened.clients.items():
            url, messenger = receiving_url(base, each), client.messenger
            receives = client.capabilities.can(Operation.RECEIVE).grade is not Grade.UNSUPPORTED
            steps = tuple(messenger.enrolment(url)) if receives else ()
            missing = tuple(unset(messenger)) if receives else ()
            found.append(
                Enrolment(
                    each,
                    messenger.title,
                    messenger.name,
                    url,
                    receives,
                    steps,
                    missing,
                    messenger.acknowledgement.retries,
                )
            )
        return found


def unset(messenger: GroupMessenger) -> Iterator[str]:
    """Settings of several secrets, which are what callbacks are believed by, that have none."""
    for name, field in settings_of(type(messenger)).items():
        if field.metadata.get(SECRET) and getattr(messenger, field.name) == ():
            yield name


def show_enrolments(enrolments: list[Enrolment], console: Console) -> None:
    """Print a numbered list a connection."""
    for each in enrolments:
        if not each.receives:
            say(console, f"{each.name}: {each.title} has no callbacks")
            continue
        say(console, f"{each.name}: {each.url}")
        for place, step in enumerate(each.steps, 1):
            say(console, f"  {place}. {step}")
        say(console, f"  Tries again, where it is not answered well: {each.retries}")
        for setting in each.unset:
            say(console, f"  ! {setting} is not set: what needs it to be believed is refused")


def print_enrolments(enrolments: list[Enrolment]) -> None:
    """Print them as JSON."""
    print_json({"connections": {each.name: _dump(each) for each in enrolments}})


def _dump(enrolment: Enrolment) -> Mapping[str, Any]:
    told = attrs.asdict(enrolment)
    return {key: told[key] for key in ("provider", "url", "receives", "steps", "unset", "retries")}
