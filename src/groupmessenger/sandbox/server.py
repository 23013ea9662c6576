"""The vendors over HTTP: an ASGI app with every face below `/{name}`, and the control endpoints below `/_`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from datetime import timedelta
from email.utils import format_datetime

import attrs
from starlette.types import Receive, Scope, Send

from .control import control_app
from .face import Answer, Call, Face, Handler
from .faults import Fault, Faults
from .log import Entry, Log
from .phones import Network
from .routing import Routes, call
from .wire import Connection, spoiled

logger = logging.getLogger("groupmessenger.sandbox")


@attrs.frozen
class Asked:
    """A call at a face, and who serves it."""

    face: Face
    operation: str | None
    handler: Handler
    call: Call


class App:
    """The ASGI app. Vendors act one call at a time, under the network's lock."""

    def __init__(self, faces: Mapping[str, Face], network: Network, faults: Faults, log: Log) -> None:
        self._faces = faces
        self._routes = {name: Routes(face) for name, face in faces.items()}
        self._network = network
        self._clock = network.clock
        self._faults = faults
        self._log = log
        self._control = control_app(faces, network, faults, log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        # Only the server's end cancels a call, and then nobody waits for its answer.
        with contextlib.suppress(asyncio.CancelledError):
            name, _, rest = scope["raw_path"].decode("ascii").lstrip("/").partition("/")
            if name in self._faces:
                await self._serve(self._asked(name, "/" + rest, scope), Connection(scope, receive, send))
            else:
                await self._control(scope, receive, send)

    def _asked(self, name: str, raw_path: str, scope: Scope) -> Asked:
        """Find who serves a call."""
        operation, handler, parameters = self._routes[name].find(scope["method"], raw_path)
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        asked = call(scope["method"], raw_path, query, parameters, headers)
        return Asked(self._faces[name], operation, handler, asked)

    async def _serve(self, asked: Asked, connection: Connection) -> None:
        faults = self._faults.strike(asked.face.name, asked.operation)
        before = [fault for fault in faults if fault.before]
        ending = next((fault for fault in before if fault.ends), None)
        if ending is None or not ending.unread:
            body = await connection.body()
            if body is None:
                return
            asked = attrs.evolve(asked, call=attrs.evolve(asked.call, body=body))
        entry = self._open(asked)
        if await self._strike(entry, asked, connection, before):
            return
        with self._network.lock:
            answer = self._act(entry, asked)
            if any(fault.kind == "twice" for fault in before):
                again = self._open(asked)
                again["fault"] = "twice"
                self._act(again, asked)
        if not await self._strike(entry, asked, connection, [fault for fault in faults if not fault.before]):
            entry["status"] = answer.status if connection.open else None
            dated = {"date": format_datetime(self._clock.now(), usegmt=True), **answer.headers}
            await connection.answer(attrs.evolve(answer, headers=dated))

    async def _strike(self, entry: Entry, asked: Asked, connection: Connection, faults: list[Fault]) -> bool:
        """Apply faults in turn. Gives whether one of them ended the call."""
        for fault in faults:
            entry["fault"] = fault.kind
            if fault.kind == "delay":
                await asyncio.sleep(fault.seconds)
            elif fault.ends:
                if fault.kind == "late":
                    self._plan(asked, fault.seconds)
                await self._spoil(entry, connection, fault)
                return True
        return False

    async def _spoil(self, entry: Entry, connection: Connection, fault: Fault) -> None:
        """Let the caller have the fault. The log is written first: who has an answer may look at once."""
        answer = spoiled(fault)
        entry["verdict"] = "fault"
        entry["status"] = answer.status if answer is not None and connection.open else None
        if fault.kind == "reset":
            await connection.reset()
        elif answer is None:
            await connection.drop()
        elif fault.kind == "short":
            await connection.cut_short(answer)
        else:
            await connection.answer(answer)

    def _plan(self, asked: Asked, seconds: float) -> None:
        """Have the vendor act when the caller has long stopped waiting."""

        def later() -> None:
            entry = self._open(asked)
            entry["fault"] = "late"
            self._act(entry, asked)

        self._clock.at(self._clock.now() + timedelta(seconds=seconds), later)

    def _open(self, asked: Asked) -> Entry:
        call = asked.call
        return self._log.open(asked.face.name, asked.operation, call.method, call.path, call.json)

    def _act(self, entry: Entry, asked: Asked) -> Answer:
        """Let the vendor act, after what was due by now. A fault of the stand-in itself is logged, and a 500."""
        try:
            self._clock.run_due()
            answer = asked.handler(asked.call)
        except Exception as error:
            logger.exception("the stand-in for %s failed in %s", asked.face.name, asked.operation)
            answer = Answer(500, {"error": f"the stand-in failed: {type(error).__name__}: {error}"}, done=False)
        entry["done"] = answer.accepted
        entry["verdict"] = "accepted" if answer.accepted else "refused"
        return answer
