"""Plugins, installed for real: a distribution in a folder on the path, with its entry points."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import Mock

import acme
import attrs
import pytest
from acme import ALICE, LINE, SECRET, WAYS, AcmeMessenger, Vendor, World, world

import groupmessenger as gm
from groupmessenger.messages import Attempt, Receipt
from groupmessenger.plugins import (
    BLOCK,
    BrokenPlugin,
    installed_providers,
    load_observers,
    load_provider,
    sandbox_faces,
)
from groupmessenger.provider import GroupMessenger, hookimpl

PROVIDER = """
from groupmessenger.provider import hookimpl
from acme import AcmeMessenger


class Messenger(AcmeMessenger):
    name = {name!r}
    title = "Their"


@hookimpl
def groupmessenger_provider():
    return Messenger
"""
OBSERVER = """
from groupmessenger.provider import hookimpl

seen = []


@hookimpl
def groupmessenger_before_send(attempt):
    seen.append(attempt.message.text)
"""


@attrs.define
class Site:
    """A folder of installed distributions."""

    path: Path

    def install(self, name: str, code: str, group: str = "providers", module: str = "") -> str:
        """Install a plugin under a name; gives the name of its module."""
        module = module or f"plugged_{name}"
        (self.path / f"{module}.py").write_text(code)
        info = self.path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[groupmessenger.{group}]\n{name} = {module}\n")
        importlib.invalidate_caches()
        return module

    def module(self, name: str) -> ModuleType:
        """The module of a plugin, once it is loaded."""
        return sys.modules[f"plugged_{name}"]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv(BLOCK, raising=False)
    before = set(sys.modules)
    yield Site(tmp_path)
    for name in set(sys.modules) - before:
        if name.startswith("plugged_"):
            del sys.modules[name]


def problem(error: gm.ConfigurationError) -> str:
    (only,) = error.problems
    return f"{only.what} | {only.cure}"


# --- providers


def test_only_the_provider_that_is_chosen_is_loaded(site: Site) -> None:
    """Others may be broken, slow or large: their modules are not even imported."""
    site.install("mine", PROVIDER.format(name="mine"))
    site.install("other", "raise SystemError('imported')")
    assert {"mine", "other"} <= set(installed_providers())
    assert "plugged_mine" not in sys.modules
    assert "mine" == load_provider("mine").name
    assert ("plugged_mine" in sys.modules, "plugged_other" in sys.modules) == (True, False)


def test_what_is_installed_is_read_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until a folder of the path changes; each reading looks at every distribution that there is."""
    read = Mock(side_effect=entry_points)
    monkeypatch.setattr("groupmessenger.installed.entry_points", read)
    site.install("first", "")
    assert "first" in installed_providers()
    load_observers()
    assert 1 == read.call_count
    site.install("second", "")
    os.utime(site.path, ns=(1, 1))  # clocks of file systems are coarse
    assert "second" in installed_providers()
    assert 2 == read.call_count


def test_an_installed_provider_is_connected_to(site: Site) -> None:
    site.install("mine", PROVIDER.format(name="mine"))
    vendor = Vendor()
    with gm.connect("mine", line=LINE, api_key=SECRET, http=vendor.transport()) as client:
        client.send_direct(ALICE, "hi")
    assert ["hi"] == vendor.texts


def test_a_broken_provider_is_reported_with_its_traceback(site: Site) -> None:
    """Where it breaks: at import, in its hook, in what it gives."""
    site.install("broken", "def deep():\n    raise ZeroDivisionError('inside')\n\ndeep()\n")
    with pytest.raises(BrokenPlugin, match="ZeroDivisionError: inside") as caught:
        load_provider("broken")
    assert ("broken", True, True) == (
        caught.value.name,
        "plugged_broken.py" in caught.value.traceback,
        "in deep" in caught.value.traceback,
    )
    assert BLOCK in problem(caught.value)
    hook = "from groupmessenger.provider import hookimpl\n@hookimpl\ndef groupmessenger_provider():\n    "
    site.install("raising", hook + "return 1 // 0")
    with pytest.raises(BrokenPlugin, match="ZeroDivisionError") as caught:
        load_provider("raising")
    assert "plugged_raising.py" in caught.value.traceback
    for name, code in (("giving", "return 42"), ("instance", "return object()"), ("none", "return None")):
        site.install(name, hook + code)
        with pytest.raises(BrokenPlugin, match="no GroupMessenger class"):
            load_provider(name)


