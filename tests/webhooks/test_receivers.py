"""What providers are answered, and what handlers get: the same by every kind of receiver."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from acme import ALICE, LINE, SECRET, AcmeMessenger, Vendor
from hearing import HearingMessenger, callback, messenger, wrote
from webhooks.mounted import KINDS, Ask, Handler, mounted

from groupmessenger import Client, ConfigurationError, Event, MessageReceived, webhooks
from groupmessenger.callbacks import LARGEST, Callback
from groupmessenger.plugins import load_observers
from groupmessenger.provider import Verified, hookimpl


def body(*rows: Any) -> bytes:
    return json.dumps(list(rows)).encode()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def ask(kind: str, handler: Handler) -> Iterator[Ask]:
    with mounted(kind, handler) as asked:
        yield asked


def test_an_event_is_handed_on_and_acknowledged(ask: Ask, handler: Handler) -> None:
    """As the provider wants it, and with the connection's name."""
    answer = ask(body(wrote()))
    assert (200, b"thanks") == (answer.status, answer.body)
    (event,) = handler.events
    assert isinstance(event, MessageReceived)
    assert ("main", "Yes!", LINE) == (event.connection, event.text, event.line)


def test_each_event_of_a_callback_is_handed_on_in_its_order(ask: Ask, handler: Handler) -> None:
    assert 200 == ask(body(wrote("1"), wrote("2", text="stop"), {"kind": "news"})).status
    assert ["in/1", "in/2", "in/2/opted_out"] == [event.key for event in handler.events[:3]]
    assert 4 == len(handler.events)


def test_an_event_is_handled_once_however_often_it_is_delivered(ask: Ask, handler: Handler) -> None:
    assert [200, 200, 200] == [ask(body(wrote())).status for _ in range(3)]
    assert 1 == len(handler.events)


