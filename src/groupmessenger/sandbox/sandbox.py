"""The sandbox itself: vendors, phones and a clock, started for a test or a demonstration."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, Problem
from ..weburls import is_loopback
from .callbacks import Callbacks, is_here
from .checking import unknown
from .clock import Clock
from .face import Face
from .faults import Fault, Faults
from .log import Entry, Log
from .phones import Network, Phones
from .writing import written

if TYPE_CHECKING:
    from ..async_client import AsyncClient
    from ..client import Client
    from .running import Running

_log = logging.getLogger("groupmessenger.sandbox")

_NO_DOUBTS: Mapping[str, Any] = MappingProxyType({})


class Sandbox:
    """Stand-ins for the vendors, over HTTP on this machine.

    `faces` are the vendors' classes, None for those of every provider installed; one of these that fails is logged
    and left out. `doubts` chooses among the readings of what vendors leave open, `{"acme.merges": "never"}`. Port 0
    takes a free one. Raises ConfigurationError for an unknown doubt or choice, for a host that is not this machine, and
    for what is no port.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        faces: Iterable[type[Face]] | None = None,
        doubts: Mapping[str, Any] = _NO_DOUBTS,
        host: str = "127.0.0.1",
    ) -> None:
        _check_host(host)
        _check_port(port)
        installed = faces is None
        if faces is None:
            from ..plugins import sandbox_faces

            faces = sandbox_faces().values()
        classes = {face.name: face for face in faces}
        _check_doubts(doubts, classes)
        self.host = host
        self.clock = Clock()
        self.network = Network(self.clock)
        self.faces: dict[str, Face] = {}
        operations: dict[str, list[str]] = {}
        for name, kind in classes.items():
            try:
                face = kind(self.network, self.clock, _doubts_of(name, doubts))
                operations[name] = [route.operation for route in face.routes()]
            except Exception:
                if not installed:
                    raise
                _log.exception("the face of provider %s cannot be made; the sandbox does without it", name)
            else:
                self.faces[name] = face
        self._faults = Faults(operations)
        self._log = Log(self.clock)
        self._port = port
        self._running: Running | None = None

    def start(self) -> Sandbox:
        """Start serving. Raises ConfigurationError if the port is taken or the extra is not installed."""
        if self._running is None:
            try:
                from .running import Running
                from .server import App
            except ImportError as error:
                raise ConfigurationError(
                    Problem("sandbox", f"{error.name} is not installed", "pip install 'groupmessenger[sandbox]'")
                ) from error
            app = App(self.faces, self.network, self._faults, self._log)
            self._running = Running(app, self.clock, self.host, self._port)
        return self

    def stop(self) -> None:
        """Hang up on everybody and end. Phones, log and clock stay as they are."""
        if self._running is not None:
            running, self._running = self._running, None
            running.stop()
            self.callbacks.stop()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port it serves. Raises ConfigurationError before `start`."""
        if self._running is None:
            raise ConfigurationError("the sandbox is not running: use it in a with statement, or call start() first")
        return self._running.port

    @property
    def url(self) -> str:
        """Where it serves: each face below its name, the control endpoints below `/_`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def phones(self) -> Phones:
        """The phones by number."""
        return self.network.phones

    @property
    def log(self) -> list[Entry]:
        """Every call at a vendor so far, the oldest first."""
        return self._log.entries()

    def clear_log(self) -> None:
        """Forget the calls so far."""
        self._log.clear()

    def fault(
        self,
        kind: str,
        *,
        provider: str = "*",
        operation: str = "*",
        phase: str = "before",
        nth: int = 1,
        times: int | None = 1,
        probability: float | None = None,
        seed: int | None = None,
        status: int | None = None,
        body: Any = None,
        text: str | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
        location: str | None = None,
    ) -> Fault:
        """Set a fault; `groupmessenger.sandbox.faults` says what the fields mean. Raises InvalidInput."""
        scope = {"provider": provider, "operation": operation, "phase": phase, "nth": nth, "times": times}
        details = {
            "probability": probability,
            "seed": seed,
            "status": status,
            "body": body,
            "text": text,
            "headers": headers,
            "seconds": seconds,
            "location": location,
        }
        given = {name: value for name, value in details.items() if value is not None}
        fault = Fault.load({"kind": kind, **scope, **given})
        self._faults.add(fault)
        return fault

    def clear_faults(self) -> None:
        """Take all faults back."""
        self._faults.clear()

    @property
    def callbacks(self) -> Callbacks:
        """What the vendors call: to be held, sent twice or late, waited for, and looked at."""
        return self.network.callbacks

    def calls(self, provider: str, url: str | None) -> None:
        """Have a vendor call this URL on this machine, as one sets it in its dashboard; None for nobody.

        Raises ConfigurationError for a provider that is not here, and for a URL that the sandbox does not call.
        """
        face = self._face(provider)
        if url is not None and not is_here(url):
            raise ConfigurationError(
                Problem("url", "the sandbox calls this machine alone", "http://127.0.0.1:8000/...")
            )
        face.calls(url)

    def settings(self, provider: str) -> dict[str, Any]:
        """What a connection of this provider needs to talk to its stand-in. Raises ConfigurationError."""
        return self._face(provider).settings(f"{self.url}/{provider}")

    def configuration(self, *providers: str, directory: str = "sqlite:///groups.db", **options: Any) -> str:
        """The text of a configuration file: a connection for each provider, of its name; all unless some are named.

        The first is the default. `directory` is the URL of a switchboard's directory, and `options` are more keys for
        every connection, such as `timeout=1`. Raises ConfigurationError for a provider that is not here.
        """
        names = providers or tuple(self.faces)
        tables = {name: {"provider": name, **self.settings(name), **options} for name in names}
        return written(tables, directory)

    def _face(self, provider: str) -> Face:
        if provider not in self.faces:
            raise ConfigurationError(unknown("provider in the sandbox", provider, self.faces))
        return self.faces[provider]

    def connect(self, provider: str, **overrides: Any) -> Client:
        """Give a client of the stand-in, for the caller to close. `overrides` go before the face's settings."""
        import groupmessenger

        settings: dict[str, Any] = {**self.settings(provider), **overrides}
        return groupmessenger.connect(provider, **settings)

    def connect_async(self, provider: str, **overrides: Any) -> AsyncClient:
        """Give an asynchronous client of the stand-in, for the caller to close."""
        import groupmessenger

        settings: dict[str, Any] = {**self.settings(provider), **overrides}
        return groupmessenger.connect_async(provider, **settings)


