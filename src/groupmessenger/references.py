"""Settings that a file names and does not hold: `{ env = "NAME" }` and `{ file = "path" }`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from .errors import ConfigurationError, Problem

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LONGEST = 65_536  # bytes; what is longer is no secret


def resolve(value: Any, folder: Path) -> Any:
    """The value that a setting stands for; relative paths begin in `folder`. What is no table stands for itself.

    In a list each is looked at by itself, and a list that holds nothing stays one.

    Raises `ConfigurationError` naming the variable or the path, and never its content.
    """
    match value:
        case [*several]:
            return [resolve(each, folder) for each in several]
        case {"env": str(name), **rest} if not rest:
            return _variable(name)
        case {"file": str(path), **rest} if not rest:
            return _content(path, folder)
        case {}:
            raise _wrong("a table with one of the two keys is wanted here", '{ env = "NAME" } or { file = "path" }')
    return value


def _variable(name: str) -> str:
    if not _NAME.fullmatch(name):  # and it may be the secret itself
        raise _wrong("this is no name of an environment variable", "a name is letters, digits and underscores")
    if value := os.environ.get(name):
        return value
    raise _wrong(f"the environment variable {name} is {'empty' if name in os.environ else 'not set'}", f"set {name}")


def _content(path: str, folder: Path) -> str:
    where = folder / path
    try:
        with where.open("rb") as file:
            raw = file.read(_LONGEST + 1)
        text = raw.decode()
    except UnicodeDecodeError:
        what = "is not UTF-8"
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
    except ValueError:
        what = "has a name that no file can have"
    else:
        value = text.removesuffix("\n").removesuffix("\r")
        if value and len(raw) <= _LONGEST:
            return value
        what = "is too long for a setting" if value else "is empty"
    raise _wrong(f"the file {path!r} {what}", "give the path of a readable text file, relative to this one")


def _wrong(what: str, cure: str) -> ConfigurationError:
    return ConfigurationError(Problem("", what, cure))
