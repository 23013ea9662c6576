"""The sandbox's own endpoints, for whoever holds the phones.

Errors have `{"error": "..."}`: bad input is 400, an endpoint that is not here 404, a method that it does not have 405.

    GET    /_phones                  the numbers, a list
    GET    /_phones/{number}         what a phone shows: {"number", "threads": [{"id", "participants", "messages"}]}
    POST   /_phones/{number}         {"on", "imessage", "mms", "landline"}, each true or false; gives all four
    POST   /_phones/{number}/send    {"thread": id} or {"to": number}, with "text" and "media": [url]; gives {"thread"}
    GET    /_faults                  the faults that are set, with the calls each has seen and struck
    POST   /_faults                  one fault or a list of them (see `faults`); gives them all
    DELETE /_faults                  takes them all back
    GET    /_log                     every call at a vendor (see `log`)
    DELETE /_log                     forgets them
    GET    /_callbacks               every try of a vendor to call a receiver (see `callbacks`)
    POST   /_callbacks               {"provider", "url": a URL of this machine, or null for nobody}; gives them
    POST   /_clock                   {"advance": seconds}; gives {"now"}
    GET    /_doubts                  [{"name", "what", "choices", "chosen"}]

A number's "+" may come as it is or as %2B.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..errors import InvalidInput
from .callbacks import is_here
from .checking import Field, Fields, name, number, problems
from .face import Face
from .faults import Fault, Faults
from .log import Log
from .phones import Network, Phone, is_number

_FLAGS = ("on", "imessage", "mms", "landline")
_FLAG_FIELDS: Fields = {flag: Field("true or false", lambda value: isinstance(value, bool)) for flag in _FLAGS}
_SEND_FIELDS: Fields = {
    "thread": name("the id of a thread the phone shows"),
    "to": Field("a number such as +13125550101", lambda value: isinstance(value, str) and is_number(value)),
    "text": Field("text", lambda value: isinstance(value, str)),
    "media": Field(
        "a list of URLs",
        lambda value: isinstance(value, list) and all(isinstance(url, str) and url for url in value),  # pyright: ignore
    ),
}
_CALLBACK_FIELDS: Fields = {
    "provider": name("a provider's name"),
    "url": Field("a URL, or null", lambda value: value is None or isinstance(value, str)),
}
_CLOCK_FIELDS: Fields = {"advance": number("seconds, from 0", 1e9)}


def control_app(faces: Mapping[str, Face], network: Network, faults: Faults, log: Log) -> Starlette:
    """Give the app of the control endpoints."""
    control = _Control(faces, network, faults, log)
    return Starlette(
        routes=[
            Route("/_phones", control.numbers, methods=["GET"]),
            Route("/_phones/{number}", control.phone, methods=["GET"]),
            Route("/_phones/{number}", control.change_phone, methods=["POST"]),
            Route("/_phones/{number}/send", control.send, methods=["POST"]),
            Route("/_faults", control.faults, methods=["GET"]),
            Route("/_faults", control.add_faults, methods=["POST"]),
            Route("/_faults", control.clear_faults, methods=["DELETE"]),
            Route("/_log", control.log, methods=["GET"]),
            Route("/_log", control.clear_log, methods=["DELETE"]),
            Route("/_callbacks", control.callbacks, methods=["GET"]),
            Route("/_callbacks", control.change_callbacks, methods=["POST"]),
            Route("/_clock", control.advance, methods=["POST"]),
            Route("/_doubts", control.doubts, methods=["GET"]),
        ],
        exception_handlers={InvalidInput: _bad_input, HTTPException: control.no_endpoint},
    )


class _Control:
    def __init__(self, faces: Mapping[str, Face], network: Network, faults: Faults, log: Log) -> None:
        self._faces = faces
        self._network = network
        self._faults = faults
        self._log = log

    async def numbers(self, request: Request) -> JSONResponse:
        return JSONResponse([phone.number for phone in self._network.phones])

    async def phone(self, request: Request) -> JSONResponse:
        return JSONResponse(self._phone(request).view())

    async def change_phone(self, request: Request) -> JSONResponse:
        phone = self._phone(request)
        for flag, value in (await _fields(request, _FLAG_FIELDS)).items():
            setattr(phone, flag, value)
        return JSONResponse({flag: getattr(phone, flag) for flag in _FLAGS})

    async def send(self, request: Request) -> JSONResponse:
        phone = self._phone(request)
        given = await _fields(request, _SEND_FIELDS)
        thread, to = given.get("thread"), given.get("to")
        if (thread is None) == (to is None):
            raise InvalidInput("give either thread, the id of one that the phone shows, or to, a number")
        if to == phone.number:
            raise InvalidInput("to is the phone itself")
        if not given.get("text") and not given.get("media"):
            raise InvalidInput("text is missing: give text, or media, or both")
        if thread is not None and thread not in phone.messages:
            shown = ", ".join(phone.messages) or "none"
            raise InvalidInput(f"thread {thread!r} is not one that {phone.number} shows; it shows: {shown}")
        where = phone.send(given.get("text", ""), thread=thread, to=to, media=given.get("media", ()))
        return JSONResponse({"thread": where.id})

    async def faults(self, request: Request) -> JSONResponse:
        return JSONResponse(self._faults.view())

    async def add_faults(self, request: Request) -> JSONResponse:
        given = await _json(request)
        faults = [Fault.load(fields) for fields in (given if isinstance(given, list) else [given])]
        for fault in faults:
            self._faults.check(fault)
        for fault in faults:
            self._faults.add(fault)
        return JSONResponse(self._faults.view())

    async def clear_faults(self, request: Request) -> JSONResponse:
        self._faults.clear()
        return JSONResponse([])

    async def log(self, request: Request) -> JSONResponse:
        return JSONResponse(self._log.entries())

    async def clear_log(self, request: Request) -> JSONResponse:
        self._log.clear()
        return JSONResponse([])

    async def callbacks(self, request: Request) -> JSONResponse:
        return JSONResponse(self._network.callbacks.tried())

    async def change_callbacks(self, request: Request) -> JSONResponse:
        given = await _fields(request, _CALLBACK_FIELDS)
        provider = str(given.get("provider"))
        if provider not in self._faces or "url" not in given:
            raise InvalidInput(f"give provider, one of {', '.join(self._faces)}, and url, where it is to call")
        if given["url"] is not None and not is_here(given["url"]):
            raise InvalidInput("the sandbox calls this machine alone: http://127.0.0.1:8000/..., for example")
        self._faces[provider].calls(given["url"])
        return JSONResponse({"provider": provider, "url": given["url"]})

    async def advance(self, request: Request) -> JSONResponse:
        given = await _fields(request, _CLOCK_FIELDS)
        if "advance" not in given:
            raise InvalidInput(f"advance is missing: {_CLOCK_FIELDS['advance'].what}")
        self._network.clock.advance(given["advance"])
        return JSONResponse({"now": self._network.clock.now().isoformat()})

    async def doubts(self, request: Request) -> JSONResponse:
        return JSONResponse(
            [
                {
                    "name": f"{provider}.{doubt.name}",
                    "what": doubt.what,
                    "choices": list(doubt.choices),
                    "chosen": face.doubt[doubt.name],
                }
                for provider, face in self._faces.items()
                for doubt in face.doubts
            ]
        )

    async def no_endpoint(self, request: Request, error: Exception) -> JSONResponse:
        places = ", ".join(
            f"/{name}" for name in (*self._faces, "_phones", "_faults", "_log", "_callbacks", "_clock", "_doubts")
        )
        text = f"the sandbox has no {request.method} {request.url.path}; it has {places}"
        return JSONResponse({"error": text}, error.status_code if isinstance(error, HTTPException) else 404)

    def _phone(self, request: Request) -> Phone:
        number = request.path_params["number"]
        if not is_number(number):
            raise InvalidInput(f"{number!r} is no phone's number; write it like +13125550101")
        if number in self._network.lines:
            raise InvalidInput(f"{number} is a line of the sandbox, not a phone")
        return self._network.phones[number]


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError:
        raise InvalidInput("the body is not JSON") from None


async def _fields(request: Request, fields: Fields) -> dict[str, Any]:
    given = await _json(request)
    if not isinstance(given, dict):
        raise InvalidInput(f"the body must be a JSON object with {', '.join(fields)}")
    found = list(problems(given, fields))
    if found:
        raise InvalidInput("; ".join(found))
    return given


async def _bad_input(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 400)