def _check_host(host: str) -> None:
    """Raise ConfigurationError for a host that others could reach: a stand-in has no business on a network."""
    if not is_loopback(host):
        raise ConfigurationError(
            Problem(
                "host",
                f"the sandbox serves this machine alone, not {host}",
                "use 127.0.0.1, ::1 or localhost",
            )
        )


def _check_port(port: int) -> None:
    """Raise ConfigurationError for what is no port."""
    if not 0 <= port <= 65535:
        raise ConfigurationError(Problem("port", f"{port} is no port", "take one from 0..65535; 0 is any that is free"))


def _check_doubts(doubts: Mapping[str, Any], faces: Mapping[str, type[Face]]) -> None:
    """Raise ConfigurationError naming every unknown doubt and every choice it does not have."""
    known = {f"{name}.{doubt.name}": doubt for name, face in faces.items() for doubt in face.doubts}
    problems = [Problem("doubts", unknown("doubt", name, known)) for name in doubts if name not in known]
    problems += [
        Problem(
            f"doubts.{name}",
            f"{choice!r} is none of its choices: {', '.join(map(repr, known[name].choices))}",
        )
        for name, choice in doubts.items()
        if name in known and choice not in known[name].choices
    ]
    if problems:
        raise ConfigurationError(*problems)


def _doubts_of(provider: str, doubts: Mapping[str, Any]) -> dict[str, Any]:
    """Give one provider's doubts, by their own names."""
    return {
        name.removeprefix(f"{provider}."): choice for name, choice in doubts.items() if name.startswith(f"{provider}.")
    }
