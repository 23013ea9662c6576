"""Who is believed: by the JWT, by the older headers, by the seal in a report's URL; beside the vendor's own SDK."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import jwt
import pytest
from groupmessenger_messagebird import MessageBirdMessenger
from groupmessenger_messagebird.signatures import FRESH, LEEWAY
from hypothesis import given
from hypothesis import strategies as st
from messagebird.error import ValidationError  # type: ignore[import-untyped]
from messagebird.request_validator import RequestValidator  # type: ignore[import-untyped]
from messagebird.signed_request import SignedRequest  # type: ignore[import-untyped]

from groupmessenger import Callback, InvalidSignature, MalformedWebhook
from groupmessenger.provider import Verified, sealed_url

LINE = "+13125550110"
ACCESS_KEY = "access-key-of-the-tests"
KEY = hashlib.sha256(b"a signing key").hexdigest()
OLD_KEY = hashlib.sha256(b"the one before").hexdigest()
URL = "https://hooks.example.com/in/main?b=2&a=x%20y&c=%C3%A9"
BODY = b"originator=13125550101&recipient=13125550110&body=Hello"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
JWT, TIME, VALUE = "MessageBird-Signature-JWT", "MessageBird-Request-Timestamp", "MessageBird-Signature"
GONE: Any = object()


def messenger(**settings: Any) -> MessageBirdMessenger:
    return MessageBirdMessenger(**{"line": LINE, "access_key": ACCESS_KEY, "signing_keys": KEY} | settings)


def claims(url: str = URL, body: bytes = BODY, at: datetime = NOW, **others: Any) -> dict[str, Any]:
    """What MessageBird would claim, with others in its place."""
    made: dict[str, Any] = {
        "iss": "MessageBird",
        "nbf": int(at.timestamp()),
        "exp": int(at.timestamp()) + 60,
        "jti": "00000000-0000-4000-8000-000000000001",
        "url_hash": hashlib.sha256(url.encode()).hexdigest(),
    }
    if body:
        made["payload_hash"] = hashlib.sha256(body).hexdigest()
    return {name: value for name, value in (made | others).items() if value is not GONE}


def token(key: str = KEY, algorithm: str = "HS256", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm)


def callback(signature: str | None, url: str = URL, body: bytes = BODY, at: datetime = NOW, **others: Any) -> Callback:
    headers = {} if signature is None else {JWT: signature}
    return Callback("POST", url, headers, body, at, **others)


def refused(callback: Callback, by: MessageBirdMessenger | None = None) -> str:
    """Why a callback is not believed."""
    with pytest.raises(InvalidSignature) as raised:
        (by or messenger()).verify(callback)
    shown = f"{raised.value!r} {raised.value}"
    assert not any(hidden in shown for hidden in (KEY, OLD_KEY, ACCESS_KEY, "example.com", "13125550101", "Hello"))
    return str(raised.value)


class TestJwt:
    @pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
    def test_signed(self, algorithm: str) -> None:
        """Each of the three algorithms is believed; the id is remembered until the signature ends, with the leeway."""
        until = NOW + timedelta(seconds=60 + LEEWAY)
        expected = Verified("00000000-0000-4000-8000-000000000001", until)
        assert expected == messenger().verify(callback(token(algorithm=algorithm)))

    @pytest.mark.parametrize(
        ("url", "found"),
        [
            (URL, None),
            (sealed_url(URL, "t0", ACCESS_KEY), "t0"),
            (sealed_url(URL, "t0", "another"), None),
            (sealed_url(URL, "t0", ACCESS_KEY).replace("gm=t0", "gm=t1"), None),
            (sealed_url(sealed_url(URL, "t0", ACCESS_KEY), "t1", ACCESS_KEY), None),
        ],
        ids=["none", "ours", "another key", "another token", "two"],
    )
    def test_signed_and_sealed(self, url: str, found: str | None) -> None:
        """The URL is signed whatever its seal is; a token is ours if the seal is, and never all that is proven."""
        verified = messenger().verify(callback(token(url=url), url=url))
        assert (found, False) == (verified.token, verified.token_is_all)
        assert verified.once

    @pytest.mark.parametrize("key", [KEY, OLD_KEY])
    def test_several_keys(self, key: str) -> None:
        """While keys are changed either is good."""
        assert messenger(signing_keys=[KEY, OLD_KEY]).verify(callback(token(key))).once

    @pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
    @pytest.mark.parametrize("size", [1, 31, 32, 63, 64, 65, 128, 129])
    def test_keys_of_any_length(self, algorithm: str, size: int) -> None:
        """A signing key is as long as the vendor makes it, and no warning is made of it."""
        key = "k" * size
        header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()).rstrip(b"=")
        payload = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=")
        digest = hmac.digest(key.encode(), header + b"." + payload, f"sha{algorithm[2:]}")
        made = b".".join((header, payload, base64.urlsafe_b64encode(digest).rstrip(b"=")))
        assert messenger(signing_keys=key).verify(callback(made.decode())).once

    def test_no_keys(self) -> None:
        """The cure is to set them."""
        assert "no signing_keys" in refused(callback(token()), messenger(signing_keys=()))

    @pytest.mark.parametrize("key", [OLD_KEY, ACCESS_KEY, KEY.upper(), KEY[:-1]])
    def test_another_key(self, key: str) -> None:
        """Not even the access key."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the access key is a short one
            assert "another key" in refused(callback(token(key)))

    def test_other_algorithms(self) -> None:
        """None at all is none, nor is what a public key would be needed for."""
        unsigned = jwt.encode(claims(), "", "none")
        assert "none that MessageBird makes" in refused(callback(unsigned))
        header = base64.urlsafe_b64encode(b'{"alg":"RS256","typ":"JWT"}').rstrip(b"=").decode()
        _, payload, value = token().split(".")
        assert "none that MessageBird makes" in refused(callback(f"{header}.{payload}.{value}"))

    @pytest.mark.parametrize("name", ["iss", "nbf", "exp", "jti", "url_hash", "payload_hash"])
    @pytest.mark.parametrize("value", [GONE, None, "", 0, "MessageBirds", True, ["MessageBird"], {}, 1e300, -1])
    def test_every_claim_counts(self, name: str, value: Any) -> None:
        """Missing or of another kind, however well it is signed."""
        made = callback(jwt.api_jws.PyJWS().encode(json.dumps(claims(**{name: value})).encode(), KEY, "HS256"))
        if (name, value) in (("nbf", 0), ("jti", "MessageBirds")):  # an id, and a time long ago
            assert messenger().verify(made).once
        else:
            refused(made)

    @pytest.mark.parametrize("written", ["NaN", "Infinity", "-Infinity", "1e400", '"1795262400"', "99999999999999999"])
    @pytest.mark.parametrize("name", ["nbf", "exp"])
    def test_odd_times(self, name: str, written: str) -> None:
        """Times that are no times do not make a signature good for ever."""
        payload = json.dumps(claims() | {name: "?"}).replace('"?"', written).encode()
        assert "no times" in refused(callback(jwt.api_jws.PyJWS().encode(payload, KEY, "HS256")))

    @pytest.mark.parametrize(
        ("after", "good"),
        [
            (-LEEWAY - 1, False),
            (-LEEWAY, True),
            (0, True),
            (60, True),
            (60 + LEEWAY - 1, True),
            (60 + LEEWAY, False),
            (300, False),
            (86400, False),
        ],
    )
    def test_when(self, after: float, good: bool) -> None:
        """By the time of receipt, as the callback has it, whatever the clock says now."""
        made = callback(token(), at=NOW + timedelta(seconds=after))
        if good:
            assert messenger().verify(made).once
        else:
            assert "clock" in refused(made)

    @pytest.mark.parametrize(
        "url",
        [
            URL + "&d=4",
            URL.replace("b=2&a=x%20y", "a=x%20y&b=2"),
            URL.replace("%20", "+"),
            URL.replace("%C3%A9", "%c3%a9"),
            URL.replace("https", "http"),
            URL.replace("hooks.example.com", "127.0.0.1:8000"),
            URL.replace("/in/main", "/in/other"),
            URL.partition("?")[0],
            URL + "#",
        ],
    )
    def test_another_url(self, url: str) -> None:
        """The URL counts as it was called, to the letter; behind a proxy it is the public one."""
        assert "public_url" in refused(callback(token(), url=url))

    @pytest.mark.parametrize(("signed", "came"), [(BODY, b""), (b"", BODY), (BODY, BODY + b"!"), (BODY, BODY[:-1])])
    def test_another_body(self, signed: bytes, came: bytes) -> None:
        """A body is signed exactly where there is one."""
        assert "body" in refused(callback(token(body=signed), body=came))
        assert messenger().verify(callback(token(body=came), body=came)).once

    def test_twice(self) -> None:
        """A header that comes twice is none."""
        made = Callback("POST", URL, [(JWT, token()), (JWT, token())], BODY, NOW)
        assert "none that MessageBird makes" in refused(made)

    def test_no_way_around(self) -> None:
        """Where there is a JWT it has to be good: no seal and no older header stands in for it."""
        url = report_url()
        both = {JWT: token(OLD_KEY, url=url, body=b""), **old_headers(url)}
        assert "another key" in refused(Callback("GET", url, both, b"", NOW), messenger(legacy_signatures=True))
        empty = Callback("GET", url, {**both, JWT: ""}, b"", NOW)
        assert "none that MessageBird makes" in refused(empty, messenger(legacy_signatures=True))