def test_a_module_that_is_not_there_is_reported(site: Site) -> None:
    module = site.install("gone", "")
    (site.path / f"{module}.py").unlink()
    importlib.invalidate_caches()
    with pytest.raises(BrokenPlugin, match="ModuleNotFoundError"):
        load_provider("gone")


def test_a_misspelt_hook_is_reported(site: Site) -> None:
    """Else the provider would silently not be there."""
    site.install("typo", PROVIDER.format(name="typo").replace("groupmessenger_provider", "groupmessenger_provder"))
    with pytest.raises(BrokenPlugin, match="groupmessenger_provder"):
        load_provider("typo")
    site.install("argument", PROVIDER.format(name="argument").replace("provider()", "provider(settings)"))
    with pytest.raises(BrokenPlugin, match="settings"):
        load_provider("argument")


def test_a_provider_of_another_name_is_reported(site: Site) -> None:
    """The name in a stored group has to find its provider again."""
    site.install("mine", PROVIDER.format(name="yours"))
    with pytest.raises(BrokenPlugin, match="'mine' and calls itself 'yours'"):
        load_provider("mine")


def test_an_unknown_provider_says_what_to_install(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or which of those installed may be meant."""
    site.install("mine", PROVIDER.format(name="mine"))
    with pytest.raises(gm.ConfigurationError, match="pip install groupmessenger-zzz"):
        load_provider("zzz")
    with pytest.raises(gm.ConfigurationError, match="did you mean 'mine'"):
        load_provider("mien")
    monkeypatch.setenv(BLOCK, ",".join(installed_providers()))
    with pytest.raises(gm.ConfigurationError, match="none at all"):
        load_provider("zzz")


def test_what_is_blocked_is_not_there(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, several with commas; spaces do not matter."""
    site.install("mine", PROVIDER.format(name="mine"))
    site.install("other", PROVIDER.format(name="other"))
    site.install("audit", OBSERVER, "observers")
    monkeypatch.setenv(BLOCK, " mine , audit")
    assert ("mine" in installed_providers(), "other" in installed_providers()) == (False, True)
    with pytest.raises(gm.ConfigurationError, match=f"'mine' is blocked by {BLOCK}") as caught:
        load_provider("mine")
    assert "pip install" not in str(caught.value)
    assert None is load_observers()
    assert "plugged_audit" not in sys.modules


def test_a_provider_may_be_given(site: Site) -> None:
    """It goes before one that is installed under the same name; others among the plugins do not matter."""
    site.install("acme", PROVIDER.format(name="acme"))

    class Another:
        @hookimpl
        def groupmessenger_provider(self) -> type[GroupMessenger]:
            @attrs.frozen
            class Other(AcmeMessenger):
                name = "another"

            return Other

    assert AcmeMessenger is load_provider("acme", [Another(), acme])
    assert "another" == load_provider("another", [acme, Another()]).name
    assert "Their" == load_provider("acme", [Another()]).title


def test_a_plugin_given_that_does_not_fit_raises() -> None:
    class Typo:
        @hookimpl
        def groupmessenger_bfore_send(self) -> None:
            raise AssertionError

    class Odd:
        @hookimpl
        def groupmessenger_provider(self) -> Any:
            return 42

    class Raising:
        @hookimpl
        def groupmessenger_provider(self) -> Any:
            return 1 // 0

    for load in (lambda: load_provider("acme", [Typo()]), lambda: load_observers([Typo()])):
        with pytest.raises(BrokenPlugin, match="Typo") as caught:
            load()
        assert problem(caught.value).endswith("| repair it")  # nothing is installed that one could uninstall
    with pytest.raises(BrokenPlugin, match="ZeroDivisionError") as caught:
        load_provider("acme", [Raising()])
    assert problem(caught.value).endswith("| repair it")
    with pytest.raises(gm.ConfigurationError, match="no provider"):
        load_provider("zzz", [Odd()])


def test_a_plugin_that_would_never_be_called_is_reported(site: Site) -> None:
    """A class instead of an object, a hook that is not marked, no hook at all."""

    class Unmarked:
        def groupmessenger_before_send(self, attempt: Attempt) -> None:
            raise AssertionError

    for plugin, words in ((Watching, "class"), (Unmarked(), "groupmessenger_before_send"), (object(), "object")):
        with pytest.raises(BrokenPlugin, match=words):
            load_observers([plugin])
    site.install("unmarked", PROVIDER.format(name="unmarked").replace("@hookimpl", ""))
    with pytest.raises(BrokenPlugin, match="groupmessenger_provider"):
        load_provider("unmarked")


def test_an_async_hook_is_refused(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing would await it, so that its veto would veto nothing."""

    class Later:
        @hookimpl
        async def groupmessenger_before_send(self, attempt: Attempt) -> None:
            raise gm.SendBlocked("quiet hours")

    words = "hooks are plain functions, and groupmessenger_before_send is async"
    with pytest.raises(BrokenPlugin, match=words) as caught:
        load_observers([Later()])
    assert problem(caught.value) == f"{words} | repair it"
    site.install("later", OBSERVER.replace("def ", "async def "), "observers")
    assert None is load_observers()
    assert words in caplog.text
    site.install("mine", PROVIDER.format(name="mine").replace("def ", "async def "))
    with pytest.raises(BrokenPlugin, match="groupmessenger_provider is async"):
        load_provider("mine")


def test_a_plugin_that_exits_takes_nobody_with_it(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """At import or in its hook; only Ctrl-C ends the program."""
    site.install("exiting", "import sys\nsys.exit(3)")
    site.install("audit", "import sys\nsys.exit(3)", "observers", "plugged_exiting_audit")
    site.install("hook", FACE.format(body="raise SystemExit(3)"))
    with pytest.raises(BrokenPlugin, match="SystemExit: 3"):
        load_provider("exiting")
    assert None is load_observers()
    assert not {"exiting", "hook"} & set(sandbox_faces())
    for name in ("exiting", "hook"):
        assert f"provider {name} has no face" in caplog.text
    site.install("interrupted", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_provider("interrupted")


# --- faces


FACE = """
from groupmessenger.provider import hookimpl
from groupmessenger.sandbox import Face


class Mine(Face):
    name = "fine"

    def routes(self):
        return []

    def settings(self, base_url):
        return {{}}


@hookimpl
def groupmessenger_sandbox():
    {body}
"""


def test_faces_of_all_providers_that_have_one(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """One that cannot be loaded is logged, and stops nobody else."""
    site.install("fine", FACE.format(body="return Mine"))
    site.install("odd", FACE.format(body="return dict"))
    site.install("instance", FACE.format(body="return Mine(None, None, {})"))
    site.install("namesake", FACE.format(body="return Mine"))
    site.install("faceless", PROVIDER.format(name="faceless"))
    site.install("lacking", FACE.format(body="import no_such_module_anywhere"))
    site.install("raising", FACE.format(body="return 1 // 0"))
    site.install("broken", "1 // 0")
    faces: dict[str, Any] = dict(sandbox_faces())
    assert site.module("fine").Mine is faces["fine"]
    for name in ("lacking", "raising", "broken", "odd", "instance", "namesake"):
        assert name not in faces
        assert f"provider {name} has no face" in caplog.text
    assert "faceless" not in faces
    assert "faceless" not in caplog.text
    assert caplog.text.count("gives no subclass of Face") == 2
    assert "'namesake' and its face calls itself 'fine'" in caplog.text
    assert "no_such_module_anywhere" in caplog.text
    assert caplog.text.count("ZeroDivisionError") >= 2


# --- observers


class Watching:
    """Keeps what it sees, and may forbid or fail."""

    def __init__(self, before: Exception | None = None, after: Exception | None = None) -> None:
        self.before = before
        self.after = after
        self.seen: list[str] = []

    @hookimpl
    def groupmessenger_before_send(self, attempt: Attempt) -> None:
        self.seen.append(attempt.message.text)
        if self.before is not None:
            raise self.before

    @hookimpl
    def groupmessenger_after_send(self, result: Receipt | gm.GroupMessengerError) -> None:
        self.seen.append(type(result).__name__)
        if self.after is not None:
            raise self.after


@pytest.fixture(params=WAYS)
def here(request: pytest.FixtureRequest) -> Iterator[World]:
    with world(request.param) as opened:
        yield opened


def test_observers_see_what_leaves_and_what_became_of_it(here: World) -> None:
    vendor, watching = Vendor(), Watching()
    client = here.connect(vendor, observers=load_observers([watching, acme]))
    client.send_direct(ALICE, "hi")
    vendor.answer("POST /messages", acme.says(400, error="no"))
    with pytest.raises(gm.Rejected):
        client.send_direct(ALICE, "ho")
    assert ["hi", "Receipt", "ho", "Rejected"] == watching.seen


def test_a_veto_blocks_the_send(here: World) -> None:
    """Nothing leaves, not even for a token; observers after it are not asked."""
    vendor, vetoing, other = Vendor(), Watching(gm.SendBlocked("quiet hours")), Watching()
    client = here.connect(vendor, observers=load_observers([vetoing, other]))
    with pytest.raises(gm.SendBlocked, match="quiet hours"):
        client.send_direct(ALICE, "hi")
    assert ([], ["hi"], []) == (vendor.seen, vetoing.seen, other.seen)


def test_an_observer_that_fails_has_not_agreed(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """The send is blocked, with the failure as its cause, and logged."""
    failure = ZeroDivisionError("inside")
    vendor = Vendor()
    client = here.connect(vendor, observers=load_observers([Watching(failure)]))
    with pytest.raises(gm.SendBlocked, match=r"Watching failed \(ZeroDivisionError") as caught:
        client.send_direct(ALICE, "hi")
    assert ([], failure) == (vendor.seen, caught.value.__cause__)
    assert [("groupmessenger.plugins", logging.ERROR)] == [(r.name, r.levelno) for r in caplog.records if r.exc_info]


def test_an_observer_that_fails_afterwards_changes_nothing(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the next one is told all the same."""
    vendor, failing, other = Vendor(), Watching(after=ZeroDivisionError("inside")), Watching()
    client = here.connect(vendor, observers=load_observers([failing, other]))
    assert client.send_direct(ALICE, "hi").id
    assert ["hi", "Receipt"] == other.seen
    assert "observer Watching failed after a send" in caplog.text


def test_installed_observers_watch_every_connection(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """A broken one is logged with its traceback and left out."""
    site.install("audit", OBSERVER, "observers")
    site.install("broken", "1 // 0", "observers")
    site.install("typo", OBSERVER.replace("before_send", "bfore_send"), "observers")
    vendor = Vendor()
    with gm.connect("acme", line=LINE, api_key=SECRET, http=vendor.transport(), plugins=[acme]) as client:
        client.send_direct(ALICE, "hi")
    assert ["hi"] == site.module("audit").seen
    assert "plugged_broken.py" in caplog.text
    assert "groupmessenger_bfore_send" in caplog.text


def test_nobody_watches_where_there_is_no_observer(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    """A provider among the plugins is not one."""
    assert None is load_observers([acme])


def test_a_module_may_observe(site: Site) -> None:
    """Named by its name in what is logged."""
    site.install("audit", OBSERVER, "observers", "plugged_audit")
    audit = importlib.import_module("plugged_audit")
    observers = load_observers([audit])
    assert observers is not None
    assert ["plugged_audit", "audit"] == [name for name, _ in observers.watching]
