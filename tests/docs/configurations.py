"""The configuration file that the commands of a page run with."""

from __future__ import annotations

import json

from groupmessenger.sandbox import Sandbox

DIRECTORY = '[directory]\nurl = "sqlite:///groups.db"'


def configuration(sandbox: Sandbox, directory: str = DIRECTORY) -> str:
    """What `groupmessenger sandbox` prints, but for its first line, with a default; `directory` is that table."""
    lines = ['default = "sendblue"', directory]
    for name in sandbox.faces:
        lines += [f"[connections.{name}]", f'provider = "{name}"']
        lines += [f"{key} = {json.dumps(value)}" for key, value in sandbox.settings(name).items()]
    return "\n".join(lines)
