"""What a file says of routes, as it stands: an operator changes it while programs run."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import attrs

from ..config import Config, load_rules
from ..errors import ConfigurationError

_log = logging.getLogger(__name__)


@attrs.frozen
class Rules:
    """What a file says of routes. With `hold`, a group stays with the connection it used last until `switch`."""

    default: str | None = None
    prefer: tuple[str, ...] = ()
    hold: bool = False

    @classmethod
    def of(cls, config: Config) -> Rules:
        """Those of a configuration."""
        return cls(config.default, config.prefer, config.hold)

    def now(self) -> Rules:
        """These: nothing changes them."""
        return self


class FileRules:
    """The rules of a file, read again when it has changed. Connections are not: a new one needs a new switchboard.

    While the file cannot be read, or names a connection that this program does not have, the rules stay as they were,
    and the log says why.
    """

    def __init__(self, config: Config) -> None:
        self._path = config.path
        self._names = frozenset(config.connections)
        self._rules = Rules.of(config)
        self._seen = _content(config.path)
        self._guard = threading.Lock()

    def now(self) -> Rules:
        """The rules as the file has them now. May block."""
        with self._guard:
            content = _content(self._path)
            if content != self._seen:
                self._seen = content
                try:
                    self._rules = Rules(*load_rules(self._path, self._names))
                except ConfigurationError as error:
                    _log.error("the file changed and is not followed: %s", error)
            return self._rules


def _content(path: Path) -> bytes | None:
    """A file as it is: its time and size may stay the same when it changes."""
    try:
        return path.read_bytes()
    except OSError:
        return None
