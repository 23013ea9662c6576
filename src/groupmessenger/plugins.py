"""Finding plugins: providers, of which only the chosen one is loaded, and observers."""

from __future__ import annotations

import inspect
import logging
import os
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import pluggy

from . import hookspecs
from .errors import ConfigurationError, GroupMessengerError, Problem, SendBlocked
from .events import Event
from .installed import installed
from .messages import Attempt, Receipt
from .messenger import GroupMessenger

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from .sandbox.face import Face
    from .switchboard import OutboxStats

PROVIDERS = "groupmessenger.providers"
OBSERVERS = "groupmessenger.observers"
BLOCK = "GROUPMESSENGER_BLOCK_PLUGINS"

_OBSERVING = ("before_send", "after_send", "carry", "on_event", "on_outbox")
_MOST_CARRIED = 4096  # bytes of names and values that go along with a message
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", re.ASCII)
_log = logging.getLogger(__name__)


class BrokenPlugin(ConfigurationError):
    """A plugin that is installed, or `given` in code, and cannot be used. `traceback` is its own."""

    def __init__(self, name: str, what: str, cause: BaseException | None = None, *, given: bool = False) -> None:
        super().__init__(
            Problem(name, what, "repair it" if given else f"repair or uninstall it, or name it in {BLOCK}")
        )
        self.name = name
        self.traceback = "".join(traceback.format_exception(cause)) if cause else ""


def manager(plugins: Iterable[object] = ()) -> pluggy.PluginManager:
    """A plugin manager that knows our hooks, with these plugins in it, which were given in code."""
    made = pluggy.PluginManager(hookspecs.PROJECT)
    made.add_hookspecs(hookspecs)
    for plugin in plugins:
        _register(made, plugin, _name_of(plugin), given=True)
    return made


def installed_providers() -> dict[str, EntryPoint]:
    """The providers that are installed and not blocked, by name. None is loaded by this."""
    return {entry.name: entry for entry in _installed(PROVIDERS)}


def load_provider(name: str, plugins: Iterable[object] = ()) -> type[GroupMessenger]:
    """The messenger class of a provider, given among `plugins` or installed.

    Raises `ConfigurationError` for one that is not installed, saying what to install, and `BrokenPlugin`.
    """
    for plugin in plugins:
        found = _provider(_name_of(plugin), manager([plugin]), given=True)
        if getattr(found, "name", None) == name:
            return _checked(name, found, given=True)
    return _checked(name, _provider(name, _load(name)))


def sandbox_faces() -> dict[str, type[Face]]:
    """The faces of all installed providers that have one.

    A provider that cannot be loaded is logged and left out, and so is one whose face is none.
    """
    faces: dict[str, type[Face]] = {}
    for name in installed_providers():
        try:
            face = _load(name).hook.groupmessenger_sandbox()
        except BrokenPlugin as error:
            _log.warning("provider %s has no face in the sandbox: %s\n%s", name, error, error.traceback)
        except ImportError as error:
            _log.warning("provider %s has no face in the sandbox: %s", name, error)
        except (Exception, SystemExit):
            _log.exception("provider %s has no face in the sandbox", name)
        else:
            if face is None:
                continue
            if what := _unfit(name, face):
                _log.warning("provider %s has no face in the sandbox: %s", name, what)
            else:
                faces[name] = face
    return faces


def _unfit(name: str, face: Any) -> str:
    """Say why it cannot be this provider's face; nothing if it can."""
    # The sandbox is a layer above this one. Who has a face has imported it.
    kind: type = import_module("groupmessenger.sandbox.face").Face
    if not (isinstance(face, type) and issubclass(face, kind)):
        return "its groupmessenger_sandbox hook gives no subclass of Face"
    called = getattr(face, "name", None)
    return "" if called == name else f"it is installed as {name!r} and its face calls itself {called!r}"


def _load(name: str) -> pluggy.PluginManager:
    installed = installed_providers()
    if name in _blocked():
        raise ConfigurationError(Problem("provider", f"{name!r} is blocked by {BLOCK}", "take it out of that variable"))
    if not _NAME.fullmatch(name):  # and it may be anything that was put in the wrong place
        raise ConfigurationError(
            Problem("provider", "this is no provider's name", f"there are: {', '.join(sorted(installed)) or 'none'}")
        )
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


def _provider(name: str, made: pluggy.PluginManager, *, given: bool = False) -> Any:
    try:
        return made.hook.groupmessenger_provider()
    except (Exception, SystemExit) as error:
        what = f"its groupmessenger_provider hook fails ({type(error).__name__}: {error})"
        raise BrokenPlugin(name, what, error, given=given) from error


