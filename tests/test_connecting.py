"""From a name, a URL or what is configured to a client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import acme
import anyio
import flyer
import pytest
from acme import ALICE, BOB, LINE, SECRET, Vendor

import groupmessenger as gm
from groupmessenger.configfile import VARIABLE
from groupmessenger.connecting import URL_VARIABLE
from groupmessenger.plugins import BrokenPlugin
from groupmessenger.provider import LimitName, hookimpl


class Watching:
    """An observer among the plugins."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    @hookimpl
    def groupmessenger_before_send(self, attempt: gm.Attempt) -> None:
        self.seen.append(attempt.message.text)


def test_a_name_and_settings_are_a_connection() -> None:
    """With the options of a client, and plugins that are not installed."""
    vendor, watching = Vendor(), Watching()
    with gm.connect(
        "acme",
        line=LINE,
        api_key=SECRET,
        http=vendor.transport(),
        plugins=iter([watching, acme]),
        region="US",
        limits={"text": 3},
        settle_after=7,
        timeout=3,
        patience=2,
    ) as client:
        client.send_direct("(312) 555-0101", "hi")
        with pytest.raises(gm.LimitExceeded):
            client.send_direct(ALICE, "long")
        assert 7 == client.capabilities.settle
    assert (["hi"], ["hi"]) == (watching.seen, vendor.texts)


def test_an_asynchronous_connection_is_made_at_once() -> None:
    """`connect_async` is a plain function, for `async with`."""
    vendor, watching = Vendor(), Watching()

    async def main() -> None:
        async with gm.connect_async(
            "acme", line=LINE, api_key=SECRET, http=vendor.async_transport(), plugins=[acme, watching], strict=True
        ) as client:
            await client.send_direct(ALICE, "hi")
            with pytest.raises(gm.UnsupportedOperation):
                await client.send_direct(ALICE, gm.Message("hi", effect="snow"))

    anyio.run(main)
    assert (["hi"], ["hi"]) == (watching.seen, vendor.texts)


def test_connecting_makes_no_request() -> None:
    vendor = Vendor()
    gm.connect("acme", line=LINE, api_key=SECRET, http=vendor.transport(), plugins=[acme]).close()
    assert [] == vendor.seen


@pytest.mark.parametrize("connect", [gm.connect, gm.connect_async])
def test_what_is_wrong_is_said_without_a_request(connect: Any) -> None:
    """No provider, a provider nobody has, settings that cannot be, an address that cannot be."""
    with pytest.raises(gm.ConfigurationError, match="provider"):
        connect()
    with pytest.raises(gm.ConfigurationError, match="no text"):
        connect(5)
    with pytest.raises(gm.ConfigurationError, match="'zzz' is installed"):
        connect("zzz")
    with pytest.raises(gm.ConfigurationError) as caught:
        connect("acme", plugins=[acme], api_kee=SECRET)
    assert {"api_kee", "api_key", "line"} == {problem.key for problem in caught.value.problems}
    assert SECRET not in str(caught.value)
    with pytest.raises(gm.ConfigurationError, match="base_url"):
        connect("acme", plugins=[acme], api_key=SECRET, line=LINE, base_url="http://acme.example")
    with pytest.raises(gm.ConfigurationError, match="timeout"):
        connect("acme", plugins=[acme], api_key=SECRET, line=LINE, timeout=0)


# --- by URL, by the environment, by a file

NAMED = f"acme://?api_key={SECRET}&line={LINE}"
FLYER = f"flyer://{SECRET}@{LINE}"
FILE = f'[connections.main]\nprovider = "{{}}"\nline = "{LINE}"\napi_key = "{SECRET}"\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with nothing configured."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    return tmp_path


def options(client: gm.Client | gm.AsyncClient) -> tuple[Any, ...]:
    """What a client was made with."""
    text = client.capabilities.limit(LimitName.TEXT)
    found = client.operations
    return (client.messenger.name, found.region, text and text.value, found.capabilities.settle, found._planner.strict)


