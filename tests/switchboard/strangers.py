"""Somebody who is brought into a thread, and what comes between a request and its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import httpx
from switchboard.scenes import ANN, EVE, Scene

Go: TypeAlias = Callable[[httpx.Request], httpx.Response]


class Around(httpx.BaseTransport):
    """The real transport, with `work` around it: it is given a request and how to ask it."""

    def __init__(self, work: Callable[[httpx.Request, Go], httpx.Response]) -> None:
        self._work, self._within = work, httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._work(request, self._within.handle_request)

    def close(self) -> None:
        self._within.close()


def thread_of(scene: Scene, text: str) -> Any:
    """The sandbox's thread that has a text."""
    (thread_id,) = scene.threads(text)
    return scene.box.network.threads[thread_id]


def bring_in(scene: Scene, text: str, says: str = "Hi, I am Eve") -> None:
    """Have a member bring Eve into the thread that has a text, and her write there."""
    thread = thread_of(scene, text)
    thread.participants.add(EVE)
    scene.box.phones[ANN].send("Welcome, Eve", thread=thread.id)
    scene.box.phones[EVE].send(says, thread=thread.id)
