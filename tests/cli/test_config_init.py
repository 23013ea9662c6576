"""`config init`: a file to begin with."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import attrs
import pytest
from cli.running import ANN, BOB, Here

from groupmessenger import GroupMessengerError, load_config
from groupmessenger.fields import SECRET
from groupmessenger.messenger import GroupMessenger
from groupmessenger.plugins import load_provider

NAMES = ("sendblue", "messagebird", "bandwidth")
PROVIDER = """
import attrs
from acme import AcmeMessenger
from groupmessenger.provider import hookimpl, setting


@attrs.frozen
class Messenger(AcmeMessenger):
    name = "acme-pro.eu"
    title = "Acme Pro"
    note: str = setting("in quotes", default='say "hi"')


@hookimpl
def groupmessenger_provider():
    return Messenger
"""


def settings_of(name: str) -> dict[str, attrs.Attribute[Any]]:
    kind: type[GroupMessenger] = load_provider(name)
    return {field.alias or field.name: field for field in attrs.fields(kind) if field.init}  # type: ignore[arg-type]


def test_every_setting_is_in_it(here: Here) -> None:
    """What is needed stands there, the rest in comments; all of it is the TOML that it should be."""
    ran = here.run("config", "init", *NAMES, "--config", "new.toml")
    assert (0, True) == (ran.exit, ran.tells("✓ new.toml is written", "check --config new.toml"))
    text = Path("new.toml").read_text()
    written = tomllib.loads(text)
    assert ("sendblue", NAMES) == (written["default"], tuple(written["connections"]))
    uncommented = tomllib.loads(re.sub(r"^# (?=[a-z_]+ = )", "", text, flags=re.MULTILINE))
    for name in NAMES:
        fields = settings_of(name)
        needed = {key for key, field in fields.items() if field.default is attrs.NOTHING}
        assert needed | {"provider"} <= written["connections"][name].keys()
        assert fields.keys() <= uncommented["connections"][name].keys()
        for key in ("region", "timeout", "patience", "strict", "failover"):
            assert key in uncommented["connections"][name]
    assert ["sendblue", "messagebird", "bandwidth"] == uncommented["prefer"]
    assert "follow" == uncommented["switch_on_change"]
    assert {"url": "sqlite:///groups.db"} == written["directory"]
    assert [False, True, False] == ["allow_broadcast" in uncommented["connections"][name] for name in NAMES]


def test_secrets_are_not_in_it(here: Here) -> None:
    """Each secret is a reference to the environment, and no two are the same."""
    here.run("config", "init", *NAMES, "--config", "new.toml")
    text = re.sub(r"^# (?=[a-z_]+ = )", "", Path("new.toml").read_text(), flags=re.MULTILINE)
    written = tomllib.loads(text)["connections"]
    secrets = [
        written[name][key]["env"]
        for name in NAMES
        for key, field in settings_of(name).items()
        if field.metadata.get(SECRET)
    ]
    assert "SENDBLUE_API_SECRET_KEY" in secrets
    assert len(secrets) == len(set(secrets))
    assert "sandbox" not in text


@pytest.mark.parametrize("name", NAMES)
def test_filled_in_it_works(here: Here, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Before that it says what is missing; with settings and secrets it loads, and sends."""
    here.run("config", "init", name, "--force")
    ran = here.run("check", "--json")
    assert 2 == ran.exit
    assert all(problem["key"].startswith(f"connections.{name}.") for problem in ran.error["problems"])
    text = Path("groupmessenger.toml").read_text()
    for key, value in here.settings(name).items():
        filled = f"{key} = {json.dumps(value)}"
        if settings_of(name).get(key) is not None and settings_of(name)[key].metadata.get(SECRET):
            monkeypatch.setenv(f"{name}_{key}".upper(), value[0] if isinstance(value, list) else value)
        else:
            text = re.sub(rf"^(# )?{key} = .*$", filled, text, flags=re.MULTILINE)
    Path("groupmessenger.toml").write_text(text)
    assert [name] == list(load_config().connections)
    assert 0 == here.run("check").exit
    assert 0 == here.run("send", "--to", ANN, "--to", BOB, "Dinner?", "--separately").exit
    assert [["Dinner?"]] * 2 == here.texts(ANN, BOB)