@pytest.mark.parametrize("connect", [gm.connect, gm.connect_async])
def test_what_is_said_in_code_goes_first(connect: Any, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of options, in a URL, the environment and a file; what is said nowhere is as it is for a name."""
    said = {"region": "US", "limits.text": "7", "settle_after": "60", "strict": "true"}
    query = "&".join(f"{name}={value}" for name, value in said.items())
    (here / "groupmessenger.toml").write_text(
        FILE.format("acme") + 'region = "US"\nlimits.text = 7\nsettle_after = 60\nstrict = true\n'
    )
    own = {"limits": {"text": 5}, "strict": False}
    assert ("acme", None, 400, 600, False) == options(connect("acme", line=LINE, api_key=SECRET, plugins=[acme]))
    for target in (f"{NAMED}&{query}", None):
        assert ("acme", "US", 7, 60, True) == options(connect(target, plugins=[acme]))
        assert ("acme", "US", 5, 60, False) == options(connect(target, plugins=[acme], **own))
        assert ("acme", "GB", 7, 1, True) == options(connect(target, plugins=[acme], region="gb", settle_after=1))
        with pytest.raises(gm.ConfigurationError, match="timeout"):
            connect(target, plugins=[acme], timeout=0)
    monkeypatch.setenv(URL_VARIABLE, f"{FLYER}?limits.text=9")
    assert ("flyer", None, 9, 600, False) == options(connect(plugins=[flyer])), "the URL goes before the file"
    monkeypatch.setenv(URL_VARIABLE, "")
    assert "acme" == options(connect(plugins=[acme]))[0]


def test_times_are_as_said_first() -> None:
    for given, expected in (({}, (5, 7)), ({"timeout": 1, "patience": 0}, (1, 0))):
        client: Any = gm.connect(f"{NAMED}&timeout=5&patience=7", plugins=[acme], **given)  # type: ignore[arg-type]
        assert expected == (client._transport._rules.timeout, client.driver._exchange.patience)


@pytest.mark.parametrize("connect", [gm.connect, gm.connect_async])
def test_settings_go_with_a_url_and_not_with_nothing(connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyword goes before the URL's own; without a provider named it has no meaning."""
    made = connect(f"flyer://{LINE}?colour=blue", api_key=SECRET, colour="red", plugins=[flyer])
    assert flyer.FlyerMessenger(line=LINE, api_key=SECRET, colour="red") == made.messenger
    monkeypatch.setenv(URL_VARIABLE, FLYER)
    with pytest.raises(gm.ConfigurationError, match=r"no provider named \(connect\(name, ...\)"):
        connect(line=LINE, plugins=[flyer])


@pytest.mark.parametrize("connect", [gm.connect, gm.connect_async])
def test_where_nothing_is_configured_that_is_said(connect: Any, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was looked for; and the variable, where it is the URL in it that is wrong."""
    with pytest.raises(gm.ConfigurationError) as caught:
        connect()
    for words in ("GROUPMESSENGER_URL", "groupmessenger.toml", "groupmessenger config init", "sendblue"):
        assert words in str(caught.value)
    monkeypatch.setenv(VARIABLE, str(here / "gone.toml"))
    with pytest.raises(gm.ConfigurationError, match=r"gone\.toml: there is no such file"):
        connect()
    monkeypatch.setenv(URL_VARIABLE, f"{FLYER}?colour=a&colour=b")
    with pytest.raises(gm.ConfigurationError, match=r"^GROUPMESSENGER_URL: colour: it is given twice"):
        connect(plugins=[flyer])


@pytest.mark.parametrize("connect", [gm.connect, gm.connect_async])
def test_a_connection_s_name_is_no_provider_s(connect: Any, here: Path) -> None:
    """Whoever mistakes one for the other is told."""
    with pytest.raises(gm.ConfigurationError, match="pip install groupmessenger-main"):
        connect("main")
    (here / "groupmessenger.toml").write_text(FILE.format("nobody"))
    with pytest.raises(gm.ConfigurationError, match=r'load_config\(\).connect\("main"\)'):
        connect("main")
    with pytest.raises(gm.ConfigurationError, match="pip install groupmessenger-zzz"):
        connect("zzz")


def test_a_broken_provider_keeps_its_traceback(here: Path) -> None:
    class Broken:
        @hookimpl
        def groupmessenger_provider(self) -> Any:
            return [][1]

    (here / "groupmessenger.toml").write_text(FILE.format("main"))
    for target in ("main", f"main://{LINE}"):
        with pytest.raises(BrokenPlugin) as caught:
            gm.connect(target, plugins=[Broken()])
        assert "IndexError" in caught.value.traceback


@pytest.mark.parametrize("source", ["url", "GROUPMESSENGER_URL"])
def test_a_provider_that_a_url_chose_makes_no_private_copies(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the URL says that it may, or code asks for them. Who names the provider in code knows."""

    def create(url: str, **wanted: Any) -> gm.Group:
        monkeypatch.setenv(URL_VARIABLE, url)
        with gm.connect(url if source == "url" else None, plugins=[flyer]) as client:
            return client.create_group([ALICE, BOB], **wanted)

    with pytest.raises(gm.BroadcastRefused, match=f"connection {source} is at Flyer"):
        create(FLYER)
    assert gm.Topology.BROADCAST is create(f"{FLYER}?allow_broadcast=true").topology
    assert gm.Topology.BROADCAST is create(FLYER, topology="broadcast").topology
    with gm.connect("flyer", line=LINE, api_key=SECRET, plugins=[flyer]) as client:
        assert gm.Topology.BROADCAST is client.create_group([ALICE, BOB]).topology
