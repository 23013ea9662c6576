"""Sendblue for groupmessenger: groups over iMessage, RCS and SMS."""

from __future__ import annotations

from typing import Any

from groupmessenger.provider import GroupMessenger, hookimpl

from .messenger import SendblueMessenger

__all__ = ["SendblueMessenger", "groupmessenger_provider", "groupmessenger_sandbox"]


@hookimpl
def groupmessenger_provider() -> type[GroupMessenger]:
    """Give the messenger."""
    return SendblueMessenger


@hookimpl
def groupmessenger_sandbox() -> Any:
    """Give the face, which needs the extra `sandbox`."""
    from .sandbox import SendblueFace

    return SendblueFace
