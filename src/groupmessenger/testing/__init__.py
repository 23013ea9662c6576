"""What tests of applications and of plugins need: a provider in memory, assertions, and the contract of an adapter.

The pytest fixtures are in `groupmessenger_pytest`, which pytest loads by itself. What is here is imported when it is
asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .contract import ProviderContract as ProviderContract
    from .contract import Verdict as Verdict
    from .contract import because as because
    from .memory import Memory as Memory
    from .memory_messenger import MemoryMessenger as MemoryMessenger
    from .seen import assert_seen as assert_seen
    from .seen import shown as shown
    from .waiting import eventually as eventually
    from .waiting import eventually_async as eventually_async

_MODULES = {
    "Memory": "memory",
    "MemoryMessenger": "memory_messenger",
    "ProviderContract": "contract",
    "Verdict": "contract",
    "assert_seen": "seen",
    "because": "contract",
    "eventually": "waiting",
    "eventually_async": "waiting",
    "shown": "seen",
}


def __getattr__(name: str) -> Any:
    """What is asked for, and no more."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(_MODULES)
