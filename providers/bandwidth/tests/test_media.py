"""Files: ours are stored at Bandwidth, theirs are fetched with our credentials, and from nowhere else with them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from groupmessenger_bandwidth import BandwidthMessenger
from groupmessenger_bandwidth.sandbox import ACCOUNT_ID, LINE
from hypothesis import example, given
from hypothesis import strategies as st

import groupmessenger as gm
from groupmessenger import Grade
from groupmessenger.sandbox import Sandbox

ANN, BOB = "+13125550150", "+13125550151"
PICTURE = b"\x89PNG not really"
BASE = "https://messaging.bandwidth.com/api/v2"
OURS = f"{BASE}/users/{ACCOUNT_ID}/media"
PATH = f"/users/{ACCOUNT_ID}/media"

Connect: TypeAlias = Callable[..., Any]


def messenger(**given: Any) -> BandwidthMessenger:
    usual: dict[str, Any] = {"line": LINE, "account_id": ACCOUNT_ID, "application_id": "a"}
    return BandwidthMessenger(**usual, client_id="i", client_secret="s", **given)


class Vendor:
    """Gives tokens, answers from a queue or with 204, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.requests: list[httpx.Request] = []
        self.answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "token.test":
            return httpx.Response(200, json={"access_token": "t"})
        self.requests.append(request)
        return self.answers.pop(0) if self.answers else httpx.Response(204)

    @property
    def asked(self) -> list[tuple[str, bytes, str | None]]:
        return [
            (request.method, request.url.raw_path, request.headers.get("authorization")) for request in self.requests
        ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a picture.png"
    path.write_bytes(PICTURE)
    return path


class TestUpload:
    def test_request(self, connect: Connect, file: Path) -> None:
        """The bytes go to the account's media with their type, and the URL is one that messages may have."""
        vendor = Vendor()
        media = connect(vendor).upload(file)
        (request,) = vendor.requests
        assert ("PUT", "Bearer t", "image/png", PICTURE) == (
            request.method,
            request.headers["authorization"],
            request.headers["content-type"],
            request.content,
        )
        assert str(request.url) == media.url
        assert media.url.startswith(f"https://messaging.test/api/v2{PATH}/")
        assert media.url.endswith("-a-picture.png")
        assert ("image/png", len(PICTURE)) == (media.content_type, media.size)

    @pytest.mark.parametrize("name", ["a.png", "a b.png", "a/b.png", "50%.png", "a?b#c.png", "\u00e9.png", "a%2Fb.png"])
    def test_names(self, connect: Connect, name: str) -> None:
        """Whatever its name, a file has one address: as it is put there it is fetched."""
        vendor = Vendor()
        client = connect(vendor)
        by = client.messenger
        put = _run(by, vendor, name)
        stored = by.stored(put.url)
        assert stored is not None
        assert stored.path == put.url.removeprefix("https://messaging.test/api/v2")
        assert name == unquote(stored.path.rpartition("/")[2])
        assert [("PUT", f"/api/v2{stored.path}".encode(), None)] == vendor.asked

    def test_again(self, connect: Connect, file: Path) -> None:
        """A lost answer is asked for again, since the same name is the same file."""
        vendor = Vendor(httpx.Response(503), httpx.Response(200, text="no JSON"))
        connect(vendor, patience=5).upload(file)
        assert 2 == len(vendor.requests) == len([each for each in vendor.requests if each.content == PICTURE])
        assert vendor.requests[0].url == vendor.requests[1].url

    @pytest.mark.parametrize(
        ("status", "body", "kind"),
        [
            (401, {"type": "unauthorized", "description": "no"}, gm.AuthenticationFailed),
            (403, {"type": "forbidden", "description": "no"}, gm.AuthenticationFailed),
            (415, {"type": "unsupported-content-type", "description": "no"}, gm.Rejected),
            (500, {"type": "internal", "description": "no"}, gm.ProviderError),
            (502, "a page", gm.OutcomeUnknown),
        ],
    )
    def test_refused(self, connect: Connect, file: Path, status: int, body: Any, kind: type[Exception]) -> None:
        """What is refused is not there."""
        vendor = Vendor(*[httpx.Response(status, json=body) for _ in range(3)])
        with pytest.raises(kind):
            connect(vendor).upload(file)

    @pytest.mark.parametrize(("size", "fits"), [(3_500_000, True), (3_500_001, False)])
    def test_size(self, connect: Connect, tmp_path: Path, size: int, fits: bool) -> None:
        """3.5 MB a file, looked at before any request."""
        vendor, path = Vendor(), tmp_path / "clip.mp4"
        path.write_bytes(b"x" * size)
        client = connect(vendor)
        if fits:
            assert size == client.upload(path).size
        else:
            with pytest.raises(gm.LimitExceeded) as raised:
                client.upload(path)
            assert ("media_bytes", 3_500_000) == (raised.value.name, raised.value.limit)
        assert fits == bool(vendor.requests)

    def test_grade(self) -> None:
        """It is kept for two days, and the flag says so."""
        flag = messenger().capabilities.flags["upload"]
        assert (Grade.PARTIAL, True) == (flag.grade, "48 hours" in flag.note)


def _run(by: BandwidthMessenger, vendor: Vendor, name: str) -> gm.Media:
    """Upload under a name of any kind, which the core would not give."""
    flow = by.upload(name, PICTURE, "image/png")
    request: Any = flow.send(None)
    answer = vendor(httpx.Request(request.method, by.base_url + request.path, content=request.content))
    with pytest.raises(StopIteration) as stopped:
        flow.send(gm.flow.Response(answer.status_code))
    assert (request.headers, request.repeatable, request.answer) == ({"content-type": "image/png"}, True, "anything")
    media = stopped.value.value
    assert isinstance(media, gm.Media)
    return media


class TestStored:
    @pytest.mark.parametrize(
        ("url", "media_id"),
        [
            (f"{OURS}/a.png", "a.png"),
            (f"{OURS}/in-1/0/a.png", "in-1%2F0%2Fa.png"),
            (f"{OURS}/in-1%2F0%2Fa.png", "in-1%2F0%2Fa.png"),
            (f"{OURS}/in-1%2f0/a%20b.png", "in-1%2F0%2Fa%20b.png"),
            (f"{OURS}/\u00e9.png", "%C3%A9.png"),
            (f"{OURS}/%C3%A9.png", "%C3%A9.png"),
            (f"{OURS}/%FF.png", "%FF.png"),
            (f"{OURS}/a%252Fb.png", "a%252Fb.png"),
            (f"{OURS}/..a/...", "..a%2F..."),
            (f"{OURS}/a%3Fb%23c", "a%3Fb%23c"),
            (f"{OURS}/a@b.png", "a%40b.png"),
            (f"HTTPS://Messaging.Bandwidth.COM:443/api/v2{PATH}/a.png", "a.png"),
        ],
    )
    def test_ours(self, url: str, media_id: str) -> None:
        """A file of the account is asked for with credentials, the slashes of its id written as %2F."""
        request = messenger().stored(url)
        assert request is not None
        assert ("GET", f"{PATH}/{media_id}", True, "anything") == (
            request.method,
            request.path,
            request.authorized,
            request.answer,
        )

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "no URL",
            BASE,
            f"{BASE}{PATH}",
            f"{BASE}{PATH}/",
            f"{BASE}/users/{ACCOUNT_ID}/messages",
            f"{BASE}/users/{ACCOUNT_ID}0/media/a.png",
            f"{BASE}/users/9900999/media/a.png",
            f"{BASE}/users/u-abcdefgh/media/a.png",
            f"{BASE}/x{PATH}/a.png",
            f"{BASE}/..{PATH}/a.png",
            f"{BASE}/users/%39900123/media/a.png",
            f"https://messaging.bandwidth.com{PATH}/a.png",
            f"https://messaging.bandwidth.com/api/v1{PATH}/a.png",
            f"http://messaging.bandwidth.com/api/v2{PATH}/a.png",
            f"http://messaging.bandwidth.com:443/api/v2{PATH}/a.png",
            f"ftp://messaging.bandwidth.com/api/v2{PATH}/a.png",
            f"//messaging.bandwidth.com/api/v2{PATH}/a.png",
            f"/api/v2{PATH}/a.png",
            f"https://messaging.bandwidth.com:8443/api/v2{PATH}/a.png",
            f"https://messaging.bandwidth.com:0443x/api/v2{PATH}/a.png",
            f"https://messaging.bandwidth.com:99999/api/v2{PATH}/a.png",
            f"https://messaging.bandwidth.com.evil.example/api/v2{PATH}/a.png",
            f"https://messaging.bandwidth.com./api/v2{PATH}/a.png",
            f"https://evil-messaging.bandwidth.com/api/v2{PATH}/a.png",
            f"https://evil.example/messaging.bandwidth.com/api/v2{PATH}/a.png",
            f"https://evil.example/api/v2{PATH}/a.png?messaging.bandwidth.com",
            f"https://messaging.bandwidth.com@evil.example/api/v2{PATH}/a.png",
            f"https://user:word@messaging.bandwidth.com/api/v2{PATH}/a.png",
            f"https://@messaging.bandwidth.com/api/v2{PATH}/a.png",
            f"https://messaging.bandwidth.com\\@evil.example/api/v2{PATH}/a.png",
            f"https://\uff4dessaging.bandwidth.com/api/v2{PATH}/a.png",
            f"https://[half/api/v2{PATH}/a.png",
            f"{OURS}/a.png?x=1",
            f"{OURS}/a.png#x",
            f"{OURS}/..",
            f"{OURS}/../messages",
            f"{OURS}/a/../../messages",
            f"{OURS}/a/./b",
            f"{OURS}/%2E%2E/messages",
            f"{OURS}/..%2Fmessages",
            f"{OURS}/a/%2e",
            f"{OURS}/a\tb.png",
            f"{OURS}/a b.png",
            f" {OURS}/a.png",
            f"{OURS}/a.png\n",
            "https://pictures.example.com/a.png",
        ],
    )
    def test_elsewhere(self, url: str) -> None:
        """Everything else gets no credentials of ours, however much it looks like it."""
        assert messenger().stored(url) is None

    @pytest.mark.parametrize("base_url", ["http://127.0.0.1:8000/bandwidth", "http://127.0.0.1:8000/bandwidth/"])
    def test_another_base(self, base_url: str) -> None:
        """The place is that of `base_url`, wherever it is."""
        by = messenger(base_url=base_url)
        assert by.stored(f"{OURS}/a.png") is None
        assert by.stored(f"http://127.0.0.1:8000{PATH}/a.png") is None
        assert by.stored(f"http://127.0.0.1:8001/bandwidth{PATH}/a.png") is None
        request = by.stored(f"http://127.0.0.1:8000/bandwidth{PATH}/in-1/0/a.png")
        assert request is not None
        assert f"{PATH}/in-1%2F0%2Fa.png" == request.path

    @given(st.text(st.sampled_from("/.%2eEfF?#@:\\ \tabé\u2028\ud800"), max_size=30), st.booleans())
    @example("..%2f", True)
    @example("://[", False)
    def test_whatever_it_is(self, text: str, ours: bool) -> None:
        """A request, if there is one, is for one file of the account, and for the same if it is asked again."""
        by = messenger()
        for url in (f"{OURS}/{text}", f"https://messaging.bandwidth.com{text}/api/v2{PATH}/a") if ours else (text,):
            request = by.stored(url)
            if request is not None:
                media_id = request.path.removeprefix(f"{PATH}/")
                assert f"{PATH}/{media_id}" == request.path
                assert not set("/?#\\ ") & set(media_id)
                assert not {"..", "."} & {*unquote(media_id).split("/")}
                assert request == by.stored(BASE + request.path)
                assert urlsplit(url).hostname == "messaging.bandwidth.com"

    def test_fetched_with_credentials(self, connect: Connect, tmp_path: Path) -> None:
        """What somebody sent is fetched with the account's token and written; whoever else serves a file gets none."""
        vendor = Vendor(httpx.Response(200, content=PICTURE))
        client = connect(vendor)
        url = f"https://messaging.test/api/v2{PATH}/in-1/0/pic.png"
        path = client.download(gm.Media(url), tmp_path)
        assert ("pic.png", PICTURE) == (path.name, path.read_bytes())
        assert [("GET", f"/api/v2{PATH}/in-1%2F0%2Fpic.png".encode(), "Bearer t")] == vendor.asked

    @pytest.mark.parametrize(("status", "kind"), [(404, gm.Rejected), (401, gm.AuthenticationFailed)])
    def test_not_there_any_more(self, connect: Connect, tmp_path: Path, status: int, kind: type[Exception]) -> None:
        """After 48 hours it is gone."""
        body = {"timestamp": "x", "status": status, "error": "x", "message": "x", "path": "x", "type": "x"}
        vendor = Vendor(*itertools.repeat(httpx.Response(status, json=body), 2))
        with pytest.raises(kind):
            connect(vendor).download(f"https://messaging.test/api/v2{PATH}/a.png", tmp_path)
        assert [] == list(tmp_path.iterdir())


def test_there_and_back(box: Sandbox, connect: Connect, file: Path, tmp_path: Path) -> None:
    """In the sandbox a file goes up, to a group, and down again; two days later it is gone."""
    client = connect(box)
    media = client.upload(file)
    client.send(client.create_group([ANN, BOB]), gm.Message("See", media))
    ((shown,),) = box.phones[ANN].messages.values()
    assert (media.url,) == shown.media
    folder = tmp_path / "in"
    folder.mkdir()
    assert PICTURE == client.download(media, folder).read_bytes()
    box.clock.advance(48 * 3600)
    with pytest.raises(gm.Rejected):
        client.download(media, folder)