# The seal


def report_url(token: str = "t0", key: str = ACCESS_KEY, **fields: Any) -> str:
    told = {"id": "m1", "recipient": "13125550101", "status": "delivered", "reference": token} | fields
    query = urlencode({name: value for name, value in told.items() if value is not GONE})
    return f"{sealed_url('https://hooks.example.com/in/main?u=1', token, key)}&{query}"


class TestSeal:
    def test_sealed(self) -> None:
        """A report that comes unsigned is believed by the seal that went with its message, and of that message."""
        expected = Verified(token="t0", token_is_all=True)
        assert expected == messenger(signing_keys=()).verify(Callback("GET", report_url(), received_at=NOW))

    def test_reference_left_out(self) -> None:
        """Not all reports bring a reference; the seal has it."""
        expected = Verified(token="t0", token_is_all=True)
        assert expected == messenger().verify(Callback("GET", report_url(reference=GONE)))

    @pytest.mark.parametrize(
        ("legacy", "key", "more"), [(True, KEY, True), (True, OLD_KEY, False), (False, KEY, False)]
    )
    def test_older_headers_beside_it(self, legacy: bool, key: str, more: bool) -> None:
        """Older headers that count and are good prove more than the seal; others take nothing from it."""
        url = report_url()
        verified = messenger(legacy_signatures=legacy).verify(Callback("GET", url, old_headers(url, key=key), b"", NOW))
        assert ("t0", not more, more) == (verified.token, verified.token_is_all, verified.once is not None)

    @pytest.mark.parametrize(
        "made",
        [
            Callback("GET", report_url(reference="t1")),
            Callback("GET", report_url(key="another")),
            Callback("GET", report_url().replace("gm=t0", "gm=t1")),
            Callback("GET", report_url() + "&reference=t1"),
            Callback("GET", report_url(status=GONE)),
            Callback("GET", report_url(status=GONE, originator="13125550101", body="Hello")),
            Callback("POST", report_url()),
            Callback("POST", report_url(), body=BODY),
            Callback("GET", "https://hooks.example.com/in/main?id=m1&status=delivered&reference=t0"),
        ],
        ids=["reference", "key", "token", "second", "no report", "message", "method", "body", "unsealed"],
    )
    def test_unsealed(self, made: Callback) -> None:
        """The seal is for one message, for status reports alone, and for this key."""
        assert "signing_keys" in refused(made)

    def test_nothing(self) -> None:
        """Without any proof nobody is believed, whatever the settings."""
        for settings in ({}, {"signing_keys": ()}, {"legacy_signatures": True}):
            assert "not signed" in refused(callback(None), messenger(**settings))


