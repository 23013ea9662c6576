"""A provider's settings, from keywords or a file, into its messenger: all problems at once."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import attrs

from .errors import ConfigurationError, GroupMessengerError, Problem
from .messenger import GroupMessenger


def build_messenger(kind: type[GroupMessenger], settings: Mapping[str, Any]) -> GroupMessenger:
    """Make a messenger of its settings.

    Raises `ConfigurationError` naming every setting that is unknown (with a near match), missing or not possible,
    and never a value.
    """
    fields = {field.alias or field.name: field for field in _fields(kind)}
    problems = [_unknown(name, fields) for name in settings if name not in fields]
    for name, field in fields.items():
        if name in settings:
            problems.extend(_impossible(kind, name, field, settings[name]))
        elif field.default is attrs.NOTHING:
            problems.append(Problem(name, f"{kind.title} needs it and it is missing"))
    if problems:
        raise ConfigurationError(*problems)
    return kind(**settings)


def _fields(kind: Any) -> tuple[attrs.Attribute[Any], ...]:
    return tuple(field for field in attrs.fields(kind) if field.init)


def _unknown(name: str, fields: Mapping[str, Any]) -> Problem:
    near = get_close_matches(name, fields, n=1)
    cure = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(fields)}"
    return Problem(name, "no such setting", cure)


def _impossible(kind: type[GroupMessenger], name: str, field: attrs.Attribute[Any], value: Any) -> list[Problem]:
    try:
        converter: Any = field.converter
        if converter is not None:
            value = converter(value)
        if field.validator is not None:
            field.validator(None, field, value)
    except GroupMessengerError as error:
        return [Problem(name, str(error))]
    except (TypeError, ValueError, AttributeError):
        return [Problem(name, f"not what {kind.title} needs: {_kind_of(field)}")]
    return []


def _kind_of(field: attrs.Attribute[Any]) -> str:
    return str(field.metadata.get("what", field.type))