def test_a_handler_that_fails_gets_the_event_again(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """The provider is asked to deliver again, and only what failed is handled again."""
    failing = [True]

    def behave(event: Event) -> None:
        if event.key == "in/2" and failing:
            failing.clear()
            raise RuntimeError("the database is away")

    handler = Handler(behave)
    with mounted(kind, handler) as ask:
        answer = ask(body(wrote("1"), wrote("2"), wrote("3")))
        assert (503, "60") == (answer.status, answer.headers["retry-after"])
        assert 200 == ask(body(wrote("1"), wrote("2"), wrote("3"))).status
    assert ["in/1", "in/2", "in/3", "in/2"] == [event.key for event in handler.events]
    assert "MessageReceived of connection main was not handled; it is for its next delivery" in caplog.text


def test_nobody_else_is_believed(ask: Ask, handler: Handler, caplog: pytest.LogCaptureFixture) -> None:
    """And who asks for credentials by a challenge gets it."""
    refused = "a callback of connection main is refused: x-acme-secret is not the one of this connection"
    for headers in ({}, {"x-acme-secret": "guessed"}):
        answer = ask(body(wrote()), headers)
        assert (401, 'Basic realm="acme"') == (answer.status, answer.headers["www-authenticate"])
    assert refused not in caplog.text  # so far they are but to be asked
    assert 401 == ask(body(wrote()), {"authorization": "Basic Zm9v"}).status
    assert refused in caplog.text
    assert [] == handler.events


def test_a_challenge_that_nobody_answers_is_told(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    """Not each one, which is how it begins; but ten in a row."""
    for _ in range(9):
        ask(body(wrote()), {})
    assert "" == caplog.text
    ask(body(wrote()), {})
    assert "connection main: credentials were asked for 10 times, and none came" in caplog.text
    caplog.clear()
    ask(body(wrote()))
    for _ in range(9):
        ask(body(wrote()), {})
    assert "" == caplog.text


@pytest.mark.parametrize("content", [b"", b"[", b'{"id": 1}', body(wrote())[:-3]])
def test_what_cannot_be_read(ask: Ask, handler: Handler, content: bytes) -> None:
    assert 400 == ask(content).status
    assert [] == handler.events


@pytest.mark.filterwarnings("ignore:.*httpx._content.ByteStream.__aiter__.*garbage collected:ResourceWarning")
@pytest.mark.filterwarnings("ignore:.*ByteStream.__aiter__:pytest.PytestUnraisableExceptionWarning")  # httpx on trio
def test_a_body_has_an_end(ask: Ask, handler: Handler) -> None:
    assert 413 == ask(b"[" + b" " * LARGEST).status
    assert 200 == ask(b"[" + b" " * (LARGEST - 2) + b"]").status
    assert [] == handler.events


@pytest.mark.parametrize("path", ["/", "/other", "/main/more", "/main%2Fmore", "/MAIN"])
def test_there_is_a_path_for_each_connection_and_no_other(ask: Ask, handler: Handler, path: str) -> None:
    assert 404 == ask(body(wrote()), path=path).status
    assert [] == handler.events


def test_a_slash_at_the_end_does_not_matter(ask: Ask, handler: Handler) -> None:
    assert 200 == ask(body(wrote()), path="/main/").status


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_a_method_the_provider_does_not_use(ask: Ask, handler: Handler, method: str) -> None:
    answer = ask(b"", method=method)
    assert (405, "POST") == (answer.status, answer.headers["allow"])


def test_connections_have_their_own_events(kind: str, handler: Handler) -> None:
    """Two of one provider, and a name with a space: the same key is another event for each."""
    both = {"main": messenger(), "the other": messenger()}
    with mounted(kind, handler, both) as ask:
        assert [200, 200] == [ask(body(wrote()), path=path).status for path in ("/main", "/the%20other")]
    assert ["main", "the other"] == [event.connection for event in handler.events]


def test_a_provider_without_callbacks_has_no_path(handler: Handler) -> None:
    with Client(AcmeMessenger(line=LINE, api_key=SECRET), http=Vendor().transport()) as client:
        answer = webhooks.plain({"main": client}, handler)("main", callback(wrote()))
    assert 404 == answer.status


def test_everybody_is_believed_if_that_is_wanted(kind: str, handler: Handler, caplog: pytest.LogCaptureFixture) -> None:
    with mounted(kind, handler, verify=False) as ask:
        assert 200 == ask(body(wrote()), {}).status
    assert "believed without proof" in caplog.text
    assert 1 == len(handler.events)


def test_our_own_lines_are_heard_only_if_that_is_wanted(kind: str) -> None:
    """So that two lines of ours in one group do not answer each other for ever."""
    second = attrs.evolve(messenger(), line="+13125550109")
    row = wrote(**{"from": second.line})
    for from_us in (False, True):
        handler = Handler()
        with mounted(kind, handler, {"main": messenger(), "second": second}, from_us=from_us) as ask:
            assert 200 == ask(body(row)).status
        assert [True] * from_us == [event.from_us for event in handler.events if isinstance(event, MessageReceived)]


def test_the_url_is_the_public_one(kind: str) -> None:
    """With its query as it was written: some providers sign it."""
    seen: list[str] = []

    class Looking(HearingMessenger):
        def verify(self, callback: Callback) -> Verified:
            seen.append(callback.url)
            return super().verify(callback)

    looking = Looking(line=LINE, api_key=SECRET)
    with mounted(kind, Handler(), {"main": looking}) as ask:
        assert 200 == ask(body(), path="/main?a=1+2&b=%2B&a=").status
    assert ["https://hooks.example.com/in/main?a=1+2&b=%2B&a="] == seen
    seen.clear()
    if kind != "plain":  # whose caller says what the URL is
        with mounted(kind, Handler(), {"main": looking}, public_url=None) as ask:
            assert 200 == ask(body(), path="/main?a=1+2&b=%2B&a=").status
        assert ["http://inside/main?a=1+2&b=%2B&a="] == seen


def test_a_proxy_may_leave_the_path_of_the_public_url(ask: Ask, handler: Handler, kind: str) -> None:
    """It is the same receiver with it and without."""
    if kind != "plain":  # whose caller names the connection
        assert 200 == ask(body(wrote()), path="/in/main").status
        assert 1 == len(handler.events)


def test_who_signs_a_url_is_not_believed_where_it_is_only_what_the_caller_says(
    kind: str, handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    """A Host header is nobody's word; the cure is in the log."""

    class Signing(HearingMessenger):
        acknowledgement = attrs.evolve(HearingMessenger.acknowledgement, challenge=None, signs_url=True)

    signing = {"main": Signing(line=LINE, api_key=SECRET)}
    with mounted(kind, handler, signing) as ask:
        assert 200 == ask(body(wrote("1"))).status
    with mounted(kind, handler, signing, public_url=None) as ask:
        assert (200 if kind == "plain" else 401) == ask(body(wrote("2"))).status
    if kind != "plain":
        assert "public_url is not set, and Acme signs its URL: set it" in caplog.text
    with mounted(kind, handler, signing, public_url=None, verify=False) as ask:
        assert 200 == ask(body(wrote("3")), {}).status


def test_an_account_that_calls_every_connection_is_heard_once(kind: str, handler: Handler) -> None:
    """An event of another line is that of the connection with the line, whichever of them was called."""
    second = attrs.evolve(messenger(), line="+13125550109")
    row = wrote(line=second.line)
    with mounted(kind, handler, {"main": messenger(), "second": second}) as ask:
        assert [200, 200] == [ask(body(row), path=path).status for path in ("/main", "/second")]
    (event,) = handler.events
    assert isinstance(event, MessageReceived)
    assert ("second", second.line, True) == (event.connection, event.line, event.repliable)


def test_who_may_speak_for_one_account_may_not_for_another(kind: str, handler: Handler) -> None:
    """An event of another connection's line is that one's only if it believes the callback as well."""
    other = attrs.evolve(messenger(), line="+13125550109", api_key="of another account")
    row = wrote(line=other.line)
    with mounted(kind, handler, {"main": messenger(), "other": other}) as ask:
        assert 200 == ask(body(row)).status
        assert 200 == ask(body(row), {"x-acme-secret": other.api_key}, path="/other").status
    forged, genuine = handler.events
    assert isinstance(forged, MessageReceived)
    assert isinstance(genuine, MessageReceived)
    assert [("main", False), ("other", True)] == [(each.connection, each.repliable) for each in (forged, genuine)]


@pytest.mark.parametrize("kind", ["wsgi", "plain"], indirect=True)
def test_a_handler_that_turns_out_to_be_async_loses_nothing(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """Where nobody awaits it, the event is not handled, and is not kept as handled."""
    handled: list[Event] = []

    async def handle(event: Event) -> None:
        handled.append(event)

    with mounted(kind, lambda event: handle(event)) as ask:
        assert [503, 503] == [ask(body(wrote())).status for _ in range(2)]
    assert [] == handled
    assert "on_event is async, and nothing awaits it here: use webhooks.asgi" in caplog.text


@pytest.mark.parametrize("kind", ["asgi"], indirect=True)
def test_a_handler_that_turns_out_to_be_async_is_awaited_in_a_loop(kind: str) -> None:
    handled: list[Event] = []

    async def handle(event: Event) -> None:
        handled.append(event)

    for loop in ("asyncio", "trio"):
        with mounted(loop, lambda event: handle(event)) as ask:
            assert 200 == ask(body(wrote())).status
    assert 2 == len(handled)


def test_the_same_delivery_is_acknowledged_and_a_replay_refused(ask: Ask, handler: Handler) -> None:
    headers = {"x-acme-secret": SECRET, "x-acme-once": "d1"}
    assert [200, 200, 401] == [
        ask(each, headers).status for each in (body(wrote("1")), body(wrote("1")), body(wrote("2")))
    ]
    assert ["in/1"] == [event.key for event in handler.events]


def test_observers_see_each_event_once(kind: str) -> None:
    """Once it was handled, and what they break hurts nobody."""
    seen: list[str] = []

    class Watching:
        @hookimpl
        def groupmessenger_on_event(self, event: Event) -> None:
            seen.append(event.key)
            raise RuntimeError("broken")

    observers = load_observers([Watching()])
    handler = Handler(lambda event: seen.append("handled"))
    with Client(messenger(), http=Vendor().transport(), observers=observers) as client:
        receive = webhooks.plain({"main": client}, handler)
        assert [200, 200] == [receive("main", callback(wrote())).status for _ in range(2)]
    assert ["handled", "in/1"] == seen


def test_a_store_that_fails_is_the_providers_to_try_again(kind: str, handler: Handler) -> None:
    """Nothing is handled that could not be claimed."""

    class Away(webhooks.MemorySeen):
        def claim(self, key: str, owner: str, lease: float) -> webhooks.Standing:
            raise OSError("no database")

    with mounted(kind, handler, seen=Away()) as ask:
        assert 503 == ask(body(wrote())).status
    assert [] == handler.events


def test_a_store_may_say_what_stands_in_words(kind: str, handler: Handler) -> None:
    """As a database has it; a word that is none is told of, and the event is not handled."""

    class Worded(webhooks.MemorySeen):
        word: Any = None

        def claim(self, key: str, owner: str, lease: float) -> Any:
            return self.word or str(super().claim(key, owner, lease))

    seen = Worded()
    with mounted(kind, handler, seen=seen) as ask:
        assert [200, 200] == [ask(body(wrote())).status for _ in range(2)]
        seen.word = "perhaps"
        assert 503 == ask(body(wrote("2"))).status
    assert 1 == len(handler.events)


def test_what_was_handled_and_could_not_be_kept_is_delivered_again(kind: str, handler: Handler) -> None:
    """Rather twice than never."""

    class Forgetful(webhooks.MemorySeen):
        away = True

        def commit(self, key: str, owner: str) -> None:
            if self.away:
                raise OSError("no database")
            super().commit(key, owner)

    seen = Forgetful()
    with mounted(kind, handler, seen=seen) as ask:
        assert 503 == ask(body(wrote())).status
        seen.away = False
        assert 200 == ask(body(wrote())).status
    assert 2 == len(handler.events)


def test_what_cannot_work_is_said_at_once() -> None:
    async def handle(event: Event) -> None: ...

    class Handles:
        async def __call__(self, event: Event) -> None: ...

    with Client(messenger(), http=Vendor().transport()) as client:
        for make in (webhooks.wsgi, webhooks.plain):
            for wrong in (handle, Handles()):
                with pytest.raises(ConfigurationError, match="on_event: it is async"):
                    make({"main": client}, wrong)
        for url in ("http://example.com/hooks", "https://example.com/?a=1", "hooks"):
            with pytest.raises(ConfigurationError, match="public_url: it is no https URL"):
                webhooks.asgi({"main": client}, handle, public_url=url)
        wrong_ones: list[Any] = [{}, client]
        for nothing in wrong_ones:
            with pytest.raises(ConfigurationError, match="connections: there is none"):
                webhooks.asgi(nothing, handle)
        unfit: Any = {"main": "a client"}
        with pytest.raises(ConfigurationError, match="connections: main is no client"):
            webhooks.asgi(unfit, handle)
        no_handler: Any = None
        makers: list[Any] = [webhooks.asgi, webhooks.wsgi, webhooks.plain]
        for maker in makers:
            with pytest.raises(ConfigurationError, match="on_event: it cannot be called"):
                maker({"main": client}, no_handler)

        def generator(event: Event) -> Iterator[None]:
            yield None

        for maker in makers:
            with pytest.raises(ConfigurationError, match="on_event: it is a generator"):
                maker({"main": client}, generator)

        class AsyncSeen(webhooks.MemorySeen):
            async def claim(self, key: str, owner: str, lease: float) -> Any: ...  # type: ignore[override]

        stores: list[Any] = [object(), AsyncSeen()]
        for store in stores:
            with pytest.raises(ConfigurationError, match="seen: it is no store"):
                webhooks.asgi({"main": client}, handle, seen=store)


def test_logs_show_nobody(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """No number, no text, no secret, whatever goes wrong."""

    def fail(event: Event) -> None:
        raise RuntimeError("broken")

    with caplog.at_level(logging.DEBUG), mounted(kind, Handler(fail)) as ask:
        ask(body(wrote(text="Meet me at eight")))
        ask(b"[", {"x-acme-secret": "guessed"})
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("groupmessenger")]
    assert ours
    assert not [text for text in ours for private in (ALICE, "eight", SECRET, "guessed") if private in text]
