"""A stand-in for the vendors: faces over HTTP, phones that show what reached them, and a clock to put forward."""

from .callbacks import Answered, Outgoing, Talk
from .clock import Clock
from .face import Answer, Call, Doubt, Face, Handler, Route
from .faults import Fault
from .log import Entry
from .phones import Inbound, Listener, Network, Phone, Phones, Shown, Thread
from .sandbox import Sandbox

__all__ = [
    "Answer",
    "Answered",
    "Call",
    "Clock",
    "Doubt",
    "Entry",
    "Face",
    "Fault",
    "Handler",
    "Inbound",
    "Listener",
    "Network",
    "Outgoing",
    "Phone",
    "Phones",
    "Route",
    "Sandbox",
    "Shown",
    "Talk",
    "Thread",
]
