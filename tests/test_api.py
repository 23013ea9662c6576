"""The public names, what importing costs, and what the core must not know."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import groupmessenger as gm
from groupmessenger import capabilities, connecting, errors, events, groups, messages, phone, planning, provider
from groupmessenger.sandbox import Sandbox

SOURCE = Path(inspect.getfile(gm)).parent
# Measuring coverage loads modules of its own.
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}

# What the package offers: the values of the domain, the events, and the errors.
VALUES = frozenset(
    """
    PhoneNumber Handle OpaqueAddress Member Group Message Media Receipt GroupReceipt Status FailureReason Delivery
    Capabilities Limit Flag Grade Feature Operation Condition Topology Channel Plan Attempt Found Absent CannotTell
    Proof Sighting Evidence Degradation Outcome Problem Segments Encoding Address Members
    Event MessageReceived StatusChanged ReactionReceived TypingChanged MembersChanged OptedOut OptedIn Unrecognized
    GroupMessenger Client AsyncClient connect connect_async segments
    Finding Level Priority Config Connection load_config Callback
""".split()  # noqa: SIM905 - read as prose
)


def test_names_are_sorted_and_there() -> None:
    assert sorted(gm.__all__) == gm.__all__
    assert len(set(gm.__all__)) == len(gm.__all__)
    assert [] == [name for name in gm.__all__ if not hasattr(gm, name)]
    assert len(set(provider.__all__)) == len(provider.__all__)
    assert [] == [name for name in provider.__all__ if not hasattr(provider, name)]


def test_names_are_complete() -> None:
    """Every value of the domain and every error, and nothing else."""
    tree = {
        name for name, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, errors.GroupMessengerError)
    }
    assert tree | VALUES == set(gm.__all__)


def test_names_come_from_where_type_checkers_are_told() -> None:
    """Each is imported when it is asked for: what a type checker reads is not what runs."""
    tree = ast.parse((SOURCE / "__init__.py").read_text())
    relative = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 1]
    told = {
        alias.name: importlib.import_module(f"groupmessenger.{node.module}")
        for node in relative
        for alias in node.names
    }
    assert set(gm.__all__) | {"Switchboard", "AsyncSwitchboard"} == set(told)
    assert [] == [name for name, home in told.items() if getattr(gm, name) is not getattr(home, name)]
    assert set(gm.__all__) <= set(dir(gm))


def test_a_name_there_is_none_of() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Mesage'"):
        gm.Mesage  # type: ignore[attr-defined] # noqa: B018


def test_what_is_public_is_described() -> None:
    for module in (capabilities, connecting, errors, events, groups, messages, phone, planning):
        for name, value in inspect.getmembers(module):
            ours = getattr(value, "__module__", "") == module.__name__
            if ours and not name.startswith("_") and (inspect.isclass(value) or inspect.isfunction(value)):
                assert inspect.getdoc(value), f"{module.__name__}.{name}"


def test_importing_is_quick() -> None:
    """What a program may never use is imported when it is used."""
    heavy = "anyio asyncio httpx trio pluggy phonenumbers cattrs tomllib".split()  # noqa: SIM905
    heavy += "rich cyclopts starlette uvicorn sqlalchemy alembic".split()  # noqa: SIM905
    code = f"import sys, groupmessenger; print(*(name for name in {heavy} if name in sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], env=PLAIN, capture_output=True, text=True, check=True)
    assert set() == set(found.stdout.split())


@pytest.mark.parametrize("name", ["Switchboard", "AsyncSwitchboard"])
def test_a_switchboard_without_its_extra_says_what_to_install(name: str) -> None:
    code = f"""
import sys
sys.modules["sqlalchemy"] = None
import groupmessenger
try:
    groupmessenger.{name}
except ModuleNotFoundError as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", code], env=PLAIN, capture_output=True, text=True, check=True)
    assert "pip install 'groupmessenger[switchboard]'" in found.stdout
    assert getattr(gm, name).__name__ == name


def test_the_provider_s_interface_is_as_quick() -> None:
    code = "import sys, groupmessenger.provider; print('httpx' in sys.modules or 'phonenumbers' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "False" == found.stdout.strip()


def test_the_core_knows_no_provider() -> None:
    """Adding one touches one new directory and nothing else. The package's docstring has an example."""
    vendors = re.compile("sendblue|messagebird|bandwidth", re.IGNORECASE)
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text()
        if path == SOURCE / "__init__.py":
            text = text.replace(ast.get_docstring(ast.parse(text), clean=False) or "", "")
        found += [f"{path.relative_to(SOURCE)}: {line.strip()}" for line in text.splitlines() if vendors.search(line)]
    assert [] == found


def test_the_example_of_the_package_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is written, against the sandbox; the phones show the text."""
    example = (gm.__doc__ or "").partition("\n\n")[2]
    connect = gm.connect
    with Sandbox() as sandbox:

        def connected(name: str, **settings: Any) -> gm.Client:
            theirs: dict[str, Any] = {**sandbox.settings(name), "timeout": 5, "line": settings["line"]}
            assert set(settings) <= set(theirs), "the example's settings are the provider's"
            return connect(name, **theirs)

        line = re.search(r'line="(.*?)"', example)
        provider_name = re.search(r'connect\("(.*?)"', example)
        assert line is not None
        assert provider_name is not None
        monkeypatch.setattr(gm, "connect", connected)
        assert line[1] == sandbox.settings(provider_name[1])["line"]
        exec(textwrap.dedent(example), {})
        shown = [sandbox.phones[number].texts for number in ("+13125550101", "+13125550102")]
    assert [["Dinner at eight?"]] * 2 == shown
