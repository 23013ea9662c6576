"""What an exception of the HTTP library says about the request: never sent, or perhaps."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from socket import gaierror
from types import ModuleType
from typing import cast

from .flow import MaybeSent, NotSent
from .unpacking import UNPACKABLE

LATE = "no whole answer within {timeout:g} s"

# What httpx's exceptions say about the request. Those not listed: MaybeSent. LocalProtocolError is not, since h11
# also raises it when half of a request has left; what it refuses earlier, `writing.check` refuses before it.
_VERDICTS: dict[str, tuple[type[NotSent | MaybeSent], str]] = {
    "TimeoutError": (MaybeSent, LATE),  # Python's: the deadline for the whole
    "ConnectTimeout": (NotSent, "no connection within {connect:g} s"),
    "ConnectError": (NotSent, ""),  # in the words of the system
    "PoolTimeout": (NotSent, "no connection was free within {connect:g} s"),
    "ProxyError": (NotSent, "the proxy refused to connect"),
    "ReadTimeout": (MaybeSent, "no answer within {timeout:g} s"),
    "WriteTimeout": (MaybeSent, "the request was not taken within {timeout:g} s"),
    "ReadError": (MaybeSent, "the connection broke before the whole answer came"),
    "WriteError": (MaybeSent, "the connection broke while the request was sent"),
    "RemoteProtocolError": (MaybeSent, "the connection ended without a whole answer in HTTP"),
    "DecodingError": (MaybeSent, UNPACKABLE),
}
# What the system said beneath a ConnectError.
_CONNECT_ERRORS: dict[type[BaseException], str] = {
    gaierror: "the host's name was not found",
    ConnectionRefusedError: "connection refused",
    ConnectionResetError: "connection reset",
    ssl.SSLError: "no TLS connection came about",
    ssl.SSLCertVerificationError: "its certificate is not to be trusted",
}
# httpx-aiohttp calls what befalls a connection a ConnectTimeout, also a lost one. What it was, by its cause.
_AIOHTTP = {
    "ClientConnectorError": "ConnectError",
    "ServerTimeoutError": "ConnectTimeout",
    "ClientConnectionError": "ReadError",
}
# With TLS 1.3 a request is written before the server has seen our certificate, and read only if it takes it.
_CERTIFICATE_REFUSED = re.compile("_ALERT_(.*CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)")


def verdict(error: Exception, library: ModuleType, *, left: bool = False) -> tuple[type[NotSent | MaybeSent], str]:
    """Give the outcome, and words for it, in which {connect} and {timeout} stand for seconds.

    `library` is httpx or its fork, whichever raised it. What is not listed may have been sent. `left` says that the
    request began to: then a failure to connect is another's, of a hook of the caller's or of a second try.
    """
    outcome: type[NotSent | MaybeSent] = MaybeSent
    words = broke_off = f"the exchange broke off with {type(error).__name__}"
    for name, listed in _VERDICTS.items():
        if isinstance(error, getattr(library, name, TimeoutError)):
            outcome, words = listed
    if isinstance(error, library.ConnectTimeout):
        causes = [kind.__name__ for kind in type(error.__cause__).__mro__]
        outcome, words = next((_VERDICTS[_AIOHTTP[name]] for name in causes if name in _AIOHTTP), (outcome, words))
    if left and outcome is NotSent:
        outcome, words = MaybeSent, broke_off
    if _CERTIFICATE_REFUSED.search(_alert(error, library)):
        return NotSent, "the server did not take our certificate"
    known = (_CONNECT_ERRORS.get(kind) for one in _beneath(error) for kind in type(one).__mro__)
    return outcome, words or next(filter(None, known), "no connection")


def _alert(error: BaseException | None, library: ModuleType) -> str:
    """TLS's reason for a failure. Not looked for among contexts in general: one may be what the caller is handling."""
    cause = error and error.__cause__
    if isinstance(error, library.NetworkError) and type(cause).__module__.startswith("httpcore"):
        error = cause and cause.__context__  # the socket's error, as whose cause it is taken away
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__
    return getattr(error, "reason", None) or ""  # one of aiohttp's own has none


def _beneath(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error and all that led to it."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):  # one for each address that was tried
            yield from cast("BaseExceptionGroup[BaseException]", error).exceptions
        # httpcore raises "from None", so contexts count; that of a system's error is what the caller was handling.
        error = error.__cause__ or (None if isinstance(error, OSError) else error.__context__)
