"""Receiving what providers tell: an application to mount, for ASGI or WSGI servers, or a plain function.

app = webhooks.asgi({"main": client}, on_event, public_url="https://example.com/hooks")
"""

from .answering import Answer
from .asynchronous import ASGIApp, asgi
from .blocking import Plain, WSGIApp, plain, wsgi
from .receiver import Connections, Handler
from .seen import MemorySeen, Seen, Standing

__all__ = [
    "ASGIApp",
    "Answer",
    "Connections",
    "Handler",
    "MemorySeen",
    "Plain",
    "Seen",
    "Standing",
    "WSGIApp",
    "asgi",
    "plain",
    "wsgi",
]
