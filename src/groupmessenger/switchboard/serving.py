"""A switchboard as an application that servers mount: it accepts callbacks, answers, and then has them handled."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..callbacks import Callback
from ..events import Event
from ..webhooks.answering import Answering
from ..webhooks.asynchronous import App, Performing, Receive, Scope, Send
from ..webhooks.blocking import StartResponse, WSGIApp, app_of, performing
from ..webhooks.receiver import Handler, check_handler
from .background import InLoop, InThread
from .lines import Lines
from .operations import Operations
from .receiving import Receiving


class Accepting(Answering):
    """Answers callbacks once they are kept."""

    def __init__(self, receiving: Receiving, lines: Lines, public_url: str | None) -> None:
        super().__init__({name: line.incoming for name, line in lines.items()}, public_url=public_url)
        self._receiving = receiving

    async def take(self, name: str, callback: Callback) -> bool:
        """Keep it."""
        await self._receiving.accept(name, callback)
        return True


class Mounted:
    """An ASGI application that accepts callbacks, and has them handled in the server's event loop.

    What was left before is looked for when the server begins, or where it does not say so, at the first callback.
    """

    def __init__(self, accepting: Accepting, perform: Performing, background: InLoop | None = None) -> None:
        self._app = App(accepting, perform)
        self._background = background

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the beginning and end of the server."""
        if scope["type"] == "lifespan" and self._background is not None:
            await _live(self._background, receive, send)
            return
        await self._app(scope, receive, send)
        if scope["type"] == "http" and self._background is not None:
            self._background.wake()


async def _live(background: InLoop, receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        if kind == "lifespan.startup":
            background.start()
        else:
            await background.stop()
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


class Mounting:
    """The applications of one switchboard, and what handles in their background. `public_url` is the file's."""

    def __init__(self, operations: Operations, public_url: str | None) -> None:
        self._receiving = operations.receiving
        self._lines = operations.board.lines
        self._public_url = public_url
        self._backgrounds: list[InLoop | InThread] = []

    def asgi(self, on_event: Handler | None, public_url: str | None, *, from_us: bool) -> Mounted:
        """An ASGI application. Raises `ConfigurationError`."""
        accepting = self._accepting(public_url)
        if on_event is None:
            return Mounted(accepting, Performing(_nothing))
        check_handler(on_event)
        perform = Performing(on_event)
        background = InLoop(self._receiving, perform, from_us=from_us)
        self._backgrounds.append(background)
        return Mounted(accepting, perform, background)

    def wsgi(self, on_event: Callable[[Event], object] | None, public_url: str | None, *, from_us: bool) -> WSGIApp:
        """A WSGI application. Raises `ConfigurationError`."""
        accepting, perform = self._accepting(public_url), performing(on_event or _nothing)
        app = app_of(accepting, perform)
        if on_event is None:
            return app
        background = InThread(self._receiving, perform, from_us=from_us)
        self._backgrounds.append(background)

        def waking(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
            answer = app(environ, start_response)
            background.wake()
            return answer

        return waking

    def close(self) -> None:
        """Accept and begin nothing more; what is under way in threads has some seconds."""
        self._receiving.closed = True
        for background in self._backgrounds:
            if isinstance(background, InThread):
                background.stop()

    async def aclose(self) -> None:
        """Accept and begin nothing more; what is under way in this event loop has some seconds."""
        self._receiving.closed = True
        for background in self._backgrounds:
            if isinstance(background, InLoop):
                await background.stop()

    def _accepting(self, public_url: str | None) -> Accepting:
        return Accepting(self._receiving, self._lines, public_url or self._public_url)


def _nothing(event: Event) -> None:
    """Handle nothing: somebody else does."""
