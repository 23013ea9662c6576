"""The pages of the reference have what the code has: generated parts, tables of settings, errors, the public names."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import attrs
import pytest
from docs.generated import PARTS, REFERENCE, page
from docs.pages import ROOT
from docs.settings import default_of

import groupmessenger
from groupmessenger import errors, hookspecs
from groupmessenger.configfile import Top
from groupmessenger.fields import settings_of
from groupmessenger.options import Options
from groupmessenger.plugins import installed_providers, load_provider

API = sorted((REFERENCE / "api").glob("*.md"))
MODULES = ["", ".otel", ".provider", ".sandbox", ".switchboard", ".testing", ".webhooks"]
EXTRA = ["Switchboard", "AsyncSwitchboard"]


@pytest.mark.parametrize("name", PARTS)
def test_generated_parts_are_what_the_code_says(name: str) -> None:
    """The committed page is what is generated: `uv run --directory tests python -m docs.generated` writes it anew."""
    assert page(name) == (REFERENCE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(("section", "kind"), [("The file", Top), ("Options of a connection", Options)])
def test_the_settings_page_has_every_key_with_its_default(section: str, kind: type[Any]) -> None:
    """In the order of the code."""
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8").partition(f"## {section}\n")[2].partition("\n## ")[0]
    expected = [(field.name, default_of(field)) for field in attrs.fields(kind)]
    assert expected == re.findall(r"^\| `(\w+)` \| (\S+) \|", text, re.MULTILINE)


@pytest.mark.parametrize("provider", sorted(installed_providers()))
def test_a_providers_page_has_the_defaults_of_its_settings(provider: str) -> None:
    """Those that are not none; of the others it may say more."""
    text = (ROOT / "docs" / "providers" / f"{provider}.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| `(\w+)` \| (needed|`[^`]+`) \|", text, re.MULTILINE))
    defaults = {name: default_of(field) for name, field in settings_of(load_provider(provider)).items()}
    expected = {name: text.strip("*") for name, text in defaults.items() if text != "none"}
    assert expected == {name: said[name].replace("False", "false") for name in expected}


def test_the_settings_page_has_every_variable_of_the_environment() -> None:
    """All that the code reads, and no others."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").glob("**/*.py"))
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    assert set(re.findall(r'"(GROUPMESSENGER_\w+)"', code)) == set(re.findall(r"^\| `(\w+)` \| [^|]* \|$", text, re.M))


def test_the_tree_of_errors_is_that_of_the_classes() -> None:
    """Each error stands below its base, in the drawing that the module and the page have."""
    above: list[str] = []
    drawn: dict[str, str | None] = {}
    for line in (errors.__doc__ or "").splitlines()[2:]:
        if not line.startswith("    "):
            break
        indent, rest = re.match(r"    ([│├└─ ]*)(.*)", line).groups()  # type: ignore[union-attr]
        names = [name for name in re.findall(r"\b[A-Z]\w+", rest) if hasattr(errors, name)]
        names = [name for name in names if issubclass(getattr(errors, name), Exception)]
        above[len(indent) // 4 :] = names[:1]
        drawn |= {name: above[len(indent) // 4 - 1] if indent else None for name in names}
    kinds = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, Exception)]
    bases = {each.__name__: each.__bases__[0].__name__ for each in kinds}
    assert bases == drawn | {"GroupMessengerError": "Exception"}


def test_the_errors_page_has_what_an_error_carries() -> None:
    """All that its constructor takes beside the text."""
    text = (REFERENCE / "errors.md").read_text(encoding="utf-8")
    kinds = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, Exception)]
    made = [vars(each)["__init__"] for each in kinds if "__init__" in vars(each)]
    carried = {name for each in made for name in inspect.signature(each).parameters} - {"self", "text", "details"}
    assert [name for name in carried if f"`{name}`" not in text] == []


def directives() -> Iterator[str]:
    """What the API's pages take from docstrings, by path."""
    for path in API:
        yield from re.findall(r"^::: ([\w.]+)$", path.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_api_pages_name_nothing_twice() -> None:
    """So that each name has one place."""
    names = list(directives())
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("module", MODULES)
def test_the_api_pages_have_every_public_name(module: str) -> None:
    """All that a public module exports, under whatever of the names it has."""
    found = [resolved(path) for path in directives()]
    home = importlib.import_module(f"groupmessenger{module}")
    names = [*exported(home), *([] if module else EXTRA)]
    assert [name for name in names if (name, getattr(home, name)) not in found] == []


def exported(module: ModuleType) -> list[str]:
    """What a module says it exports, or has when it is asked, or else the public classes that are written in it."""
    if hasattr(module, "__all__"):
        return [*module.__all__]
    if "__dir__" in vars(module):
        return dir(module)
    classes = inspect.getmembers(module, inspect.isclass)
    return [name for name, each in classes if each.__module__ == module.__name__ and not name.startswith("_")]


def test_the_api_pages_have_the_hooks() -> None:
    """From the module that specifies them."""
    assert hookspecs.__name__ in directives()


def resolved(path: str) -> tuple[str, object]:
    """The last name of a path, and what it is; a module goes before a function of its name."""
    return path.rpartition(".")[2], pkgutil.resolve_name(path)


def test_the_names_that_need_an_extra_are_public() -> None:
    """And no others are left out of what a star imports."""
    assert sorted(EXTRA) == sorted(set(groupmessenger._HOME_OF) - set(groupmessenger.__all__))
