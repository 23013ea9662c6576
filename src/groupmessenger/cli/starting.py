"""A configuration file to begin with, written for the providers chosen."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from ..configfile import dotted
from ..errors import ConfigurationError, Problem
from ..fields import SECRET, WHAT, settings_of
from ..messenger import GroupMessenger
from ..plugins import load_provider
from .boards import EXTRA, has_extra

_HEAD = """\
# Connections of groupmessenger. `groupmessenger check` says what is wrong with this file, and tries each connection.
# A value may be read from the environment, {{ env = "NAME" }}, or from a file, {{ file = "path" }}.

default = "{default}"

# For groups with names, in place of default: the connection that carried a group's last message, as long as it can
# carry the next, else the first that can.
# prefer = {prefer}
# When another connection is named: "follow", and groups go along with their next message; or "hold", and each waits for
# groupmessenger switch.
# switch_on_change = "follow"

{directory}
# [webhooks]
# public_url = "..."        # https, where providers reach you; `groupmessenger webhooks url` tells the rest
"""
_DIRECTORY = """\
# Groups with names: groupmessenger groups create NAME NUMBER ..., then groupmessenger send NAME "text".
[directory]
url = "sqlite:///groups.db"  # a file beside this one; or postgresql+psycopg://...
"""
_WITHOUT = """\
# Groups with names need {extra}
# [directory]
# url = "sqlite:///groups.db"
"""
_OPTIONS = """\
# region = "US"             # reads numbers that are written without a country code
# timeout = 30              # seconds for one answer
# patience = 30             # seconds of waiting between tries
# strict = false            # refuse what would otherwise go with something left out, or with a doubt
# pace = "10/s"             # how fast workers send, or "60/min", "1000/h"; else as fast as the provider says
# failover = false          # let groups with names go on with another connection where this one cannot be reached
"""
_BROADCAST = """\
# This provider sends private copies, and no shared thread: nobody sees the others, and answers come to you alone.
# Groups are refused until you say that this is what you want:
# allow_broadcast = true
"""
_FILL_IN = "fill this in"


def write_config(providers: Sequence[str], path: Path, *, force: bool) -> None:
    """Write the file, readable by its owner alone. Raises `ConfigurationError`, as where there is one already."""
    text = render([load_provider(name) for name in dict.fromkeys(providers)])
    how = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with os.fdopen(os.open(path, how, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        if path.is_file():  # one that was there may have had another mode
            path.chmod(0o600)
    except FileExistsError:
        raise ConfigurationError(
            Problem("", "there is such a file already", "choose another --config, or --force", str(path))
        ) from None
    except OSError as error:
        raise ConfigurationError(Problem("", f"it cannot be written: {error.strerror}", file=str(path))) from None


def render(kinds: Sequence[type[GroupMessenger]]) -> str:
    """The file's text: what is needed, to be filled in, and what may be said, commented out."""
    prefer = json.dumps([kind.name for kind in kinds])
    head = _HEAD.format(default=kinds[0].name, prefer=prefer, directory=directory())
    return "\n".join([head, *(_connection(kind) for kind in kinds)])


def directory() -> str:
    """The table of the directory; commented out, with what to install, where its extra is missing."""
    return _DIRECTORY if has_extra() else _WITHOUT.format(extra=EXTRA)


def _connection(kind: type[GroupMessenger]) -> str:
    lines = [f"[{dotted('connections', kind.name)}]", f'provider = "{kind.name}"', *_settings(kind)]
    if kind.capabilities.topology == "broadcast":
        lines.append(_BROADCAST.rstrip())
    return "\n".join([*lines, _OPTIONS])


def _settings(kind: type[GroupMessenger]) -> Iterator[str]:
    credentials = (kind.url_parts.user, kind.url_parts.password)
    for name, field in settings_of(kind).items():
        needed = field.default is attrs.NOTHING or name in credentials
        what = field.metadata.get(WHAT, "")
        yield f"{'' if needed else '# '}{name} = {_value(kind, name, field)}" + (f"  # {what}" if what else "")


def _value(kind: type[GroupMessenger], name: str, field: attrs.Attribute[Any]) -> str:
    if field.metadata.get(SECRET):
        variable = re.sub(r"\W", "_", f"{kind.name}_{name}", flags=re.ASCII).upper()
        return f'{{ env = "{variable}" }}'
    if isinstance(field.default, bool):
        return str(field.default).lower()
    if isinstance(field.default, str):
        return json.dumps(field.default)
    if isinstance(field.default, tuple):
        return '["..."]'
    return f'"{_FILL_IN}"' if field.default is attrs.NOTHING else '"..."'
