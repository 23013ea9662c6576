"""What may change between accepting and handling: secrets, connections, names of groups, the library itself."""

from __future__ import annotations

from typing import Any

import attrs
from acme import ALICE, BOB
from hearing import callback, messenger, wrote
from switchboard.inboxes import Handler, Office, an_office  # noqa: F401

import groupmessenger as gm
from groupmessenger.switchboard.tables import inbox
from groupmessenger.switchboard.values import Handled

EVE = "+13125550105"


def test_secrets_may_change_before_it_is_handled(office: Office) -> None:
    """What was believed once is believed, and by whom: an event of another line stays that connection's."""
    second = attrs.evolve(messenger(), line="+13125550109")
    lines = {"main": messenger(), "second": second}
    changed = {name: attrs.evolve(each, api_key="changed") for name, each in lines.items()}
    stranger = {"main": messenger(), "second": attrs.evolve(second, api_key="of another account")}
    office.board(lines).accept("main", callback(wrote("1", line=second.line)))
    office.board(stranger).accept("main", callback(wrote("2", line=second.line)))
    events: list[Any] = []
    assert Handled(2, 0) == office.board(changed).handle(events.append)
    assert [("second", True), ("main", False)] == [(each.connection, each.repliable) for each in events]


def test_a_connection_that_is_gone_keeps_its_callbacks(office: Office) -> None:
    """For a process that has it."""
    office.board({"main": messenger(), "other": messenger()}).accept("other", callback(wrote()))
    handler = Handler()
    assert Handled(0, 0) == office.board().handle(handler)
    assert 1 == len(office.board().inbox())
    assert Handled(1, 0) == office.board({"other": messenger()}).handle(handler)


def test_groups_have_the_names_that_they_have_when_it_is_handled(office: Office) -> None:
    """One that was made meanwhile is known, and one that was renamed by its new name."""
    board = office.board()
    board.accept("main", callback(wrote("1"), wrote("2", group="g2", members=[ALICE, EVE])))
    board.create_group("team", [ALICE, BOB])
    assert "g1" == board.send("team", "Hello").group.id
    board.rename("team", "crew")
    events: list[gm.Event] = []
    board.handle(events.append)
    assert ["crew", None] == [event.logical for event in events]


def test_a_thread_nobody_knows_is_waited_for_while_a_message_may_open_it(office: Office) -> None:
    """Its first message is on its way, and the provider did not tell who is in it."""
    board, handler = office.board(), Handler()

    def answer(request: Any) -> Any:
        board.accept("main", callback(wrote(members=[])))
        assert Handled(0, 1) == board.handle(handler)
        return office.vendor.accept(request)

    board.create_group("team", [ALICE, BOB])
    office.vendor.answer("POST /messages", answer)
    board.send("team", "Hello")
    events: list[gm.Event] = []
    office.later(1)
    assert Handled(1, 0) == board.handle(events.append)
    assert ([], ["team"]) == (handler.keys, [event.logical for event in events])


def test_what_this_version_cannot_read_is_kept(office: Office) -> None:
    """And holds up nothing else."""
    board, handler = office.board(), Handler()
    board.accept("main", callback(wrote("1")))
    board.accept("main", callback(wrote("2")))
    directory = office.directory()
    first = inbox.update().where(inbox.c.id == board.inbox()[0].id)
    directory.do(lambda t: t.execute(first.values(verified="{}")))
    assert Handled(1, 1) == board.handle(handler)
    assert ["in/2"] == handler.keys
    assert ["InvalidInput"] == [entry.error for entry in board.inbox()]
