"""The configuration file: everything that is wrong at once, clients of its connections, and consent to broadcasts."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

import acme
import anyio
import flyer
import pytest
from acme import ALICE, BOB, LINE, SECRET, Vendor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import groupmessenger as gm
from groupmessenger.configfile import DEFAULT, VARIABLE, dotted, names_in
from groupmessenger.options import OPTIONS, Options
from groupmessenger.provider import hookimpl

PLUGINS = [acme, flyer]
ACME = f'[connections.{{}}]\nprovider = "acme"\nline = "{LINE}"\napi_key = "{SECRET}"\n'
MAIN = ACME.format("main")


class Watching:
    """An observer among the plugins."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    @hookimpl
    def groupmessenger_before_send(self, attempt: gm.Attempt) -> None:
        self.seen.append(attempt.message.text)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with nothing configured."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


def load(text: str, **options: Any) -> gm.Config:
    Path(DEFAULT).write_text(text, encoding="utf-8")
    return gm.load_config(plugins=options.get("plugins", PLUGINS))


def problems(text: str) -> dict[str, str]:
    """Every problem by its path, with its cure."""
    with pytest.raises(gm.ConfigurationError) as caught:
        load(text)
    assert (None, None) == (caught.value.__cause__, caught.value.__context__), "where a traceback could show it"
    assert {DEFAULT} == {problem.file for problem in caught.value.problems}
    assert len(caught.value.problems) == len({problem.key for problem in caught.value.problems}), (
        "one fault, one problem"
    )
    return {problem.key: f"{problem.what} ({problem.cure})" for problem in caught.value.problems}


# --- what a file says


