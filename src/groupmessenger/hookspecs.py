"""What a plugin may implement, all of it. Mark each with `@hookimpl` from `groupmessenger.provider`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pluggy

from .errors import GroupMessengerError
from .events import Event
from .messages import Attempt, Receipt

if TYPE_CHECKING:
    from .messenger import GroupMessenger
    from .switchboard import OutboxStats

PROJECT = "groupmessenger"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def groupmessenger_provider() -> type[GroupMessenger] | None:
    """The provider this distribution adds. Entry-point group `groupmessenger.providers`."""


@hookspec(firstresult=True)
def groupmessenger_sandbox() -> Any:
    """The provider's face in the sandbox: a `type[groupmessenger.sandbox.Face]`. Import it in here."""


@hookspec
def groupmessenger_before_send(attempt: Attempt) -> None:
    """See a message before it leaves. Entry-point group `groupmessenger.observers`.

    Raise `SendBlocked` to keep it back; any other error keeps it back as well.
    """


@hookspec
def groupmessenger_carry() -> Mapping[str, str] | None:
    """Say what goes along with a message that is queued, in the context of who queues it.

    It is `attempt.carried` wherever the message is sent. An error raised here is logged and changes nothing.
    """


@hookspec
def groupmessenger_after_send(attempt: Attempt, result: Receipt | GroupMessengerError) -> None:
    """See what became of it. An error raised here is logged and changes nothing."""


@hookspec
def groupmessenger_on_event(event: Event) -> None:
    """See an event from a provider, once it was handled. An error raised here is logged."""


@hookspec
def groupmessenger_on_outbox(stats: OutboxStats) -> None:
    """See how the outbox stands, every few seconds from every worker. An error raised here is logged."""
