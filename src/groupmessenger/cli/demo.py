"""The main job, at every installed provider's stand-in: a group of three, a text, a picture, an answer, a reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from ..client import Client
from ..errors import ConfigurationError, GroupMessengerError, GroupUnresolved, Problem
from ..events import MessageReceived
from ..fields import CALLBACK, settings_of
from ..groups import Topology
from ..plugins import load_provider
from ..sandbox import Sandbox
from ..sandbox.phones import Phone, Thread
from ..webhooks import asgi
from ..weburls import receiving_url
from .boards import has_extra
from .hearing import Heard
from .moving import run_move
from .scenes import ANSWER, PEOPLE, PLACE, REPLY, TEXT, Answered, Demonstration, Failure, Scene, Screen

_TO_BE_HEARD = 10.0  # seconds for a callback, which takes milliseconds
_TO_BE_DELIVERED = 60.0  # seconds of the sandbox's clock, which take no time


def run_demo(tell: Callable[[str], object] = lambda step: None) -> Demonstration:
    """Do the main job at each provider's stand-in. `tell` hears each step. One that fails does not stop the others.

    Raises `ConfigurationError` if no provider is installed.
    """
    scenes: list[Scene] = []
    failures: list[Failure] = []
    with ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox())
        if not sandbox.faces:
            cure = "pip install 'groupmessenger-NAME[sandbox]', with a provider's name"
            raise ConfigurationError(Problem("demo", "no provider with a sandbox is installed", cure))
        from .serving import Serving  # which needs what the sandbox has just said is missing, if it is

        heard, serving = Heard(), stack.enter_context(Serving())
        clients: dict[str, Client] = {}
        for provider in sorted(sandbox.faces):
            try:
                url = receiving_url(serving.url, provider)
                sandbox.calls(provider, url)
                clients[provider] = stack.enter_context(sandbox.connect(provider, **_callbacks(provider, url)))
            except Exception as error:
                failures.append(Failure(provider, _words(error)))
        if clients:
            serving.start(asgi(clients, heard))
        for provider, client in clients.items():
            try:
                scenes.append(_scene(sandbox, provider, client, heard, tell))
            except Exception as error:
                failures.append(Failure(provider, _words(error)))
        move = None
        if not failures and len(clients) > 1 and has_extra():
            try:
                move = run_move(sandbox, _next_to_each_other(clients), tell)
            except Exception as error:
                failures.append(Failure("switchboard", _words(error)))
    return Demonstration(tuple(scenes), tuple(failures), move)


def _next_to_each_other(clients: Mapping[str, Client]) -> list[str]:
    """Two providers, of the same kind if there are such, the last first: that whose threads have ids of their own."""
    shared = [name for name, each in clients.items() if each.capabilities.topology is Topology.SHARED_THREAD]
    return sorted(shared if len(shared) > 1 else clients, reverse=True)[:2]


def _callbacks(provider: str, url: str) -> dict[str, Any]:
    """The settings that tell the provider with each message where to call."""
    fields = settings_of(load_provider(provider))
    return {name: url for name, field in fields.items() if field.metadata.get(CALLBACK)}


def _scene(sandbox: Sandbox, provider: str, client: Client, heard: Heard, tell: Callable[[str], object]) -> Scene:
    title, line = client.messenger.title, client.messenger.line
    tell(f"{title}: a group of {len(PEOPLE)}, a text and a picture …")
    group = client.create_group(PEOPLE)
    receipt = client.send(group, TEXT)
    client.send(receipt.group, PLACE)
    tell(f"{title}: somebody answers, and is heard …")
    first = sandbox.phones[PEOPLE[0]]
    answer: MessageReceived | None = None
    if (thread := _thread(first, line)) is not None:
        first.send(ANSWER, thread=thread.id)
        answer = heard.wait_for(provider, ANSWER, _TO_BE_HEARD)
    replied, candidates = (None, ()) if answer is None else _reply(client, answer)
    tell(f"{title}: what became of it …")
    sandbox.clock.advance(_TO_BE_DELIVERED)
    sandbox.callbacks.wait()
    shown_by = tuple(sorted(phone.number for phone in sandbox.phones if _shows_reply(phone, line)))
    events = heard.of(provider)
    return Scene(
        provider=provider,
        title=title,
        line=line,
        topology=client.capabilities.topology,
        receipt=receipt,
        screens=tuple(_screen(sandbox.phones[number], line) for number in PEOPLE),
        answered=Answered(answer, replied, candidates, shown_by),
        events=len(events),
        delivery=client.delivery(receipt, events),
    )


def _reply(client: Client, answer: MessageReceived) -> tuple[str, tuple[str, ...]]:
    """Reply in the thread; to whoever wrote where it cannot be told which thread that was."""
    try:
        client.reply(answer, REPLY)
    except GroupUnresolved as unresolved:
        client.send_direct(answer.sender, REPLY)
        return "sender", unresolved.candidates
    return "thread", ()


def _thread(phone: Phone, line: str) -> Thread | None:
    """The newest thread a phone has with a line."""
    return next((thread for thread in reversed(phone.threads) if line in thread.participants), None)


def _screen(phone: Phone, line: str) -> Screen:
    thread = _thread(phone, line)
    if thread is None:
        return Screen(phone.number, (), ())
    return Screen(phone.number, tuple(sorted(thread.participants)), tuple(phone.messages[thread.id]))


def _shows_reply(phone: Phone, line: str) -> bool:
    return any(
        (shown.sender, shown.text) == (line, REPLY) for messages in phone.messages.values() for shown in messages
    )


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, GroupMessengerError) else f"{type(error).__name__}: {error}"