def test_a_file_has_connections(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With their settings, in the file and elsewhere, and their options."""
    monkeypatch.setenv("ACME_KEY", SECRET)
    (here / "secrets").mkdir()
    (here / "secrets" / "flyer").write_text(f"{SECRET}\n")
    config = load(f"""
        default = "main"
        prefer = ["main", "an other"]
        directory = {{ url = "sqlite:///groups.db" }}
        webhooks = {{ public_url = "https://example.com/hooks" }}
        [connections.main]
        provider = "acme"
        line = "{LINE}"
        api_key = {{ env = "ACME_KEY" }}
        region = "US"
        timeout = 5
        patience = 0.5
        strict = true
        settle_after = 60
        pace = "10/s"
        limits = {{ recipients = 4 }}
        [connections."an other"]
        provider = "flyer"
        line = "{LINE}"
        api_key = {{ file = "secrets/flyer" }}
        folded = true
        allow_broadcast = true
        failover = true
    """)
    main, other = config.connections.values()
    assert acme.AcmeMessenger(line=LINE, api_key=SECRET) == main.messenger
    assert flyer.FlyerMessenger(line=LINE, api_key=SECRET, folded=True) == other.messenger
    assert ("main", "acme", "an other", "flyer") == (main.name, main.provider, other.name, other.provider)
    expected = Options(
        region="US", timeout=5, patience=0.5, strict=True, settle_after=60, pace="10/s", limits={"recipients": 4}
    )
    assert expected == main.options
    assert Options(allow_broadcast=True, failover=True) == other.options
    assert ("main", ("main", "an other")) == (config.default, config.prefer)
    assert ("sqlite:///groups.db", "https://example.com/hooks") == (config.directory_url, config.public_url)
    for text in (repr(config), str(config), repr(main), repr(other)):
        assert not [private for private in (SECRET, LINE, LINE[1:], "groups.db") if private in text]


def test_where_the_file_is(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As given, else where the variable points, else in the working folder."""
    for name in (DEFAULT, "by-variable.toml", "given.toml"):
        (here / name).write_text(ACME.format(name.partition(".")[0]))
    assert ["groupmessenger"] == list(gm.load_config(plugins=PLUGINS).connections)
    monkeypatch.setenv(VARIABLE, "")
    assert ["groupmessenger"] == list(gm.load_config(plugins=PLUGINS).connections)
    monkeypatch.setenv(VARIABLE, str(here / "by-variable.toml"))
    assert ["by-variable"] == list(gm.load_config(plugins=PLUGINS).connections)
    assert Path("given.toml") == gm.load_config("given.toml", plugins=PLUGINS).path
    assert ["given"] == list(gm.load_config(here / "given.toml", plugins=PLUGINS).connections)


def test_relative_paths_begin_where_the_file_is(here: Path) -> None:
    (here / "etc").mkdir()
    (here / "etc" / "key").write_bytes(SECRET.encode() + b"\r\n")
    (here / "etc" / "config.toml").write_text(MAIN.replace(f'"{SECRET}"', '{ file = "key" }'))
    config = gm.load_config("etc/config.toml", plugins=PLUGINS)
    assert acme.AcmeMessenger(line=LINE, api_key=SECRET) == config.connections["main"].messenger


def test_a_database_has_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE", "postgresql+psycopg://me:secret@db/groups")
    assert (
        "postgresql+psycopg://me:secret@db/groups"
        == load(f'directory.url = {{ env = "DATABASE" }}\n{MAIN}').directory_url
    )
    monkeypatch.setenv("DATABASE", "tulips")
    assert {"directory.url"} == set(problems(f'directory.url = {{ env = "DATABASE" }}\n{MAIN}'))


def test_a_file_of_windows_is_read() -> None:
    assert "main" == load("\ufeff" + MAIN.replace("\n", "\r\n")).default


# --- what is wrong with it

WRONG = """
default = "man"
prefer = ["main", "mian", "main", 5]
colour = "mauve-ish"
[backup]
provider = "acme"
[directory]
url = "groups.db"
uri = "x"
[webhooks]
public_url = "http://hooks.example/"
[connections.main]
provider = "acme"
lin = "+13125550100"
api_key = { env = "UNSET_KEY" }
timeot = 5
timeout = "5 weeks"
patience = true
strict = "perhaps-so"
region = "Xanadu"
pace = "sixty"
base_url = "http://acme.example"
[connections.main.limits]
recipents = 5
text = "lots-of-it"
media = true
[connections.second]
provider = "flyer"
line = "5551234567"
api_key = { file = "not/there" }
folded = "perhaps-so"
colour = { env = "EMPTY_ONE" }
limits = 7
[connections.third]
provider = "flyer"
line = "+13125550100"
api_key = { env = "KEY", file = "key" }
folded = { path = "x" }
colour = { file = "binary" }
[connections.fourth]
provider = "flyer"
line = "+13125550100"
api_key = "sesame-open-up"
colour = "blue-ish"
folded = true
[connections.fifth]
provider = "whatsup"
timeout = 0
token = { env = "sesame-open-up" }
[connections.sixth]
provider = "sendbleu"
[connections.seventh]
line = 5
[connections.eighth]
provider = ["acme"]
[connections."+13125550100"]
provider = "+13125550199"
[connections]
ninth = 9
" " = { provider = "acme", line = "+13125550100", api_key = "sesame-open-up" }
"""

FAULTS = {
    "default": ("no such connection", "did you mean 'main'?"),
    "prefer[1]": ("no such connection", "did you mean 'main'?"),
    "prefer[2]": ("named twice", "once"),
    "prefer[3]": ("must be a text", ""),
    "colour": ("no such key", "there are default, prefer, switch_on_change, directory, webhooks, connections"),
    "backup": ("no such key", "write [connections.backup]"),
    "directory.uri": ("no such key", "did you mean 'url'?"),
    "webhooks.public_url": ("no https URL", "loopback"),
    "connections.main.lin": ("no such setting", "did you mean 'line'?"),
    "connections.main.line": ("missing", 'line = "..."'),
    "connections.main.api_key": ("environment variable UNSET_KEY is not set", "set UNSET_KEY"),
    "connections.main.timeot": ("no such setting", "did you mean 'timeout'?"),
    "connections.main.timeout": ("a number of seconds", "more than 0"),
    "connections.main.patience": ("a number of seconds", "0 or more"),
    "connections.main.strict": ("true or false", ""),
    "connections.main.region": ("two letters", "US"),
    "connections.main.pace": ("a number above 0 and a unit", "10/s"),
    "connections.main.base_url": ("no https URL", "loopback"),
    "connections.main.limits.recipents": ("no", "did you mean 'recipients'?"),
    "connections.main.limits.text": ("not a whole number", ""),
    "connections.main.limits.media": ("not a whole number", ""),
    "connections.second.line": ("not a phone number", "'+' and the country code"),
    "connections.second.api_key": ("the file 'not/there' cannot be read", "readable"),
    "connections.second.folded": ("not what Flyer needs", ""),
    "connections.second.colour": ("environment variable EMPTY_ONE is empty", "set EMPTY_ONE"),
    "connections.second.limits": ("a mapping", "limits.recipients = 20"),
    "connections.third.api_key": ("one of the two", '{ env = "NAME" } or { file = "path" }'),
    "connections.third.folded": ("one of the two", '{ env = "NAME" } or { file = "path" }'),
    "connections.third.colour": ("the file 'binary' is not UTF-8", ""),
    "connections.fourth.folded": ("coloured paper", "leave out colour or folded"),
    "connections.fifth.provider": ("no provider 'whatsup'", "pip install groupmessenger-whatsup"),
    "connections.fifth.timeout": ("a number of seconds", "more than 0"),
    "connections.fifth.token": ("no name of an environment variable", "letters"),
    "connections.sixth.provider": ("no provider 'sendbleu'", "did you mean 'sendblue'?"),
    "connections.seventh.provider": ("missing", 'provider = "..."'),
    "connections.eighth.provider": ("must be a text", "sendblue"),
    'connections."+13125550100".provider': ("no provider's name", "sendblue"),
    "connections.ninth": ("must be a table", "[connections.ninth]"),
    'connections." "': ("printable", "another name"),
}


def test_everything_that_is_wrong_is_said_at_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each fault with its path in the file and the cure, and never a value."""
    monkeypatch.delenv("UNSET_KEY", raising=False)
    monkeypatch.setenv("EMPTY_ONE", "")
    (here / "binary").write_bytes(b"\xff\xfe")
    found = problems(WRONG)
    assert set(FAULTS) == set(found)
    assert [] == [(key, found[key]) for key, words in FAULTS.items() for each in words if each not in found[key]]
    text = "\n".join(found.values())
    values = "mauve 5551234567 5550199 3125550100 sesame Xanadu perhaps-so blue-ish lots-of weeks sixty hooks.example"
    assert [] == [value for value in values.split() if value in text]


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("", "connections", "there is none"),
        ("[connections]", "connections", "[connections.main]"),
        ("connections = 5", "connections", "must be a table"),
        ("connections = []", "connections", "must be a table"),
        (f"default = 5\n{MAIN}", "default", "must be a text"),
        (f'default = ""\n{MAIN}', "default", "no such connection"),
        (f'prefer = "main"\n{MAIN}', "prefer", "must be a list of names"),
        (f"directory = 5\n{MAIN}", "directory", "must be a table"),
        (f"directory = {{}}\n{MAIN}", "directory.url", "missing"),
        (f"directory.url = 5\n{MAIN}", "directory.url", "no database URL"),
        (f'directory.url = "x"\n{MAIN}', "directory.url", "no database URL"),
        (f'directory.url.env = "UNSET_URL"\n{MAIN}', "directory.url", "UNSET_URL is not set"),
        (f"webhooks = []\n{MAIN}", "webhooks", "must be a table"),
        (f"webhooks.public_url = true\n{MAIN}", "webhooks.public_url", "must be a text"),
        (f'webhooks.public_url = "https://me@example.com/"\n{MAIN}', "webhooks.public_url", "no https URL"),
        (f'webhooks.public_url = "https://example.com/?a=b"\n{MAIN}', "webhooks.public_url", "no https URL"),
        (f'webhooks.public_url = "https://[/"\n{MAIN}', "webhooks.public_url", "no https URL"),
        (MAIN.replace(f'"{SECRET}"', '{ file = "a\\u0000b" }'), "connections.main.api_key", "no file can have"),
        (MAIN.replace(f'"{SECRET}"', '{ file = "." }'), "connections.main.api_key", "directory"),
        (MAIN.replace(f'"{SECRET}"', '{ file = "empty" }'), "connections.main.api_key", "is empty"),
        (MAIN.replace(f'"{SECRET}"', '{ file = "long" }'), "connections.main.api_key", "too long"),
        (MAIN.replace(f'"{SECRET}"', "{ file = 5 }"), "connections.main.api_key", "one of the two"),
        (MAIN.replace(f'"{SECRET}"', "5"), "connections.main.api_key", "a text"),
        ("[connections.main\n", "", "line 1, column"),
        ("a = 1\na = 2\n", "", "line 2"),
        (f"a = {'9' * 5000}", "", "TOML"),
        (f"a = {'[' * 5000}", "", "TOML"),
    ],
)
def test_a_fault_is_said(here: Path, text: str, key: str, words: str) -> None:
    (here / "empty").write_text("\n")
    (here / "long").write_text("x" * 70_000)
    found = problems(text)
    assert [key] == list(found)
    assert words in found[key]


def test_a_public_url_may_be_on_this_machine() -> None:
    for url in ("http://127.0.0.1:8000/x", "http://localhost", "http://[::1]:80/", "HTTPS://example.com"):
        assert url == load(f'webhooks.public_url = "{url}"\n{MAIN}').public_url


def test_a_file_that_cannot_be_read_is_said(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing, a folder, not UTF-8, not allowed; as it was named."""
    (here / "folder").mkdir()
    (here / "latin.toml").write_bytes(b'a = "\xe9"')
    for name, words in {
        "gone.toml": "gone.toml: there is no such file .*groupmessenger config init",
        "folder": "folder: it cannot be read",
        "latin.toml": "latin.toml: it is not UTF-8",
        "nul\0": "cannot be read",
    }.items():
        with pytest.raises(gm.ConfigurationError, match=words):
            gm.load_config(name)
        assert () == names_in(Path(name))
    with pytest.raises(gm.ConfigurationError, match=f"{DEFAULT}: there is no such file"):
        gm.load_config()
    monkeypatch.setenv(VARIABLE, "elsewhere.toml")
    with pytest.raises(gm.ConfigurationError, match=r"elsewhere.toml: there is no such file"):
        gm.load_config()


def test_a_broken_provider_hides_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    """It is a problem of its connection; the others are checked, and its traceback is logged."""

    class Broken:
        @hookimpl
        def groupmessenger_provider(self) -> Any:
            return [][1]

    text = MAIN + '[connections.other]\nprovider = "flyer"\ntimeout = 0\n'
    with caplog.at_level(logging.WARNING), pytest.raises(gm.ConfigurationError) as caught:
        load(text, plugins=[acme, Broken()])
    assert ["connections.other.provider", "connections.other.timeout"] == [each.key for each in caught.value.problems]
    assert "IndexError" in str(caught.value)
    assert "Traceback" in caplog.text


def test_paths_are_written_as_in_the_file() -> None:
    assert 'connections."a b"."".x-y[3]' == dotted("connections", "a b", "", "x-y", 3)
    assert '"\\u0000\\u00e9"' == dotted("\0é")


# --- clients


def test_a_connection_is_connected_to() -> None:
    """By name, or the only one; with its options, and observers given when loading and when connecting."""
    vendor, early, late = Vendor(), Watching(), Watching()
    config = load(MAIN + 'region = "US"\nlimits.text = 3\nsettle_after = 7', plugins=[acme, early])
    assert "main" == config.default
    for name in (None, "main"):
        with config.connect(name, http=vendor.transport(), plugins=[late, early]) as client:
            client.send_direct("(312) 555-0101", "hi")
            with pytest.raises(gm.LimitExceeded):
                client.send_direct(ALICE, "long")
            assert 7 == client.capabilities.settle
    assert (["hi"] * 2, ["hi"] * 2, ["hi"] * 2) == (vendor.texts, early.seen, late.seen)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_is_connected_to_asynchronously(backend: str) -> None:
    vendor = Vendor()
    config = load(MAIN + 'region = "US"\n')

    async def main() -> None:
        async with config.connect_async("main", http=vendor.async_transport()) as client:
            await client.send_direct("(312) 555-0101", "hi")
        async with gm.connect_async(http=vendor.async_transport(), plugins=PLUGINS) as client:
            await client.send_direct("(312) 555-0101", "again")

    anyio.run(main, backend=backend)
    assert ["hi", "again"] == vendor.texts


def test_a_connection_is_chosen() -> None:
    """The default where there is one; where there is none, it has to be named."""
    both = MAIN + ACME.format("backup")
    config = load(both)
    assert None is config.default
    for connect in (config.connect, config.connect_async):
        with pytest.raises(gm.ConfigurationError, match=r"several connections \(main, backup\) and no default"):
            connect()
        with pytest.raises(gm.ConfigurationError, match="did you mean 'backup'"):
            connect("bakup")
        with pytest.raises(gm.ConfigurationError, match="there are main, backup"):
            connect("zzz")
    assert "backup" == load(f'default = "backup"\n{both}').connection().name


def test_an_exceeded_limit_names_the_connections_that_fit() -> None:
    """Of the same kind, with their own limits; they are asked only then."""
    config = load(
        f"{MAIN}limits.recipients = 2\n{ACME.format('roomy')}{ACME.format('small')}limits.recipients = 1\n"
        + ACME.format("papers").replace("acme", "flyer")
    )
    with config.connect("main") as client, pytest.raises(gm.LimitExceeded) as caught:
        client.create_group([f"+131255501{number}" for number in range(10, 13)])
    assert ("roomy",) == caught.value.alternatives


# --- consent


@pytest.mark.parametrize("way", ["connect", "connect_async", "default"])
def test_another_provider_in_the_file_makes_no_private_copies(way: str) -> None:
    """Until the connection says that it may, or code asks for them."""

    def create(text: str, **options: Any) -> gm.Group:
        config = load(text)
        if way == "connect_async":

            async def main() -> gm.Group:
                async with config.connect_async("main") as client:
                    return await client.create_group([ALICE, BOB], **options)

            return anyio.run(main)
        with config.connect() if way == "connect" else gm.connect(plugins=PLUGINS) as client:
            return client.create_group([ALICE, BOB], **options)

    assert gm.Topology.SHARED_THREAD is create(MAIN).topology
    moved = MAIN.replace('"acme"', '"flyer"')
    with pytest.raises(gm.BroadcastRefused, match=r"connection main is at Flyer.*allow_broadcast = true"):
        create(moved)
    with pytest.raises(gm.BroadcastRefused):
        create(f"{moved}allow_broadcast = false\n")
    assert gm.Topology.BROADCAST is create(f"{moved}allow_broadcast = true\n").topology
    assert gm.Topology.BROADCAST is create(moved, topology="broadcast").topology
    with pytest.raises(gm.BroadcastRefused):
        create(f"{moved}allow_broadcast = true\n", topology="shared_thread")


# --- whatever is written

SCALARS = (
    st.booleans() | st.integers(-5, 10**12) | st.floats() | st.text() | st.just(LINE) | st.sampled_from([*OPTIONS])
)
VALUES = st.recursive(
    SCALARS, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3), max_leaves=6
)
REFERENCES = st.fixed_dictionaries({}, optional={"env": VALUES, "file": VALUES, "path": VALUES})
CONNECTIONS = st.dictionaries(
    st.sampled_from(["line", "api_key", "base_url", "folded", "colour", "status_callback", *OPTIONS]),
    VALUES | REFERENCES,
).flatmap(
    lambda table: st.sampled_from(["acme", "flyer", "sendblue", "zzz", "", 5, None]).map(
        lambda provider: table if provider is None else {**table, "provider": provider}
    )
)
TOP = st.fixed_dictionaries(
    {},
    optional={
        "default": VALUES,
        "prefer": VALUES | st.lists(st.text(max_size=1) | st.just("a")),
        "directory": VALUES | st.fixed_dictionaries({"url": VALUES | REFERENCES}),
        "webhooks": VALUES | st.fixed_dictionaries({"public_url": VALUES}),
        "connections": VALUES | st.dictionaries(st.text(max_size=2) | st.just("a"), CONNECTIONS | VALUES, max_size=3),
    },
)


