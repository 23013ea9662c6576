"""How MessageBird calls a URL: signed, taken for delivered or not, and tried again or not (5.3, 5.4)."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4

import attrs

from groupmessenger.sandbox.callbacks import Answered, Outgoing, Talk

from ._account import Account
from ._signing import legacy, token

PROVIDER = "messagebird"
TIMEOUT = 10.0  # seconds; the papers name none
# Growing, within eight hours, as the vendor's next platform does it (5.4); the steps are a guess.
AGAIN = (10, 30, 60, 300, 900, 1800, 3600, 7200, 14400)
_PLAIN = "%/:=&?~#+!$,;'@()*[]"  # what a URL may have as it stands


def call(account: Account, what: str, outgoing: Outgoing, *, signed: bool = True) -> None:
    """Call somebody, `what` being for the record of tries."""
    jti = str(uuid4()) if account.doubt["retried_jti"] == "same" else ""
    account.network.callbacks.call(
        PROVIDER,
        what,
        partial(_talk, account, outgoing, jti, signed=signed),
        again=AGAIN if account.doubt["retries"] == "eight_hours" else (),
        timeout=TIMEOUT,
    )


def extended(url: str, query: str) -> str:
    """A URL with more in its query, just as it will be requested: what is signed is this text."""
    parts = urlsplit(quote(url, safe=_PLAIN))
    queries = [part for part in (parts.query, query) if part]
    return urlunsplit(parts._replace(path=parts.path or "/", query="&".join(queries), fragment=""))


def _talk(account: Account, outgoing: Outgoing, jti: str, *, signed: bool) -> Talk:
    """One try, with a signature of its own time."""
    headers, doubt = dict(outgoing.headers), account.doubt
    at = account.network.callbacks.signs_at()
    if signed and doubt["signature"] != "legacy":
        headers |= token(outgoing, at, jti or str(uuid4()), doubt["jwt_algorithm"])
    if signed and doubt["signature"] != "jwt":
        headers |= legacy(outgoing, at)
    answered = yield attrs.evolve(outgoing, headers=headers)
    return _is_taken(answered, doubt["taken"])


def _is_taken(answered: Answered, reading: str) -> bool:
    """Whether an answer is the one that is waited for."""
    if reading == "2xx":
        return answered.ok
    return answered.status == 200 and (reading == "200" or answered.body.strip() == b"OK")