# The older headers


def old_headers(url: str, body: bytes = b"", at: datetime = NOW, key: str = KEY) -> dict[str, str]:
    """As the vendor's papers have it: time, query sorted by name, digest of the body."""
    stamp = str(int(at.timestamp()))
    pairs = sorted(parse_qsl(urlsplit(url).query, keep_blank_values=True), key=lambda pair: pair[0])
    signed = f"{stamp}\n{urlencode(pairs)}\n".encode() + hashlib.sha256(body).digest()
    return {TIME: stamp, VALUE: base64.b64encode(hmac.digest(key.encode(), signed, "sha256")).decode()}


def old(after: float = 0, headers: Mapping[str, str] = MappingProxyType({})) -> Callback:
    return Callback("POST", URL, {**old_headers(URL, BODY), **headers}, BODY, NOW + timedelta(seconds=after))


class TestHmac:
    BY = messenger(legacy_signatures=True, signing_keys=[OLD_KEY, KEY])

    def test_signed(self) -> None:
        """It is believed if that is switched on, and a replay of it is known while it is good."""
        verified = self.BY.verify(old())
        assert verified.once is not None
        assert (None, False) == (verified.token, verified.token_is_all)
        assert verified.until == NOW + timedelta(seconds=FRESH)
        assert KEY not in verified.once

    def test_switched_off(self) -> None:
        """By default it is not."""
        assert "legacy_signatures" in refused(old())

    def test_no_keys(self) -> None:
        """There is nothing to check it with."""
        assert "no signing_keys" in refused(old(), messenger(legacy_signatures=True, signing_keys=()))

    @pytest.mark.parametrize(
        ("after", "good"), [(-LEEWAY - 1, False), (-LEEWAY, True), (FRESH - 1, True), (FRESH, False), (3600, False)]
    )
    def test_when(self, after: float, good: bool) -> None:
        """Ten seconds, and as little before as the clocks may differ."""
        if good:
            assert self.BY.verify(old(after=after)).once
        else:
            assert "clock" in refused(old(after=after), self.BY)

    @pytest.mark.parametrize("time", ["", "soon", "-1", "1e9", "9" * 12, " ", "\u0661"])
    def test_no_time(self, time: str) -> None:
        assert "no time" in refused(old(headers={TIME: time}), self.BY)

    @pytest.mark.parametrize("value", ["", "?", "AAAA", "é", "A", old_headers(URL, BODY, key=ACCESS_KEY)[VALUE]])
    def test_another_value(self, value: str) -> None:
        refused(old(headers={VALUE: value}), self.BY)

    def test_something_else(self) -> None:
        """Query and body are signed; the order of the query is not."""
        headers = old_headers(URL, BODY)
        for url, body in ((URL + "&d=4", BODY), (URL.replace("a=x", "a=z"), BODY), (URL, BODY + b"!"), (URL, b"")):
            assert "something else" in refused(Callback("POST", url, headers, body, NOW), self.BY)
        swapped = URL.replace("b=2&a=x%20y", "a=x%20y&b=2")
        assert self.BY.verify(Callback("POST", swapped, headers, BODY, NOW)).once

    def test_a_raw_plus(self) -> None:
        """The time of a status is signed as it is meant, also where its + comes as it stands."""
        meant = "https://hooks.example.com/in?id=m1&status=sent&statusDatetime=2026-11-21T12:00:00%2B00:00"
        came = meant.replace("%2B", "+")
        assert self.BY.verify(Callback("GET", came, old_headers(meant), b"", NOW)).once
        elsewhere = meant.replace("%2B", "%20").replace("statusDatetime", "body")
        refused(Callback("GET", elsewhere, old_headers(elsewhere.replace("%20", "%2B")), b"", NOW), self.BY)


