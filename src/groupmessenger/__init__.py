"""Group texting that is the same over every provider.

import groupmessenger as gm

with gm.connect("sendblue", line="+13125550100", api_key_id="...", api_secret_key="...") as client:
    group = client.create_group(["+13125550101", "+13125550102"])
    client.send(group, "Dinner at eight?")
"""

from typing import TYPE_CHECKING, Any

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
from .segments import Encoding, Segments, segments

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

if TYPE_CHECKING:
    from .switchboard.asynchronous import AsyncSwitchboard as AsyncSwitchboard
    from .switchboard.blocking import Switchboard as Switchboard

_SWITCHBOARDS = {"Switchboard": "blocking", "AsyncSwitchboard": "asynchronous"}


def __getattr__(name: str) -> Any:
    """The switchboards, which need more than the rest, when they are asked for."""
    if name not in _SWITCHBOARDS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        module = import_module(f".switchboard.{_SWITCHBOARDS[name]}", __name__)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("sqlalchemy", "alembic"):
            raise
        missing = "the switchboard needs its extra: pip install 'groupmessenger[switchboard]'"
        raise ModuleNotFoundError(missing, name=error.name) from error
    return getattr(module, name)
