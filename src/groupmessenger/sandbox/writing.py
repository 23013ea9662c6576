"""A configuration file for connections to the stand-ins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..configfile import dotted


def written(connections: Mapping[str, Mapping[str, Any]], directory: str) -> str:
    """The text of a file with these connections, the first of them the default, and with a directory."""
    lines = [f"default = {_value(name)}" for name in [*connections][:1]]
    lines += ["", "[directory]", f"url = {_value(directory)}"]
    for name, settings in connections.items():
        lines += ["", f"[{dotted('connections', name)}]"]
        lines += [f"{key} = {_value(value)}" for key, value in settings.items()]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """A value in TOML, which writes all but tables as JSON does."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_value(each)}' for key, each in value.items())} }}"
    return json.dumps(value)
