"""The generated part of `docs/reference/settings.md`: the settings of every provider, from the fields of its class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
from docs.tables import table

from groupmessenger.capabilities import LimitName
from groupmessenger.fields import SECRET, WHAT, settings_of
from groupmessenger.messenger import GroupMessenger

_HEAD = ("setting", "default", "secret", "what it is")


def settings_of_providers(kinds: Sequence[type[GroupMessenger]]) -> str:
    """The names of limits, and a table for each provider."""
    parts = ["## Limits", f"By these names: {', '.join(f'`{name}`' for name in LimitName)}."]
    for kind in kinds:
        parts += [f"## {kind.title}", f'`provider = "{kind.name}"`', table(_HEAD, _rows(kind))]
    return "\n\n".join(parts)


def _rows(kind: type[GroupMessenger]) -> Iterator[Sequence[str]]:
    for name, field in settings_of(kind).items():
        yield f"`{name}`", default_of(field), "yes" if field.metadata.get(SECRET) else "", field.metadata[WHAT]


def default_of(field: attrs.Attribute[object]) -> str:
    """What holds where nothing is given, in words."""
    if field.default is attrs.NOTHING:
        return "**needed**"
    if field.default in (None, ()) or isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
        return "none"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