# The vendor's own SDK


def sdk_believes(made: str, url: str, body: bytes) -> bool:
    try:
        RequestValidator(KEY).validate_signature(made, url, body)
    except ValidationError:
        return False
    return True


def we_believe(made: Callback, by: MessageBirdMessenger) -> bool:
    try:
        by.verify(made)
    except InvalidSignature:
        return False
    return True


TAMPERED: tuple[tuple[Mapping[str, Any], str, bytes], ...] = (
    ({}, URL, BODY),
    ({"body": b""}, URL, b""),
    ({}, URL + "&d=4", BODY),
    ({}, URL, b""),
    ({}, URL, BODY + b"!"),
    ({"body": b""}, URL, BODY),
    ({"iss": "MessageBirds"}, URL, BODY),
    ({"key": OLD_KEY}, URL, BODY),
    ({"nbf": GONE}, URL, BODY),
    ({"exp": GONE}, URL, BODY),
    ({"algorithm": "HS512"}, URL, BODY),
    ({"at": datetime(2020, 1, 1, tzinfo=UTC)}, URL, BODY),
    ({"at": datetime(2090, 1, 1, tzinfo=UTC)}, URL, BODY),
    ({"aud": "somebody"}, URL, BODY),
)


@pytest.mark.parametrize("number", range(len(TAMPERED)))
def test_the_vendors_sdk_agrees(number: int) -> None:
    """Of a JWT, by the clock of now, which is the only one that the SDK has: both believe it, or neither."""
    changes, url, body = TAMPERED[number]
    now = datetime.now(UTC)
    made = token(**{"at": now, **changes})
    ours = we_believe(callback(made, url, body, now), messenger())
    assert sdk_believes(made, url, body) == ours
    assert ours is (number in (0, 1, 10))


