"""A provider's settings, from keywords, a URL or a file, into its messenger: all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import attrs

from .capabilities import Capabilities
from .errors import ConfigurationError, GroupMessengerError, Problem, near
from .fields import WHAT, settings_of
from .messenger import GroupMessenger
from .options import CLIENT_OPTIONS, OPTIONS
from .phone import mask
from .weburls import is_web_url

_SHORT = 3  # a value of so few characters is found in any text


def _as_keyword(name: str) -> str:
    return f"give {name}=..."


def build_messenger(kind: type[GroupMessenger], settings: Mapping[str, Any]) -> GroupMessenger:
    """Make a messenger of its settings.

    Raises `ConfigurationError` naming every setting that is unknown (with a near match), missing or not possible,
    or, where each is well by itself, what is wrong with them together; and never a value.
    """
    problems = list(wrong_settings(kind, settings))
    if not problems:
        try:
            return kind(**settings)
        except ConfigurationError as error:
            problems.extend(error.problems)
        except GroupMessengerError as error:
            problems.append(Problem("", str(error)))
        except (TypeError, ValueError) as error:
            problems.append(Problem("", f"{kind.title} cannot be used with these settings ({type(error).__name__})"))
    raise ConfigurationError(*problems)


def wrong_settings(
    kind: type[GroupMessenger],
    settings: Mapping[str, Any],
    *,
    unread: Collection[str] = (),
    options: Collection[str] = OPTIONS,
    write: Callable[[str], str] = _as_keyword,
) -> Iterator[Problem]:
    """What is wrong with settings, each problem under its setting's name.

    `unread` are settings that were given and whose value could not be read. `options` are other keys that may have
    been meant, and `write` says how a setting is given here.
    """
    fields = settings_of(kind)
    problems = [_unknown(name, fields, options) for name in (*settings, *unread) if name not in fields]
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in settings:
            values[name], wrong = _read(kind, name, field, settings[name])
            problems.extend(wrong)
        elif name not in unread and field.default is attrs.NOTHING:
            what = field.metadata.get(WHAT)
            it = f"it ({what})" if what else "it"
            problems.append(Problem(name, f"{kind.title} needs {it} and it is missing", write(name)))
    given = {**dict.fromkeys(unread, ""), **settings, **values}
    yield from problems
    named = {problem.key for problem in problems}
    try:
        yield from [each for each in kind.conflicts(given) if each.key not in named]
    except (TypeError, ValueError, AttributeError):
        if not problems and not unread:  # or it stumbled over what is named above
            raise


def wrong_limits(capabilities: Capabilities, limits: Mapping[str, int]) -> Iterator[Problem]:
    """What cannot be overridden, or not so, of these capabilities' limits."""
    try:
        capabilities.with_limits(limits)
    except ConfigurationError as error:
        yield from error.problems


def _unknown(name: str, fields: Collection[str], options: Collection[str]) -> Problem:
    if name in OPTIONS and name not in CLIENT_OPTIONS:
        return Problem(name, "it is for a file or a URL, and not taken here", "leave it out")
    meant = get_close_matches(name, (*fields, *options), n=1)
    return Problem(name, "no such setting", near(name, meant or fields))


def _read(
    kind: type[GroupMessenger], name: str, field: attrs.Attribute[Any], value: Any
) -> tuple[Any, tuple[Problem, ...]]:
    given = value
    try:
        converter: Any = field.converter
        if converter is not None:
            value = converter(value)
        if field.validator is not None:
            field.validator(None, field, value)
        if name == "base_url" and not is_web_url(value):
            return value, (Problem(name, "it is no https URL", "http is for loopback addresses alone"),)
    except GroupMessengerError as error:
        if text := _without(given, str(error)):
            return value, (Problem(name, text),)
    except (TypeError, ValueError, AttributeError, ArithmeticError, LookupError):
        pass
    else:
        return value, ()
    return value, (Problem(name, f"not what {kind.title} needs: {field.metadata.get(WHAT, field.type)}"),)


def _without(given: object, text: str) -> str:
    """What an error says of a value, without the value or the mask of it; nothing if it cannot be had without."""
    if not isinstance(given, str):
        return text
    for form in (given, given.strip()):
        text = text.replace(repr(mask(form)), "this")
    return "" if len(given) > _SHORT and given in text else text