def toml(value: Any) -> str:
    """Write a value as TOML, in one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{toml(str(key))} = {toml(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)


QUICKLY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICKLY
@given(
    TOP | st.dictionaries(st.text(max_size=3), VALUES, max_size=3).flatmap(lambda odd: TOP.map(lambda top: odd | top))
)
def test_nothing_else_is_ever_raised(top: dict[str, Any]) -> None:
    """Whatever a file holds: a configuration, or ConfigurationError."""
    with suppress(gm.ConfigurationError):
        config = load("\n".join(f"{toml(key)} = {toml(value)}" for key, value in top.items()))
        for name in config.connections:
            config.connect(name).close()


@QUICKLY
@given(st.text() | st.text(st.sampled_from('[]={}"\n.#a1 ')) | st.binary())
def test_nor_for_what_is_no_toml(text: str | bytes) -> None:
    Path(DEFAULT).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
    with pytest.raises(gm.ConfigurationError):
        gm.load_config()


@QUICKLY
@given(
    st.text(st.characters(codec="utf-8"), min_size=4, max_size=30).map(lambda text: f"Qz{text}zQ"),
    st.sampled_from(["acme", "flyer", "sendblue"]),
    st.sampled_from(
        ["line", "api_key", "api_key_id", "base_url", "folded", "exclusive_line", "status_callback", "odd", *OPTIONS]
    ),
    st.sampled_from(["{}", "[{}]", "{{ key = {} }}"]),
)
def test_no_value_is_ever_shown(private: str, provider: str, key: str, form: str) -> None:
    """Neither in an error, nor in the repr of what came of it."""
    text = f'[connections.main]\nprovider = "{provider}"\n{key} = {form.format(toml(private))}\n'
    if key != "line":
        text += f'line = "{LINE}"\n'
    if key != "api_key" and provider != "sendblue":
        text += f'api_key = "{SECRET}"\n'
    try:
        shown = repr(load(text))
    except gm.ConfigurationError as error:
        shown = f"{error} {error!r} {error.args!r} {error.__context__!r}"
    assert not [each for each in (private, "Qz", SECRET, LINE, LINE[1:]) if each in shown]
