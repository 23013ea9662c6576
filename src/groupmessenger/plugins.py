"""Finding plugins: providers, of which only the chosen one is loaded, and observers."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

import attrs
import pluggy

from . import hookspecs
from .errors import ConfigurationError, GroupMessengerError, Problem, SendBlocked
from .messages import Attempt, Receipt
from .messenger import GroupMessenger

if TYPE_CHECKING:
    from .sandbox.face import Face

PROVIDERS = "groupmessenger.providers"
OBSERVERS = "groupmessenger.observers"
BLOCK = "GROUPMESSENGER_BLOCK_PLUGINS"

_log = logging.getLogger(__name__)


class BrokenPlugin(ConfigurationError):
    """A plugin that is installed and cannot be used. `traceback` is its own."""

    def __init__(self, name: str, what: str, cause: BaseException | None = None) -> None:
        super().__init__(Problem(name, what, f"repair or uninstall it, or name it in {BLOCK}"))
        self.name = name
        self.traceback = "".join(traceback.format_exception(cause)) if cause else ""


def manager(plugins: Iterable[object] = ()) -> pluggy.PluginManager:
    """A plugin manager that knows our hooks, with these plugins in it."""
    made = pluggy.PluginManager(hookspecs.PROJECT)
    made.add_hookspecs(hookspecs)
    for plugin in plugins:
        _register(made, plugin, _name_of(plugin))
    return made


def installed_providers() -> dict[str, EntryPoint]:
    """The providers that are installed and not blocked, by name. None is loaded by this."""
    return {entry.name: entry for entry in _installed(PROVIDERS)}


def load_provider(name: str, plugins: Iterable[object] = ()) -> type[GroupMessenger]:
    """The messenger class of a provider, given among `plugins` or installed.

    Raises `ConfigurationError` for one that is not installed, saying what to install, and `BrokenPlugin`.
    """
    for plugin in plugins:
        given = _provider(_name_of(plugin), manager([plugin]))
        if getattr(given, "name", None) == name:
            return _checked(name, given)
    return _checked(name, _provider(name, _load(name)))


def sandbox_faces() -> dict[str, type[Face]]:
    """The faces of all installed providers that have one. A provider that cannot be loaded is logged and left out."""
    faces: dict[str, type[Face]] = {}
    for name in installed_providers():
        try:
            face = _load(name).hook.groupmessenger_sandbox()
        except BrokenPlugin as error:
            _log.warning("provider %s has no face in the sandbox: %s\n%s", name, error, error.traceback)
        except ImportError as error:
            _log.warning("provider %s has no face in the sandbox: %s", name, error)
        except Exception:
            _log.exception("provider %s has no face in the sandbox", name)
        else:
            if face is not None:
                faces[name] = face
    return faces


def _load(name: str) -> pluggy.PluginManager:
    installed = installed_providers()
    if name not in installed:
        near = get_close_matches(name, installed, n=1)
        cure = f"did you mean {near[0]!r}?" if near else f"pip install groupmessenger-{name}"
        raise ConfigurationError(
            Problem(
                "provider",
                f"no provider {name!r} is installed, but {', '.join(sorted(installed)) or 'none at all'}",
                cure,
            )
        )
    made = manager()
    _register(made, _imported(installed[name]), name)
    return made


def _provider(name: str, made: pluggy.PluginManager) -> Any:
    try:
        return made.hook.groupmessenger_provider()
    except Exception as error:
        what = f"its groupmessenger_provider hook fails ({type(error).__name__}: {error})"
        raise BrokenPlugin(name, what, error) from error


def _checked(name: str, given: Any) -> type[GroupMessenger]:
    if not (isinstance(given, type) and issubclass(given, GroupMessenger)):
        raise BrokenPlugin(name, "its groupmessenger_provider hook gives no GroupMessenger class")
    if given.name != name:
        raise BrokenPlugin(name, f"it is installed as {name!r} and calls itself {given.name!r}")
    return given


@attrs.frozen
class Observers:
    """All observers of a connection, each under its name. What one of them breaks is logged, and hurts nobody else."""

    watching: tuple[tuple[str, pluggy.PluginManager], ...]

    def before_send(self, attempt: Attempt) -> None:
        """Let each see the message before it leaves. Raises `SendBlocked` where one forbids it.

        An observer that fails in another way has not agreed: that send is blocked as well.
        """
        for name, plugin in self.watching:
            try:
                plugin.hook.groupmessenger_before_send(attempt=attempt)
            except SendBlocked:
                raise
            except Exception as error:
                _log.exception("observer %s failed before a send", name)
                raise SendBlocked(f"observer {name} failed ({type(error).__name__}), so nothing was sent") from error

    def after_send(self, attempt: Attempt, result: Receipt | GroupMessengerError) -> None:
        """Tell each what became of it."""
        for name, plugin in self.watching:
            try:
                plugin.hook.groupmessenger_after_send(attempt=attempt, result=result)
            except Exception:
                _log.exception("observer %s failed after a send", name)


def load_observers(plugins: Iterable[object] = ()) -> Observers | None:
    """The installed observers and those among `plugins`; None if there are none.

    An installed one that is broken is logged with its traceback and left out. One given that is broken raises.
    """
    watching = [(name, made) for name, made in map(_given, plugins) if _observes(made)]
    for entry in _installed(OBSERVERS):
        try:
            made = manager()
            _register(made, _imported(entry), entry.name)
        except BrokenPlugin as error:
            _log.warning("%s\n%s", error, error.traceback)
        else:
            watching.append((entry.name, made))
    return Observers(tuple(watching)) if watching else None


def _given(plugin: object) -> tuple[str, pluggy.PluginManager]:
    return _name_of(plugin), manager([plugin])


def _observes(made: pluggy.PluginManager) -> bool:
    return any(
        getattr(made.hook, name).get_hookimpls()
        for name in ("groupmessenger_before_send", "groupmessenger_after_send", "groupmessenger_on_event")
    )


def _installed(group: str) -> Iterator[EntryPoint]:
    blocked = {name.strip() for name in os.environ.get(BLOCK, "").split(",")}
    return (entry for entry in sorted(entry_points(group=group)) if entry.name not in blocked)


def _imported(entry: EntryPoint) -> object:
    try:
        return entry.load()
    except Exception as error:
        raise BrokenPlugin(entry.name, f"it cannot be loaded ({type(error).__name__}: {error})", error) from error


def _register(made: pluggy.PluginManager, plugin: object, name: str) -> None:
    if isinstance(plugin, type):
        raise BrokenPlugin(name, "a plugin is an object or a module, and this is a class: give an instance of it")
    try:
        made.register(plugin, name)
        made.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        raise BrokenPlugin(name, f"its hooks do not fit: {error}", error) from error
    marked = {caller.name for caller in made.get_hookcallers(plugin) or ()}
    ours = [each for each in dir(plugin) if each.startswith(hookspecs.PROJECT + "_")]
    unmarked = {each for each in ours if callable(getattr(plugin, each, None))} - marked
    if unmarked or not marked:
        what = f"{', '.join(sorted(unmarked))} without @hookimpl" if unmarked else "no hook of ours"
        raise BrokenPlugin(name, f"it has {what}, so that it would never be called")


def _name_of(plugin: object) -> str:
    return str(getattr(plugin, "__name__", type(plugin).__name__))
