"""Sendblue's adapter, held to its own flags, limits and verdicts."""

from __future__ import annotations

from groupmessenger_sendblue import SendblueMessenger
from groupmessenger_sendblue.sandbox import SendblueFace

from groupmessenger.provider import (
    AuthenticationFailed,
    GroupNotFound,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    Rejected,
)
from groupmessenger.testing import ProviderContract, Verdict

KEYS = {401: AuthenticationFailed, 403: AuthenticationFailed, 404: GroupNotFound}
REFUSED, USED_UP, BUSY = ({**KEYS, 400: error, 422: error} for error in (Rejected, QuotaExceeded, RateLimited))
SDK = "SDK 1.33: errors of 400, 401, 403, 404 and 422"
ERRORS = "docs.sendblue.com, errors"


def sent(error: type[ProviderError]) -> dict[int, type[ProviderError]]:
    """A success of HTTP's can carry a failure."""
    return dict.fromkeys((200, 201, 202), error)


class TestSendblue(ProviderContract):
    messenger, face = SendblueMessenger, SendblueFace
    hosts = ("api.sendblue.com",)
    verdicts = (
        Verdict({"status": "ERROR", "message": "missing required parameter"}, REFUSED, SDK),
        Verdict({"status": "ERROR", "error_code": 4000, "message": "not valid"}, REFUSED | sent(Rejected), ERRORS),
        Verdict({"status": "ERROR", "error_code": "4001", "message": "too many"}, BUSY | sent(RateLimited), ERRORS),
        Verdict({"status": "ERROR", "error_code": 429, "message": "50 a day"}, USED_UP | sent(QuotaExceeded), ERRORS),
        Verdict({"status": "ERROR", "error_key": "OPTED_OUT", "message": "no"}, REFUSED | sent(Rejected), ERRORS),
        Verdict({"status": "ERROR", "error_code": 5000, "error_message": "internal error"}, {}, f"{ERRORS}: unknown"),
    )
