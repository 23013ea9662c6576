"""Reading `groupmessenger.toml`: its text, and the part of it that is the same whatever the providers."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from .errors import ConfigurationError, Problem, near

if TYPE_CHECKING:
    from cattrs import Converter

VARIABLE = "GROUPMESSENGER_CONFIG"
DEFAULT = "groupmessenger.toml"

T = TypeVar("T")
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


@attrs.frozen
class Directory:
    """The table `[directory]`. The URL may be a reference: a database has a password."""

    url: Any = attrs.field(repr=False)


@attrs.frozen
class Webhooks:
    """The table `[webhooks]`."""

    public_url: str


@attrs.frozen(kw_only=True)
class Top:
    """What a file has at its top. `switch_on_change` is "follow" or "hold"."""

    default: str | None = None
    prefer: tuple[str, ...] = ()
    switch_on_change: str = "follow"
    directory: Directory | None = None
    webhooks: Webhooks | None = None
    connections: Mapping[str, Any] = attrs.field(factory=dict, repr=False)


class Unfit(ValueError):
    """A value is of another kind than is wanted. The text says which, and never the value."""


def find(path: str | Path | None = None) -> Path:
    """Where the file is: as given, else where `GROUPMESSENGER_CONFIG` points, else in the working folder."""
    return Path(path or os.environ.get(VARIABLE) or DEFAULT)


def read_table(path: Path) -> dict[str, Any]:
    """Read a file as TOML. Raises `ConfigurationError` saying what was looked for, or where its syntax is wrong."""
    import tomllib

    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        what, cure = str(error), "correct it there"
    except UnicodeDecodeError:
        what, cure = "it is not UTF-8", "save it as UTF-8"
    except FileNotFoundError:
        what, cure = "there is no such file", f"groupmessenger config init writes one; or set {VARIABLE}"
    except OSError as error:
        what, cure = f"it cannot be read ({error.strerror})", "name a readable file"
    except (ValueError, RecursionError):
        what, cure = "it cannot be read as TOML", "look for a number that is too long, or brackets that are too deep"
    raise ConfigurationError(Problem("", what, cure, str(path)))


def names_in(path: Path) -> tuple[str, ...]:
    """The connections that a file names, as far as it can be read."""
    try:
        found = read_table(path).get("connections")
    except ConfigurationError:
        return ()
    return tuple(found) if isinstance(found, dict) else ()


def structured(kind: type[T], table: Mapping[str, Any]) -> tuple[T, list[Problem]]:
    """Make a value of a table, of what is well in it, and name everything that is not. All fields have defaults."""
    from cattrs import BaseValidationError

    try:
        return _converter().structure(table, kind), []
    except BaseValidationError as error:
        problems = list(_problems(error, table))
        wrong = {step for each in error.exceptions for step in _top_keys(each)}
    rest = {key: value for key, value in table.items() if key not in wrong}
    return structured(kind, rest)[0], problems


def dotted(*steps: str | int) -> str:
    """A path in the file, as TOML writes it."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += ("." if path else "") + (step if _BARE.fullmatch(step) else json.dumps(step))
    return path


@cache
def _converter() -> Converter:
    from cattrs import Converter
    from cattrs.gen import make_dict_structure_fn

    converter = Converter(forbid_extra_keys=True, detailed_validation=True)

    def table_of(kind: type[Any]) -> Any:
        structure = make_dict_structure_fn(kind, converter)
        return lambda value, _: structure(_only(dict, "a table", value), kind)

    def names(value: object, _: object) -> tuple[str, ...]:
        return tuple(converter.structure(_only(list, "a list of names", value), list[str]))

    converter.register_structure_hook_factory(attrs.has, table_of)
    converter.register_structure_hook(str, lambda value, _: _only(str, "a text", value))
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], names)
    converter.register_structure_hook_func(
        lambda kind: kind == Mapping[str, Any], lambda value, _: _only(dict, "a table", value)
    )
    return converter


def _only(kind: type[T], called: str, value: object) -> T:
    if type(value) is not kind:
        raise Unfit(f"must be {called}")
    return value


def _problems(error: Exception, table: object, path: tuple[str | int, ...] = ()) -> Iterator[Problem]:
    """Every fault that cattrs found, each with its path."""
    from cattrs import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError

    match error:
        case ClassValidationError():
            named, plain = error.group_exceptions()
            for each, note in named:
                yield from _problems(each, table, (*path, note.name))
            for other in plain:
                yield from _problems(other, table, path)
        case IterableValidationError():
            for each, at in error.group_exceptions()[0]:
                yield from _problems(each, table, (*path, at.index))
        case ForbiddenExtraKeysError():
            known = [field.name for field in attrs.fields(error.cl)]
            for key in sorted(error.extra_fields):
                yield Problem(dotted(*path, key), "no such key", _cure(key, known, table if not path else None))
        case KeyError():
            yield Problem(dotted(*path), "it is missing", f'{path[-1]} = "..."')
        case _:
            yield Problem(dotted(*path), str(error) if isinstance(error, Unfit) else "it cannot be used")


def _cure(key: str, known: list[str], table: Any) -> str:
    if table is not None and isinstance(table.get(key), dict) and "provider" in table[key]:
        return f"write [{dotted('connections', key)}]"
    return near(key, known)


def _top_keys(error: Exception) -> Iterator[str]:
    from cattrs import AttributeValidationNote, ForbiddenExtraKeysError

    if isinstance(error, ForbiddenExtraKeysError):
        yield from error.extra_fields
    yield from (each.name for each in getattr(error, "__notes__", ()) if isinstance(each, AttributeValidationNote))
