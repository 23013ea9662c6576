"""The switchboard's page has every method with its parameters, and every value with its fields."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from docs.configurations import configuration
from docs.pages import ROOT

from groupmessenger import AsyncSwitchboard, Switchboard, switchboard
from groupmessenger.messages import GroupReceipt
from groupmessenger.sandbox import Sandbox
from groupmessenger.switchboard.outbox.asynchronous import AsyncOutbox
from groupmessenger.switchboard.outbox.blocking import Outbox
from groupmessenger.switchboard.values import Handled, InboxEntry

TEXT = (ROOT / "docs" / "reference" / "switchboard.md").read_text(encoding="utf-8")


def signatures(kind: type) -> Iterator[str]:
    """Every public method as it is called."""
    for name, method in inspect.getmembers(kind, callable):
        if not name.startswith("_"):
            yield f"{name}({parameters(method)})"


def parameters(method: object) -> str:
    """The names of a method's parameters, with the star before those that are named in a call."""
    found = [each for each in inspect.signature(method).parameters.values() if each.name != "self"]  # type: ignore[arg-type]
    several = [f"*{each.name}" for each in found if each.kind is each.VAR_POSITIONAL]
    named = [each.name for each in found if each.kind is each.KEYWORD_ONLY]
    plain = [each.name for each in found if each.kind is each.POSITIONAL_OR_KEYWORD]
    return ", ".join([*plain, *several, *(["*"] if named and not several else []), *named])


def test_the_page_has_every_method() -> None:
    """With all of its parameters; those of the async face are the same."""
    described = set(re.findall(r"`([\w.]+\([^`)]*\))`", TEXT))
    assert [each for each in signatures(Switchboard) if each not in described] == []
    assert [each for each in signatures(AsyncSwitchboard) if each not in described] == []
    assert [each for each in signatures(Outbox) if f"outbox.{each}" not in described] == []
    assert [each for each in signatures(AsyncOutbox) if f"outbox.{each}" not in described] == []


def test_the_page_has_every_value_with_its_fields() -> None:
    """In a section of its own, in their order."""
    public = (getattr(switchboard, name) for name in switchboard.__all__)
    kinds = dict.fromkeys([*filter(attrs.has, public), InboxEntry, Handled])
    shared = {field.name for field in attrs.fields(GroupReceipt)}
    expected = {
        kind.__name__: [
            field.name for field in attrs.fields(kind) if not (issubclass(kind, GroupReceipt) and field.name in shared)
        ]
        for kind in kinds
    }
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", TEXT, re.MULTILINE | re.DOTALL))
    described = {name: re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) for name, text in sections.items()}
    assert expected == described


def test_the_page_has_every_word_of_a_state() -> None:
    """All values of the enumerations."""
    states = [getattr(switchboard, name) for name in ("State", "ThreadState", "InboxState", "OutboxState")]
    assert [str(word) for kind in states for word in kind if f"`{word}`" not in TEXT] == []


def test_the_example_of_the_package_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is written, in a folder with a file; the phones show the text once."""
    example = (switchboard.__doc__ or "").partition("\n\n")[2]
    monkeypatch.chdir(tmp_path)
    with Sandbox() as sandbox:
        Path("groupmessenger.toml").write_text(configuration(sandbox), encoding="utf-8")
        exec(example, {})
        shown = [sandbox.phones[number].texts for number in ("+13125550101", "+13125550102")]
    assert [["Dinner at eight?"]] * 2 == shown
