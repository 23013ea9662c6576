"""What a new provider is to be: its name, and what a group is there."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any, Literal, TypeAlias

import attrs

from ... import provider
from ...errors import ConfigurationError, InvalidInput, Problem
from ...plugins import installed_providers

Groups: TypeAlias = Literal["thread", "broadcast"]
Identity: TypeAlias = Literal["id", "members"]

_LONGEST = 24  # characters: lines of code with it in them stay below 120
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_TITLE = re.compile(r"[A-Za-z0-9]+([ .&'+-]+[A-Za-z0-9]+)*")  # it stands in texts of Python, TOML and Markdown


@attrs.frozen
class Choices:
    """A provider's name, its title for people, who sees a message, and what makes a group the same group."""

    name: str
    title: str
    groups: Groups
    identity: Identity

    @classmethod
    def of(cls, name: str, title: str | None, groups: Groups, identity: Identity) -> Choices:
        """Check them. The title is made of the name where there is none.

        Raises `InvalidInput` for what cannot be a name or a title, `ConfigurationError` for a provider there is.
        """
        _check(name)
        made = cls(name, name.replace("_", " ").title() if title is None else title, groups, identity)
        if len(made.title) > _LONGEST or not _TITLE.fullmatch(made.title):
            raise InvalidInput(
                f"--title is up to {_LONGEST} letters and digits of ASCII, with spaces or .&'+- between: 'Acme Mobile'"
            )
        if made.of_class("Messenger") in provider.__all__:
            raise InvalidInput(f"the class of {name!r} would be {made.of_class('Messenger')}: choose another name")
        if find_spec(made.module) is not None:
            raise InvalidInput(f"there is a module {made.module} already: choose another name")
        return made

    @property
    def distribution(self) -> str:
        """What is installed."""
        return f"groupmessenger-{self.slug}"

    @property
    def module(self) -> str:
        """What is imported."""
        return f"groupmessenger_{self.name}"

    @property
    def slug(self) -> str:
        """The name as it stands in hosts and headers."""
        return self.name.replace("_", "-")

    def of_class(self, kind: str) -> str:
        """The name of a class."""
        return self.name.replace("_", " ").title().replace(" ", "") + kind

    @property
    def promise(self) -> str:
        """What members get, in a few words."""
        return "one thread for everybody" if self.groups == "thread" else "a private copy to each member"

    def words(self) -> dict[str, Any]:
        """What the templates say."""
        thread = self.groups == "thread"
        return {
            "name": self.name,
            "title": self.title,
            "slug": self.slug,
            "distribution": self.distribution,
            "module": self.module,
            "cls": self.of_class(""),
            "thread": thread,
            "id": self.identity == "id",
            "topology": "SHARED_THREAD" if thread else "BROADCAST",
            "promise": self.promise,
        }


def _check(name: str) -> None:
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        raise InvalidInput(
            f"a provider's name is up to {_LONGEST} small letters and digits, with single underscores between: "
            "acme, acme_mobile"
        )
    if name in installed_providers():
        raise ConfigurationError(Problem("", f"provider {name!r} is installed already", "choose another name"))
