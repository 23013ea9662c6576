"""For the API's pages, what mkdocstrings cannot read: the constructors that attrs makes, and the words of enums."""

from __future__ import annotations

import enum
import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import attrs
import griffe


class Shapes(griffe.Extension):
    """Give attrs classes their constructors, and say the values of enumerations."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Look at every class of a package that was read."""
        for cls in _classes(pkg):
            kind = _runtime(cls)
            if kind is None:
                continue
            if issubclass(kind, enum.Enum) and cls.docstring:
                words = ", ".join(f"`{each.name}` (`{each.value!r}`)" for each in kind)
                cls.docstring.value += f"\n\nThese are: {words}."
            elif attrs.has(kind) and "__init__" not in cls.members:
                cls.set_member("__init__", _constructor(cls, kind))


def _classes(part: griffe.Module | griffe.Class) -> Iterator[griffe.Class]:
    for member in part.members.values():
        if isinstance(member, griffe.Class):
            yield member
        if isinstance(member, griffe.Module | griffe.Class):
            yield from _classes(member)


def _runtime(cls: griffe.Class) -> type[Any] | None:
    """The class itself, where its module can be imported without an extra."""
    try:
        found = getattr(importlib.import_module(cls.module.path), cls.name, None)
    except ImportError:
        return None
    return found if isinstance(found, type) else None


def _constructor(cls: griffe.Class, kind: type[Any]) -> griffe.Function:
    fields = {field.alias or field.name: field.name for field in attrs.fields(kind)}
    parameters = [
        griffe.Parameter(
            name,
            annotation=_annotation(cls, fields.get(name, name)),
            kind=griffe.ParameterKind(parameter.kind.description),
            default=None if parameter.default is parameter.empty else _default(parameter.default),
        )
        for name, parameter in inspect.signature(kind).parameters.items()
    ]
    self = griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)
    return griffe.Function("__init__", parameters=griffe.Parameters(self, *parameters), parent=cls)


def _annotation(cls: griffe.Class, name: str) -> Any:
    """As it is written where the field is, so that its names are links."""
    for each in (cls, *cls.mro()):
        if name in each.members:
            return getattr(each.members[name], "annotation", None)
    return None


def _default(value: object) -> str:
    """As it is written in code; `...` where it is made anew for each."""
    if value is attrs.NOTHING:
        return "..."
    return f"{type(value).__name__}.{value.name}" if isinstance(value, enum.Enum) else repr(value)
