"""The command `groupmessenger`.

Exit codes: 0 done, 1 not as it should be, 2 usage, configuration, or a missing part.
"""

from __future__ import annotations

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
    sys.exit(run())
