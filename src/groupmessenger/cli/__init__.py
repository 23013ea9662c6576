"""The command `groupmessenger`.

Exit codes: `exits`.
"""

from __future__ import annotations

import io
import sys

_PARTS = ("cyclopts", "rich", "starlette", "uvicorn")


def main() -> None:
    """Run the command; where an extra is missing, say what installs it."""
    try:
        from .app import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PARTS:
            raise
        print(
            f"groupmessenger: the command line needs {error.name}, which is not installed.\n"
            "Install it with: pip install 'groupmessenger[cli,sandbox]'",
            file=sys.stderr,
        )
        sys.exit(2)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a sign that cannot be shown is no reason to fail
    sys.exit(run())
