"""The inbox: what is accepted is kept once, with no secret, and before it is handled what it tells counts."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from acme import ALICE, BOB, SECRET, Vendor
from hearing import callback, messenger, wrote
from sqlalchemy import select
from switchboard.boards import PEOPLE
from switchboard.inboxes import Handler, Killed, Office, an_office, fail, kill  # noqa: F401
from switchboard.scenes import Scene, a_scene_on_each  # noqa: F401

import groupmessenger as gm
from groupmessenger import webhooks
from groupmessenger.switchboard.directory import Transaction
from groupmessenger.switchboard.seen import DirectorySeen
from groupmessenger.switchboard.tables import metadata, opt_outs, seen
from groupmessenger.switchboard.values import Handled, InboxState
from groupmessenger.webhooks import MemorySeen


def test_what_is_accepted_waits_until_it_is_handled(office: Office) -> None:
    """And is erased then."""
    board = office.board()
    assert board.accept("main", callback(wrote(), url="https://hooks.example.com/in/main?a=1"))
    (entry,) = board.inbox()
    assert ("main", InboxState.WAITING, 0, office.now) == (entry.connection, entry.state, entry.tries, entry.next_at)
    handler = Handler()
    assert Handled(1, 0) == board.handle(handler)
    assert Handled(0, 0) == board.handle(handler)
    assert ["in/1"] == handler.keys
    assert () == board.inbox()
    (entry,) = board.inbox("handled")
    assert (InboxState.HANDLED, 1, None, None) == (entry.state, entry.tries, entry.next_at, entry.error)
    (row,) = office.rows()
    assert ("https://hooks.example.com/in/main", {}, None, "") == (row.url, row.headers, row.body, row.verified)
    with pytest.raises(gm.InvalidInput, match="state is one of waiting, handled, failed"):
        board.inbox("lost")


@pytest.mark.parametrize("once", [None, "d1"])
def test_the_same_delivery_is_kept_once(office: Office, once: str | None) -> None:
    """Whichever process gets it, and also when it is handled by then."""
    board, other = office.board(), office.board()
    told = [board.accept("main", callback(wrote(), once=once)) for _ in range(2)]
    told.append(other.accept("main", callback(wrote(), once=once)))
    assert [True, False, False] == told
    board.handle(Handler())
    assert not other.accept("main", callback(wrote(), once=once))
    assert 1 == len(office.rows())


def test_the_same_delivery_at_the_same_time_is_kept_once(office: Office) -> None:
    boards = [office.board() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda board: board.accept("main", callback(wrote(text="stop"), once="d1")), boards))
    assert [False, False, False, True] == sorted(told)
    assert (1, 1) == (len(office.rows()), len(office.rows(opt_outs)))


def test_what_differs_only_in_its_seal_is_another_delivery(office: Office) -> None:
    """The same content with a token proves more than without."""
    url = "https://hooks.example.com/in/main"
    board = office.board()
    assert [True, True] == [board.accept("main", callback(wrote(), url=each)) for each in (url, f"{url}?gm=token.seal")]
    assert [url, f"{url}?"] == [row.url for row in office.rows()]


def test_the_same_event_in_another_delivery_is_handled_once(office: Office) -> None:
    board, handler = office.board(), Handler()
    assert [True, True] == [board.accept("main", callback(*rows)) for rows in ([wrote("1")], [wrote("1"), wrote("2")])]
    assert Handled(2, 0) == board.handle(handler)
    assert ["in/1", "in/2"] == handler.keys


def test_what_is_not_believed_is_not_kept(office: Office) -> None:
    """Nor what cannot be read, nor another content under an id that was seen."""
    board = office.board()
    assert board.accept("main", callback(wrote("1"), once="d1"))
    with pytest.raises(gm.InvalidSignature):
        board.accept("main", callback(wrote("2", "stop"), secret="guessed"))
    with pytest.raises(gm.InvalidSignature, match="a replay"):
        board.accept("main", callback(wrote("2", "stop"), once="d1"))
    with pytest.raises(gm.MalformedWebhook):
        board.accept("main", gm.Callback("POST", "https://x.example/main", {"x-acme-secret": SECRET}, b"["))
    with pytest.raises(gm.ConfigurationError, match="there is no 'other'"):
        board.accept("other", callback(wrote("2")))
    assert (1, 0) == (len(office.rows()), len(office.rows(opt_outs)))


def test_what_events_tell_is_kept_before_anybody_handles_them(office: Office) -> None:
    board = office.board()
    board.accept("main", callback(wrote(text="STOP"), {"id": "m9", "to": BOB, "status": "delivered"}))
    assert [ALICE] == [str(each.address) for each in board.opt_outs()]
    assert 1 == board._directory.info().rows["status_events"]
    with pytest.raises(gm.Suppressed):
        board.create_group("team", [ALICE, BOB])


def test_proofs_are_kept_nowhere(office: Office) -> None:
    """Of the headers those are kept that say what the content is."""
    board = office.board()
    kept = {"content-type": "application/json", "x-acme-event": "message", "x-acme-topic": "chat"}
    secret = {"authorization": "Basic c2VjcmV0", "cookie": "secret", "x-acme-signature": "s", "x-acme-token": "t"}
    url = "https://hooks.example.com/in/main?b=%20&gm=token.seal&c="
    body = callback(wrote()).body
    board.accept("main", gm.Callback("POST", url, {"x-acme-secret": SECRET, **kept, **secret}, body))
    (row,) = office.rows()
    assert kept == row.headers
    assert "https://hooks.example.com/in/main?b=%20&c=" == row.url


def test_no_credentials_are_in_the_database(either: Scene) -> None:
    """None of any provider, whatever they send; after it was handled, no text either."""
    either.listen()
    board = either.board()
    private = set()
    for name, line in board.operations.board.lines.items():
        board.create_group(name, PEOPLE, prefer=[name])
        board.send(name, "Dinner at seven?")
        phone = either.box.phones[PEOPLE[0]]
        thread = next(each for each in reversed(phone.threads) if line.number in each.participants)
        phone.send(f"The tulips bloom at {name}", thread=thread.id)
        either.box.clock.advance(10)
        calls = either.callbacks(name)
        assert calls
        for call in calls:
            board.accept(name, call)
            ordinary = ("accept", "connection", "content", "host", "user-agent")
            private |= {value for key, value in call.headers.items() if not key.startswith(ordinary)}
            private |= {value for key, value in call.query if key == "gm"}
        private |= {str(each) for each in _secrets(line.operations.messenger)}
    assert len(private) > 12
    everything = _everything(either)
    assert b"The tulips bloom" in everything
    assert [] == [text for text in private if text.encode() in everything]
    board.handle(lambda event: None)
    assert () == board.inbox()
    assert b"tulips" not in b"".join(_rows(either))


def _secrets(made: Any) -> list[str]:
    names = ("api_key_id", "api_secret_key", "webhook_secrets", "access_key", "signing_keys", "webhook_credentials")
    values = [getattr(made, name, None) for name in (*names, "client_secret", "password")]
    flat = [each for value in values for each in (value if isinstance(value, tuple) else [value])]
    return [part for each in flat if each for part in (each, *each.split(":"))]


def _everything(scene: Scene) -> bytes:
    """The bytes of SQLite's files, or all rows."""
    if scene.url.startswith("sqlite"):
        return b"".join(path.read_bytes() for path in scene.folder.glob("directory.db*"))
    return b"".join(_rows(scene))


