"""Bandwidth's adapter, held to its own flags, limits and verdicts."""

from __future__ import annotations

from groupmessenger_bandwidth import BandwidthMessenger
from groupmessenger_bandwidth.sandbox import BandwidthFace

from groupmessenger.provider import AuthenticationFailed, ProviderUnavailable, Rejected
from groupmessenger.testing import ProviderContract, Verdict

REFUSED = dict.fromkeys((400, 404, 405, 406, 415), Rejected) | {401: AuthenticationFailed, 403: AuthenticationFailed}
API = "API description of July 2026: Messages API errors"


class TestBandwidth(ProviderContract):
    messenger, face = BandwidthMessenger, BandwidthFace
    hosts = ("messaging.bandwidth.com", "api.bandwidth.com")
    verdicts = (
        Verdict(
            {"type": "request-validation", "description": "not valid", "fieldErrors": [{"fieldName": "to"}]},
            REFUSED | {500: ProviderUnavailable},
            f"{API}; 500: nothing was sent or billed",
        ),
        Verdict({"type": "forbidden-too-many-recipients"}, REFUSED, API),
        Verdict({"timestamp": "2026-11-20T12:00:00Z", "status": 404, "error": "Not Found", "path": "/"}, REFUSED, API),
    )
