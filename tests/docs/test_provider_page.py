"""The authors' page has every name of `groupmessenger.provider`, and what each is made of."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_type_hints

import attrs
import pytest
from docs.pages import ROOT, blocks_of

from groupmessenger import provider, sandbox
from groupmessenger.provider import GroupMessenger
from groupmessenger.sandbox import callbacks

PAGE = ROOT / "docs" / "reference" / "provider.md"
PROSE = re.sub(r"^```.*?^```$", "", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
INDEX = re.findall(r"^\| `(\w+)` .*\(#([\w-]+)\) \|$", PROSE.partition("\n## Every name\n")[2], re.MULTILINE)
VALUES = (
    provider.Acknowledgement,
    provider.Attempt,
    provider.Callback,
    provider.Capabilities,
    provider.Group,
    provider.GroupReceipt,
    provider.Limit,
    provider.Message,
    provider.Receipt,
    provider.Request,
    provider.Response,
    provider.Verified,
)
STAND_IN = (sandbox.Route, sandbox.Call, sandbox.Answer, sandbox.Doubt, sandbox.Inbound, callbacks.Outgoing)


def words(text: str) -> list[str]:
    """Every word that is written as code."""
    return re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", text)))


def section(anchor: str) -> str:
    """What stands below a heading, with what is below the smaller ones that follow."""
    parts = re.split(r"^(#+) (.*)\n", PROSE, flags=re.MULTILINE)[1:]
    levels, headings, texts = parts[::3], parts[1::3], parts[2::3]
    anchors = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    here = anchors.index(anchor)
    end = next((place for place in range(here + 1, len(levels)) if len(levels[place]) <= len(levels[here])), None)
    return "\n".join(texts[here:end])


def tables() -> list[tuple[str, list[str]]]:
    """Each table: the heading of its first column, and the names in that."""
    found = re.findall(r"^\|([^|\n]*)\|.*\n\|[-|]+\n((?:\|.*\n)+)", PROSE, re.MULTILINE)
    columns = [(head.strip(), "".join(re.findall(r"^\|([^|]*)", lines, re.MULTILINE))) for head, lines in found]
    return [(head, re.findall(r"`(\w+)", column)) for head, column in columns]


def signature(name: str) -> str:
    """A method as a provider overrides it."""
    parameters = inspect.signature(getattr(GroupMessenger, name)).parameters.values()
    given = [e.name if e.default is e.empty else f"{e.name}={e.default}" for e in parameters if e.name != "self"]
    return f"{name}({', '.join(given)})"


def test_the_index_has_every_name() -> None:
    """In the order of the alphabet, each once."""
    assert sorted(provider.__all__, key=lambda name: (name.lower(), name)) == [name for name, _ in INDEX]


@pytest.mark.parametrize(("name", "anchor"), INDEX)
def test_the_index_leads_to_where_a_name_is(name: str, anchor: str) -> None:
    """That section has the name, and of an enumeration every member."""
    members = getattr(getattr(provider, name), "__members__", ())
    assert {name, *members} - {*words(section(anchor))} == set()


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_the_tables_have_every_field(kind: type[Any]) -> None:
    """Each once, and nothing beside that is no member."""
    headed = [(head, names) for head, names in tables() if head.startswith("field of") and kind.__name__ in words(head)]
    described = [name for _, names in headed for name in names]
    assert [each.name for each in attrs.fields(kind) if described.count(each.name) != 1] == []
    others = [getattr(provider, name) for head, _ in headed for name in words(head)]
    assert [name for name in described if not any(hasattr(each, name) for each in others)] == []


def test_the_page_has_every_class_variable() -> None:
    """In a table of their own; the other two that are declared are settings, and named as such."""
    (described,) = (names for head, names in tables() if head == "class variable")
    declared = {*get_type_hints(GroupMessenger)} - {"line", "base_url"}
    assert declared - {*described} == set()
    assert {"line", "base_url"} - {*words(section("settings"))} == set()


def test_the_page_has_every_method_as_it_is_overridden() -> None:
    """With its parameters; but for those that are made of others, which nobody overrides."""
    members = {name: each for name, each in vars(GroupMessenger).items() if not name.startswith("_")}
    methods = [name for name, each in members.items() if inspect.isfunction(each) or isinstance(each, classmethod)]
    written = {*re.findall(r"`([^`]+)`", PROSE)}
    assert [each for name in methods if name != "receive" and (each := signature(name)) not in written] == []
    assert {"receive", "own_lines"} - {*words(PROSE)} == set()


def test_the_stand_in_is_described() -> None:
    """What a face is made of: the names, and their fields."""
    fields = {field.name for kind in STAND_IN for field in attrs.fields(kind)}
    assert {"Face", *(kind.__name__ for kind in STAND_IN), *fields} - {*words(section("the-stand-in"))} == set()


def test_the_provider_of_the_page_keeps_the_contract(tmp_path: Path) -> None:
    """What an author copies from the page is right: its blocks, as a test file, with the class at its end."""
    file = tmp_path / "test_page.py"
    file.write_text("\n\n".join(each.text for each in blocks_of(PAGE) if each.language == "python"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(file)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