@pytest.mark.parametrize(("name", "value"), [("", ""), ("body", "x"), ("query", "id=m2"), ("key", OLD_KEY)])
def test_the_vendors_sdk_agrees_of_the_older_headers(name: str, value: str) -> None:
    """Both believe them, or neither. The SDK's is deprecated."""
    query, body = "statusDatetime=2026-11-21T12%3A00%3A00%2B00%3A00&id=m1&status=sent&empty=", '{"a":1}'
    headers = old_headers(f"https://hooks.example.com/in?{query}", body.encode())
    came, told = (value if name == "query" else query), (value if name == "body" else body)
    key = value if name == "key" else KEY
    parameters = dict(parse_qsl(came, keep_blank_values=True))
    with pytest.warns(DeprecationWarning, match="signed_request"):
        theirs = SignedRequest(headers[VALUE], headers[TIME], told, parameters).verify(key)
    made = Callback("POST", f"https://hooks.example.com/in?{came}", headers, told.encode(), NOW)
    ours = we_believe(made, messenger(signing_keys=key, legacy_signatures=True))
    assert (theirs, ours) == (not name, not name)


# Whatever comes


BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="
SEGMENTS = st.one_of(
    st.text(BASE64, max_size=40),
    st.text(max_size=10),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["alg", "typ", "crit", "b64", "kid"]), inner)
        ),
    ).map(lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()),
)


@given(
    st.lists(SEGMENTS, max_size=4).map(".".join),
    st.sampled_from(["GET", "POST"]),
    st.text(max_size=30) | st.text(max_size=30).map(lambda text: f"gm=t0.{quote(text)}&status=sent&id=m1&{text}"),
    st.binary(max_size=20),
    st.sampled_from([JWT, VALUE, TIME, "x-other"]),
    st.booleans(),
)
def test_nobody_is_believed_by_chance(
    signature: str, method: str, query: str, body: bytes, header: str, legacy: bool
) -> None:
    """Whatever is in headers, query and body: no proof, no belief, and no other error."""
    headers = {TIME: str(int(NOW.timestamp())), VALUE: "AAAA", header: signature}
    made = Callback(method, f"https://hooks.example.com/in?{query}", headers, body, NOW)
    with pytest.raises((InvalidSignature, MalformedWebhook)):
        messenger(legacy_signatures=legacy).verify(made)


@given(
    st.dictionaries(
        st.sampled_from(["iss", "nbf", "exp", "jti", "url_hash", "payload_hash", "sub"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.none(), max_size=1),
    )
)
def test_whatever_is_claimed(odd: dict[str, Any]) -> None:
    """Claims of any kind, and well signed: believed with an id and an end, or refused."""
    payload = json.dumps({**claims(), **odd}).encode()
    made = callback(jwt.api_jws.PyJWS().encode(payload, KEY, "HS256"))
    try:
        verified = messenger().verify(made)
    except InvalidSignature:
        return
    assert verified.once
    assert verified.until is not None
    assert verified.until > NOW
