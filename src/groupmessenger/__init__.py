"""Group texting that is the same over every provider.

import groupmessenger as gm

with gm.connect("sendblue", line="+13125550100", api_key_id="...", api_secret_key="...") as client:
    group = client.create_group(["+13125550101", "+13125550102"])
    client.send(group, "Dinner at eight?")
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .callbacks import Callback
    from .capabilities import Capabilities, Limit
    from .client import Client
    from .config import Config, load_config
    from .connecting import connect, connect_async
    from .connections import Connection
    from .delivery import Delivery
    from .errors import (
        AlreadyBound,
        AuthenticationFailed,
        BroadcastRefused,
        CapabilityError,
        ConfigurationError,
        DirectoryError,
        GroupMessengerError,
        GroupNotFound,
        GroupPending,
        GroupUnresolved,
        InProgress,
        InvalidInput,
        InvalidSignature,
        KeyReused,
        LimitExceeded,
        MalformedWebhook,
        NotAccepted,
        NotReached,
        Outcome,
        OutcomeUnknown,
        PartialFailure,
        Problem,
        ProviderError,
        ProviderUnavailable,
        QuotaExceeded,
        RateLimited,
        Rejected,
        SendBlocked,
        Suppressed,
        SwitchHeld,
        ThreadRetired,
        UnexpectedAnswer,
        UnsupportedOperation,
        WebhookError,
        WrongConnection,
    )
    from .events import (
        Event,
        MembersChanged,
        MessageReceived,
        OptedIn,
        OptedOut,
        ReactionReceived,
        StatusChanged,
        TypingChanged,
        Unrecognized,
    )
    from .flags import Condition, Feature, Flag, Grade, Operation
    from .groups import Channel, Group, Topology
    from .messages import (
        Absent,
        Attempt,
        CannotTell,
        Degradation,
        Evidence,
        FailureReason,
        Found,
        GroupReceipt,
        Media,
        Message,
        Priority,
        Proof,
        Receipt,
        Sighting,
        Status,
    )
    from .messenger import Finding, GroupMessenger, Level
    from .phone import Address, Handle, Member, Members, OpaqueAddress, PhoneNumber
    from .planning import Plan
    from .segmenting import Encoding, Segments, segments
    from .switchboard.asynchronous import AsyncSwitchboard as AsyncSwitchboard
    from .switchboard.blocking import Switchboard as Switchboard

__all__ = [
    "Absent",
    "Address",
    "AlreadyBound",
    "AsyncClient",
    "Attempt",
    "AuthenticationFailed",
    "BroadcastRefused",
    "Callback",
    "CannotTell",
    "Capabilities",
    "CapabilityError",
    "Channel",
    "Client",
    "Condition",
    "Config",
    "ConfigurationError",
    "Connection",
    "Degradation",
    "Delivery",
    "DirectoryError",
    "Encoding",
    "Event",
    "Evidence",
    "FailureReason",
    "Feature",
    "Finding",
    "Flag",
    "Found",
    "Grade",
    "Group",
    "GroupMessenger",
    "GroupMessengerError",
    "GroupNotFound",
    "GroupPending",
    "GroupReceipt",
    "GroupUnresolved",
    "Handle",
    "InProgress",
    "InvalidInput",
    "InvalidSignature",
    "KeyReused",
    "Level",
    "Limit",
    "LimitExceeded",
    "MalformedWebhook",
    "Media",
    "Member",
    "Members",
    "MembersChanged",
    "Message",
    "MessageReceived",
    "NotAccepted",
    "NotReached",
    "OpaqueAddress",
    "Operation",
    "OptedIn",
    "OptedOut",
    "Outcome",
    "OutcomeUnknown",
    "PartialFailure",
    "PhoneNumber",
    "Plan",
    "Priority",
    "Problem",
    "Proof",
    "ProviderError",
    "ProviderUnavailable",
    "QuotaExceeded",
    "RateLimited",
    "ReactionReceived",
    "Receipt",
    "Rejected",
    "Segments",
    "SendBlocked",
    "Sighting",
    "Status",
    "StatusChanged",
    "Suppressed",
    "SwitchHeld",
    "ThreadRetired",
    "Topology",
    "TypingChanged",
    "UnexpectedAnswer",
    "Unrecognized",
    "UnsupportedOperation",
    "WebhookError",
    "WrongConnection",
    "connect",
    "connect_async",
    "load_config",
    "segments",
]

_HOMES = {
    "async_client": "AsyncClient",
    "callbacks": "Callback",
    "capabilities": "Capabilities Limit",
    "client": "Client",
    "config": "Config load_config",
    "connecting": "connect connect_async",
    "connections": "Connection",
    "delivery": "Delivery",
    "errors": """
        AlreadyBound AuthenticationFailed BroadcastRefused CapabilityError ConfigurationError DirectoryError
        GroupMessengerError GroupNotFound GroupPending GroupUnresolved InProgress InvalidInput
        InvalidSignature KeyReused LimitExceeded MalformedWebhook NotAccepted NotReached Outcome
        OutcomeUnknown PartialFailure Problem ProviderError ProviderUnavailable QuotaExceeded RateLimited
        Rejected SendBlocked Suppressed SwitchHeld ThreadRetired UnexpectedAnswer UnsupportedOperation
        WebhookError WrongConnection
    """,
    "events": """
        Event MembersChanged MessageReceived OptedIn OptedOut ReactionReceived StatusChanged TypingChanged
        Unrecognized
    """,
    "flags": "Condition Feature Flag Grade Operation",
    "groups": "Channel Group Topology",
    "messages": """
        Absent Attempt CannotTell Degradation Evidence FailureReason Found GroupReceipt Media Message
        Priority Proof Receipt Sighting Status
    """,
    "messenger": "Finding GroupMessenger Level",
    "phone": "Address Handle Member Members OpaqueAddress PhoneNumber",
    "planning": "Plan",
    "segmenting": "Encoding Segments segments",
    "switchboard.asynchronous": "AsyncSwitchboard",
    "switchboard.blocking": "Switchboard",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

if not TYPE_CHECKING:  # who checks types knows the names, and takes no other

    def __getattr__(name: str) -> object:
        """A public name, imported when it is asked for: what a program does not use, it does not wait for."""
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            value = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in ("sqlalchemy", "alembic"):
                raise
            missing = "the switchboard needs its extra: pip install 'groupmessenger[switchboard]'"
            raise ModuleNotFoundError(missing, name=error.name) from error
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """All public names, imported or not; those that need an extra are found by asking alone."""
    return sorted({*globals(), *__all__})
