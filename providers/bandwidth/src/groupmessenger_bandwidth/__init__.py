"""Bandwidth for groupmessenger: group MMS, one thread for everybody."""

from __future__ import annotations

from typing import Any

from groupmessenger.provider import GroupMessenger, hookimpl

from .messenger import BandwidthMessenger

__all__ = ["BandwidthMessenger", "groupmessenger_provider", "groupmessenger_sandbox"]


@hookimpl
def groupmessenger_provider() -> type[GroupMessenger]:
    """Give the messenger."""
    return BandwidthMessenger


@hookimpl
def groupmessenger_sandbox() -> Any:
    """Give the face, which needs the extra `sandbox`."""
    from .sandbox import BandwidthFace

    return BandwidthFace
