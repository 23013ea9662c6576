"""The switchboard that a command acts by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError, InvalidInput, Problem, Suppressed
from .connecting import by_url, load

if TYPE_CHECKING:
    from ..config import Config
    from ..switchboard.asynchronous import AsyncSwitchboard
    from ..switchboard.blocking import Switchboard
    from ..switchboard.directory import Directory

EXTRA = "pip install 'groupmessenger[switchboard]'"
_PARTS = ("sqlalchemy", "alembic", "pyrate_limiter")


def has_extra() -> bool:
    """Whether what a switchboard needs is installed."""
    return all(find_spec(name) is not None for name in _PARTS)


def by_directory(name: str | None, path: Path | None) -> bool:
    """Whether a command about groups means those of the file's directory: there is one, and no connection was named.

    Raises `ConfigurationError`.
    """
    return name is None and not by_url(name, path) and load(path).directory_url is not None


def refuse_directory(name: str | None, path: Path | None, instead: str) -> None:
    """Raise `InvalidInput` for a command that is the provider's alone where no connection was named, and might be."""
    if by_directory(name, path):
        raise InvalidInput(
            "this is about a provider's own groups: name its --connection; for those of the directory there is "
            f"groupmessenger {instead}"
        )


def refuse_opted_out(name: str | None, path: Path | None, numbers: Iterable[str]) -> None:
    """Raise `Suppressed` if any of these people opted out, as far as the directory of the file that is used knows."""
    if by_url(name, path) or load(path).directory_url is None:
        return
    with open_board(path) as board:
        out = board.suppressed(numbers)
    if out:
        who = ", ".join(repr(member.address) for member in out)
        raise Suppressed(f"{who} opted out: only they can opt in again; groupmessenger opt-outs tells when", out)


def open_board(path: Path | None, plugins: Iterable[object] = ()) -> Switchboard:
    """Give a switchboard of the file, for the caller to close. `plugins` observe it.

    Raises `ConfigurationError`, as where the file has no directory, or where the extra is missing.
    """
    return board_of(load(path, plugins))


def board_of(config: Config) -> Switchboard:
    """Give a switchboard of what a file says, as `open_board` does."""
    with _extra():
        from ..switchboard.blocking import Switchboard

        return Switchboard(config)


def open_async_board(path: Path | None) -> AsyncSwitchboard:
    """Give one for a command that lasts, which follows the file; for the caller to close. Raises as `open_board`."""
    with _extra():
        from ..switchboard.asynchronous import AsyncSwitchboard

        return AsyncSwitchboard(load(path), follow=True)


def open_directory(path: Path | None) -> Directory:
    """Give the directory that the file names, for the caller to close. Raises `ConfigurationError` as `open_board`."""
    with _extra():
        from ..switchboard.building import directory_of

        return directory_of(load(path))


@contextmanager
def _extra() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PARTS:
            raise
        raise ConfigurationError(Problem("directory", f"{error.name} is not installed", EXTRA)) from error