def test_groups_with_names(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file has a directory; where its extra is missing it is commented out, with what installs it."""
    here.run("config", "init", "sendblue", "--config", "new.toml")
    monkeypatch.setitem(sys.modules, "alembic", None)
    here.run("config", "init", "sendblue", "--config", "without.toml")
    text = Path("without.toml").read_text()
    assert ("directory" in tomllib.loads(Path("new.toml").read_text()), False) == (
        True,
        "directory" in tomllib.loads(text),
    )
    assert "pip install 'groupmessenger[switchboard]'" in text


def test_only_its_owner_reads_it(here: Here) -> None:
    """Also where it is written over one that others could read."""
    path = here.folder / "groupmessenger.toml"
    path.chmod(0o644)
    for arguments in (("--config", "new.toml"), ("--force",)):
        assert 0 == here.run("config", "init", "sendblue", *arguments).exit
    assert [0o600, 0o600] == [each.stat().st_mode & 0o777 for each in (path, here.folder / "new.toml")]


def test_nothing_is_overwritten(here: Here) -> None:
    """Unless that is what was asked for."""
    path = here.folder / "groupmessenger.toml"
    before = path.read_text()
    ran = here.run("config", "init", "sendblue", "--json")
    assert (2, before) == (ran.exit, path.read_text())
    assert ("groupmessenger.toml", "there is such a file already", "choose another --config, or --force") == (
        ran.error["problems"][0]["file"],
        ran.error["problems"][0]["what"],
        ran.error["problems"][0]["cure"],
    )
    assert {"file": "groupmessenger.toml"} == here.run("config", "init", "sendblue", "--force", "--json").json
    assert path.read_text() != before


def test_where_the_other_commands_look(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that the environment names is the one that is written."""
    monkeypatch.setenv("GROUPMESSENGER_CONFIG", "mine.toml")
    assert {"file": "mine.toml"} == here.run("config", "init", "sendblue", "--json").json
    assert here.run("check").tells("mine.toml: connections.sendblue.line")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "PROVIDER requires an argument"),
        (("sendblu",), "did you mean 'sendblue'?"),
        (("sendblue", "acme"), "pip install groupmessenger-acme"),
        (("sendblue", "--config", "no/such/folder.toml"), "it cannot be written"),
        (("sendblue", "--config", ".", "--force"), "it cannot be written"),
    ],
)
def test_what_cannot_be_written(here: Here, arguments: tuple[str, ...], said: str) -> None:
    """It is said, and no file is begun."""
    (here.folder / "groupmessenger.toml").unlink()
    ran = here.run("config", "init", *arguments)
    assert (2, True, []) == (ran.exit, ran.tells(said), list(here.folder.glob("*.toml")))


def test_any_name_and_any_value(here: Here) -> None:
    """A provider's name may have a dot and a hyphen, and what it says may have quotes."""
    here.install("acme-pro.eu", PROVIDER, "providers")
    ran = here.run("config", "init", "acme-pro.eu", "--force", "--json")
    assert 0 == ran.exit
    text = Path("groupmessenger.toml").read_text()
    written = tomllib.loads(re.sub(r"^# (?=[a-z_]+ = )", "", text, flags=re.MULTILINE))["connections"]["acme-pro.eu"]
    assert ("acme-pro.eu", 'say "hi"', "ACME_PRO_EU_API_KEY") == (
        written["provider"],
        written["note"],
        written["api_key"]["env"],
    )
    with pytest.raises(GroupMessengerError, match="ACME_PRO_EU_API_KEY is not set"):
        load_config()
