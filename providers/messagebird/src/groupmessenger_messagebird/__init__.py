"""MessageBird for groupmessenger: groups of contacts, a private SMS each."""

from __future__ import annotations

from typing import Any

from groupmessenger.provider import GroupMessenger, hookimpl

from .messenger import MessageBirdMessenger

__all__ = ["MessageBirdMessenger", "groupmessenger_provider", "groupmessenger_sandbox"]


@hookimpl
def groupmessenger_provider() -> type[GroupMessenger]:
    """Give the messenger."""
    return MessageBirdMessenger


@hookimpl
def groupmessenger_sandbox() -> Any:
    """Give the face, which needs the extra `sandbox`."""
    from .sandbox import MessageBirdFace

    return MessageBirdFace