def _rows(scene: Scene) -> list[bytes]:
    """All values of all rows."""

    def read(t: Transaction) -> list[Any]:
        return [value for table in metadata.sorted_tables for row in t.execute(select(table)) for value in row]

    values = scene.board().operations.board.directory.do(read)
    return [value if isinstance(value, bytes) else str(value).encode() for value in values]


# The store for plain clients


def test_a_directory_is_a_store_of_what_was_seen(office: Office) -> None:
    """As the one in memory is, whatever is asked of it in whatever order; and keys show nobody."""
    kept = DirectorySeen(office.directory())
    began = office.now
    memory = MemorySeen(clock=lambda: (office.now - began).total_seconds())
    chance = random.Random(0)
    for _ in range(150):
        key, owner = f"main/{chance.choice('ab')}{ALICE}", chance.choice("xyz")
        match chance.choice(["claim", "claim", "claim", "commit", "release", "release", "wait", "first"]):
            case "claim":
                assert memory.claim(key, owner, 60) is kept.claim(key, owner, 60)
            case "commit":
                if chance.random() < 0.2:
                    memory.commit(key, owner)
                    kept.commit(key, owner)
            case "release":
                memory.release(key, owner)
                kept.release(key, owner)
            case "first":
                assert memory.first(owner, key, None) == kept.first(owner, key, None)
            case _:
                office.later(chance.choice([1, 59, 60]))
    assert [] == [row.key for row in office.rows(seen) if ALICE in row.key]


def test_receivers_of_plain_clients_share_it(office: Office) -> None:
    """Two processes, and each event once; an id that comes again with another content is a replay."""
    handler = Handler()
    statuses = []
    for rows in ([wrote("1")], [wrote("1")], [wrote("2")]):
        with gm.Client(messenger(), http=Vendor().transport()) as client:
            receive = webhooks.plain({"main": client}, handler, seen=DirectorySeen(office.directory()))
            statuses.append(receive("main", callback(*rows, once="d1")).status)
    assert [200, 200, 401] == statuses
    assert ["in/1"] == handler.keys