def _checked(name: str, found: Any, *, given: bool = False) -> type[GroupMessenger]:
    if not (isinstance(found, type) and issubclass(found, GroupMessenger)):
        raise BrokenPlugin(name, "its groupmessenger_provider hook gives no GroupMessenger class", given=given)
    if found.name != name:
        raise BrokenPlugin(name, f"it is installed as {name!r} and calls itself {found.name!r}", given=given)
    return found


_Watching: TypeAlias = tuple[tuple[str, pluggy.PluginManager], ...]


@attrs.frozen
class Observers:
    """All observers of a connection, each under its name. What one of them breaks is logged, and hurts nobody else."""

    watching: _Watching

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

    @property
    def carry(self) -> Callable[[], Mapping[str, str]] | None:
        """What asks them what goes along with a message that is queued; None where none of them has anything to say."""
        carrying = tuple(each for each in self.watching if each[1].hook.groupmessenger_carry.get_hookimpls())
        return partial(_carried, carrying) if carrying else None

    def on_event(self, event: Event) -> None:
        """Let each see an event from a provider."""
        for name, plugin in self.watching:
            try:
                plugin.hook.groupmessenger_on_event(event=event)
            except Exception:
                _log.exception("observer %s failed at an event", name)

    def on_outbox(self, stats: OutboxStats) -> None:
        """Let each see how the outbox stands."""
        for name, plugin in self.watching:
            try:
                plugin.hook.groupmessenger_on_outbox(stats=stats)
            except Exception:
                _log.exception("observer %s failed at the outbox", name)


def _carried(carrying: _Watching) -> Mapping[str, str]:
    """What each gives, the later before the earlier, as far as there is room for it."""
    carried: dict[str, str] = {}
    for name, plugin in carrying:
        try:
            given = [_texts(each) for each in plugin.hook.groupmessenger_carry()]
        except Exception:
            _log.exception("observer %s failed at what goes along with a message", name)
            continue
        for key, value in (item for each in given for item in each.items()):
            more = {**carried, key: value}
            if sum(len(text.encode()) for item in more.items() for text in item) > _MOST_CARRIED:
                _log.warning("what observer %s has go along is left out: it is beyond %d bytes", name, _MOST_CARRIED)
            else:
                carried = more
    return carried


def _texts(given: object) -> dict[str, str]:
    if not isinstance(given, Mapping) or not all(isinstance(text, str) for item in given.items() for text in item):
        raise TypeError("groupmessenger_carry gives a mapping of texts to texts")
    for text in (text for item in given.items() for text in item):
        text.encode()  # which half of a character has no place in
    return dict(given)


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
    return any(getattr(made.hook, f"groupmessenger_{name}").get_hookimpls() for name in _OBSERVING)


def _installed(group: str) -> Iterator[EntryPoint]:
    blocked = _blocked()
    return (entry for entry in installed(group) if entry.name not in blocked)


def _blocked() -> set[str]:
    return {name.strip() for name in os.environ.get(BLOCK, "").split(",")} - {""}


def _imported(entry: EntryPoint) -> object:
    try:
        return entry.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # one that exits as well: it must not take the program with it
        raise BrokenPlugin(entry.name, f"it cannot be loaded ({type(error).__name__}: {error})", error) from error


def _register(made: pluggy.PluginManager, plugin: object, name: str, *, given: bool = False) -> None:
    if isinstance(plugin, type):
        what = "a plugin is an object or a module, and this is a class: give an instance of it"
        raise BrokenPlugin(name, what, given=given)
    try:
        made.register(plugin, name)
        made.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        raise BrokenPlugin(name, f"its hooks do not fit: {error}", error, given=given) from error
    callers = made.get_hookcallers(plugin) or ()
    for hook in (each for caller in callers for each in caller.get_hookimpls() if each.plugin is plugin):
        if inspect.iscoroutinefunction(hook.function) or inspect.isasyncgenfunction(hook.function):
            raise BrokenPlugin(name, f"hooks are plain functions, and {hook.function.__name__} is async", given=given)
    marked = {caller.name for caller in callers}
    ours = [each for each in dir(plugin) if each.startswith(hookspecs.PROJECT + "_")]
    unmarked = {each for each in ours if callable(getattr(plugin, each, None))} - marked
    if unmarked or not marked:
        what = f"{', '.join(sorted(unmarked))} without @hookimpl" if unmarked else "no hook of ours"
        raise BrokenPlugin(name, f"it has {what}, so that it would never be called", given=given)


def _name_of(plugin: object) -> str:
    return str(getattr(plugin, "__name__", type(plugin).__name__))
