"""Files fetched and stored: where credentials go, what is too large, what leads somewhere private."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from acme import LINE, SECRET, WAYS, Vendor, World, world
from hearing import HearingMessenger, messenger
from raw_server import Connection, RawServer

from groupmessenger import Client
from groupmessenger.errors import (
    InvalidInput,
    LimitExceeded,
    NotReached,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    UnsupportedOperation,
)
from groupmessenger.guarding import is_public_address
from groupmessenger.messages import Media, Message

PICTURE = b"\x89PNG not really"
OWN = "https://acme.example/files/9-picture.png"


@pytest.fixture(params=WAYS)
def here(request: pytest.FixtureRequest) -> Iterator[World]:
    with world(request.param) as opened:
        yield opened


def serving(vendor: Vendor, answer: Any) -> Vendor:
    vendor.answer("GET /files", answer)
    return vendor


class TestDownload:
    def test_the_providers_own_file_is_fetched_with_credentials(self, here: World, tmp_path: Path) -> None:
        asked: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return httpx.Response(200, content=PICTURE)

        client = here.connect(serving(Vendor(), answer), messenger())
        path = client.download(Media(OWN), tmp_path / "picture.png")
        assert (tmp_path / "picture.png", PICTURE) == (path, path.read_bytes())
        assert "Bearer access-1" == asked[0].headers["authorization"]

    def test_into_a_folder_it_goes_under_its_own_name(self, here: World, tmp_path: Path) -> None:
        """Which is safe there, and does not take the place of another."""
        vendor = Vendor()
        client = here.connect(vendor, messenger())
        names = []
        for url in (OWN, OWN, "https://acme.example/files/..%2F.hidden", "https://acme.example/files/"):
            serving(vendor, httpx.Response(200, content=PICTURE))
            names.append(client.download(url, tmp_path).relative_to(tmp_path).as_posix())
        assert ["9-picture.png", "9-picture-2.png", "hidden", "file"] == names

    def test_a_file_is_written_whole_or_not_at_all(self, here: World, tmp_path: Path) -> None:
        client = here.connect(serving(Vendor(), httpx.Response(200, content=PICTURE)), messenger())
        with pytest.raises(InvalidInput, match="cannot be written"):
            client.download(OWN, tmp_path / "no" / "picture.png")
        assert [] == list(tmp_path.iterdir())

    def test_a_file_has_an_end(self, here: World, tmp_path: Path) -> None:
        """The one that is asked for."""
        for size, room in ((2_000_000, 2_000_000), (2_000_001, 2_000_000)):
            vendor = serving(Vendor(), httpx.Response(200, content=b"x" * size))
            client = here.connect(vendor, messenger(), patience=0)
            if size == room:
                client.download(OWN, tmp_path / "big", at_most=room)
            else:
                with pytest.raises(LimitExceeded, match="larger than 2,000,000 bytes: give at_most"):
                    client.download(OWN, tmp_path / "bigger", at_most=room)
        assert [2_000_000] == [path.stat().st_size for path in tmp_path.iterdir()]

    @pytest.mark.parametrize("wrong", [0, -1, 1.5, True, None])
    def test_a_bound_that_is_none(self, here: World, tmp_path: Path, wrong: Any) -> None:
        with pytest.raises(InvalidInput, match="at_most is a number of bytes"):
            here.connect(Vendor(), messenger()).download(OWN, tmp_path / "x", at_most=wrong)

    def test_a_path_that_is_none(self, here: World) -> None:
        for call in ("download", "upload"):
            with pytest.raises(InvalidInput, match="give the path of a file"):
                getattr(here.connect(Vendor(), messenger()), call)(*([OWN, None] if call == "download" else [None]))

    def test_a_file_that_is_gone(self, here: World, tmp_path: Path) -> None:
        client = here.connect(serving(Vendor(), httpx.Response(404, json={"error": "gone"})), messenger())
        with pytest.raises(ProviderError, match="gone"):
            client.download(OWN, tmp_path / "x")

    @pytest.mark.parametrize(
        "url",
        [
            "http://pictures.example/a.png",
            "https://user:pass@pictures.example/a.png",
            "https://10.0.0.1/a.png",
            "https://127.0.0.1/a.png",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/a.png",
            "https://[fd00::1]/a.png",
            "https://0.0.0.0/a.png",
            "https://localhost/a.png",
        ],
    )
    def test_what_is_not_fetched(self, here: World, tmp_path: Path, url: str) -> None:
        """Of others: anything but https, and private addresses."""
        with pytest.raises(UnsupportedOperation, match=r"https alone|private address"):
            here.connect(Vendor(), messenger()).download(url, tmp_path / "x")

    @pytest.mark.parametrize("url", ["ftp://pictures.example/a.png", "a.png", ""])
    def test_what_is_no_media(self, here: World, tmp_path: Path, url: str) -> None:
        with pytest.raises(InvalidInput):
            here.connect(Vendor(), messenger()).download(url, tmp_path / "x")

    def test_a_name_that_leads_to_a_private_address(
        self, here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Is noticed when it is connected to, whatever it led to before: not a byte is sent."""
        look_up = socket.getaddrinfo

        def inside(host: Any, port: Any, *args: Any, **how: Any) -> Any:
            found = b"pictures.example" in (host if isinstance(host, bytes) else host.encode())
            return look_up("127.0.0.1" if found else host, server.port if found else port, *args, **how)

        received: list[Connection] = []
        with RawServer(received.append) as server:
            monkeypatch.setattr(socket, "getaddrinfo", inside)
            with pytest.raises(NotReached, match=r"leads to a private address \(pictures.example\)"):
                here.connect(Vendor(), messenger()).download(
                    f"https://pictures.example:{server.port}/a.png", tmp_path / "x"
                )
        assert not any(connection.received for connection in received)

    def test_the_sandboxes_files_are_on_this_machine(self, here: World, tmp_path: Path) -> None:
        """Where the provider itself is here, others may be; and they get no credentials."""
        heads: list[bytes] = []

        def behave(connection: Connection) -> None:
            heads.append(connection.read_request())
            connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")

        with RawServer(behave) as server:
            local = HearingMessenger(line=LINE, api_key=SECRET, base_url="http://127.0.0.1:1")
            assert b"abc" == here_client(here, local).download(f"{server.url}/a.png", tmp_path / "x").read_bytes()
        assert b"authorization" not in heads[0].lower()

    def test_redirects_are_not_followed(self, here: World, tmp_path: Path) -> None:
        def behave(connection: Connection) -> None:
            connection.answer(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:2/\r\nContent-Length: 0\r\n\r\n")

        with RawServer(behave) as server:
            local = HearingMessenger(line=LINE, api_key=SECRET, base_url="http://127.0.0.1:1")
            with pytest.raises(ProviderError, match="HTTP 302"):
                here_client(here, local).download(f"{server.url}/a.png", tmp_path / "x")


def test_downloads_at_the_same_time_do_not_take_each_others_place(tmp_path: Path) -> None:
    """Each keeps its own content, under a name of its own."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=request.url.path.encode())

    vendor = Vendor()
    vendor.answer("GET /files", *[answer] * 24)
    urls = [f"https://acme.example/files/{number}%2Fimage.jpg" for number in range(24)]
    with Client(messenger(), http=vendor.transport()) as client, ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda url: client.download(url, tmp_path), urls))
    assert len(urls) == len(set(paths)) == len(list(tmp_path.iterdir()))
    assert [f"/files/{number}/image.jpg" for number in range(24)] == [path.read_text() for path in paths]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("64:ff9b::808:808", True),
        ("::ffff:8.8.8.8", True),
        *(
            (private, False)
            for private in [
                "127.0.0.1",
                "10.0.0.1",
                "172.16.0.1",
                "192.168.0.1",
                "169.254.169.254",
                "100.64.0.1",
                "0.0.0.0",
                "224.0.0.1",
                "255.255.255.255",
                "::1",
                "::",
                "fe80::1%eth0",
                "fd00::1",
                "ff02::1",
                "::ffff:10.0.0.1",
                "64:ff9b::a9fe:a9fe",
                "64:ff9b::a00:1",
                "64:ff9b:1::1",
                "2002:a00:1::1",
                "::7f00:1",
                "fec0::1",
            ]
        ),
    ],
)
def test_which_addresses_everybody_can_reach(address: str, expected: bool) -> None:
    """And which are, or lead to, private ones: by translation, tunnels and older forms."""
    assert expected is is_public_address(address)


def here_client(here: World, local: HearingMessenger) -> Any:
    """A client with a transport of our own."""

    class Nothing(Vendor):
        def transport(self) -> Any:
            return None

        def async_transport(self) -> Any:
            return None

    return here.connect(Nothing(), local)


class TestUpload:
    def test_a_file_is_stored_and_can_be_sent(self, here: World, tmp_path: Path) -> None:
        vendor = Vendor()
        stored: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            stored.append(request)
            return httpx.Response(200, json={})

        vendor.answer("POST /files", answer)
        client = here.connect(vendor, messenger())
        path = tmp_path / "my (best) picture.png"
        path.write_bytes(PICTURE)
        media = client.upload(path)
        assert ("image/png", len(PICTURE)) == (media.content_type, media.size)
        assert media.url.startswith("https://acme.example/files/")
        assert media.url.endswith("-my-best-picture.png")
        assert (PICTURE, "image/png") == (stored[0].content, stored[0].headers["content-type"])
        group = client.create_group(["+13125550101", "+13125550102"])
        assert client.send(group, Message("Look", media=media)).id

    def test_two_files_of_one_name_are_two(self, here: World, tmp_path: Path) -> None:
        vendor = Vendor()
        vendor.answer("POST /files", *[httpx.Response(200, json={})] * 2)
        client = here.connect(vendor, messenger())
        path = tmp_path / "a.jpg"
        path.write_bytes(PICTURE)
        assert client.upload(path).url != client.upload(path).url

    def test_a_type_can_be_said(self, here: World, tmp_path: Path) -> None:
        vendor = Vendor()
        vendor.answer("POST /files", *[httpx.Response(200, json={})] * 2)
        client = here.connect(vendor, messenger())
        path = tmp_path / "a"
        path.write_bytes(PICTURE)
        assert "application/octet-stream" == client.upload(path).content_type
        assert "image/heic" == client.upload(path, "image/heic").content_type

    @pytest.mark.parametrize("kind", ["image/gif\r\nx: y", "image", "", "image/\u00fc"])
    def test_a_type_that_is_none(self, here: World, tmp_path: Path, kind: str) -> None:
        with pytest.raises(InvalidInput, match="content_type is one such as image/jpeg"):
            here.connect(Vendor(), messenger()).upload(tmp_path / "a", kind)

    def test_what_is_too_large_is_not_sent_away(self, here: World, tmp_path: Path) -> None:
        vendor = Vendor()
        path = tmp_path / "a.jpg"
        path.write_bytes(b"x" * 1001)
        with pytest.raises(LimitExceeded, match="larger than 1000 bytes") as refused:
            here.connect(vendor, messenger()).upload(path)
        assert (1000, 1001, []) == (refused.value.limit, refused.value.asked, vendor.seen)

    def test_what_cannot_be_read(self, here: World, tmp_path: Path) -> None:
        client = here.connect(Vendor(), messenger())
        (tmp_path / "empty").touch()
        for path, why in ((tmp_path / "no.jpg", "cannot be read"), (tmp_path, "cannot be read")):
            with pytest.raises(InvalidInput, match=why):
                client.upload(path)
        with pytest.raises(InvalidInput, match="is empty"):
            client.upload(tmp_path / "empty")

    def test_a_provider_that_stores_nothing_says_so(self, here: World, tmp_path: Path) -> None:
        with pytest.raises(UnsupportedOperation, match="Acme cannot store files"):
            here.connect(Vendor()).upload(tmp_path / "a.jpg")

    def test_what_the_provider_refuses(self, here: World, tmp_path: Path) -> None:
        path = tmp_path / "a.jpg"
        path.write_bytes(PICTURE)
        vendor = Vendor()
        vendor.answer("POST /files", httpx.Response(400, json={"error": "no room"}))
        with pytest.raises(Rejected, match="no room"):
            here.connect(vendor, messenger()).upload(path)

    def test_a_lost_answer_is_told(self, here: World, tmp_path: Path) -> None:
        """Doing it again is safe: there is one file more than needed."""
        path = tmp_path / "a.jpg"
        path.write_bytes(PICTURE)
        vendor = Vendor()
        vendor.answer("POST /files", *[httpx.Response(500)] * 3)
        with pytest.raises(OutcomeUnknown, match="doing it again is safe"):
            here.connect(vendor, messenger(), patience=0).upload(path)
