"""Which connection carries a message: its route, its own choice, the file's, the default; and why not the others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from switchboard.scenes import ANN, PEOPLE, PROVIDERS, THIRTEEN, Scene, a_scene, once  # noqa: F401

import groupmessenger as gm
from groupmessenger.switchboard import LogicalGroup, PassedOver
from groupmessenger.switchboard.routing import candidates
from groupmessenger.switchboard.rules import Rules

GROUP = LogicalGroup(
    id=1,
    name="team",
    members=tuple(map(gm.Member, map(gm.PhoneNumber, PEOPLE))),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)
FILE = Rules("d", ("f1", "f2"))


@pytest.mark.parametrize(
    ("of_group", "rules", "expected"),
    [
        ({}, Rules(), ()),
        ({}, Rules("d"), ("d",)),
        ({}, FILE, ("f1", "f2")),
        ({"prefer": ("g1", "g2")}, FILE, ("g1", "g2")),
        ({"prefer": ("g1", "g2"), "route": "r"}, FILE, ("r",)),
        ({"route": "r"}, Rules(), ("r",)),
        ({"last": "f2"}, FILE, ("f2", "f1")),
        ({"last": "g2", "prefer": ("g1", "g2", "g3")}, FILE, ("g2", "g1", "g3")),
        ({"last": "d"}, FILE, ("f1", "f2")),
        ({"last": "old"}, Rules("d"), ("d",)),
        ({"last": "g2", "prefer": ("g1", "g2"), "route": "r"}, FILE, ("r",)),
    ],
)
def test_who_is_asked_in_which_order(of_group: dict[str, Any], rules: Rules, expected: tuple[str, ...]) -> None:
    assert expected == candidates(attrs.evolve(GROUP, **of_group), rules)


def sent(board: gm.Switchboard, name: str = "team") -> str:
    """The connection that carries a message by now, and that the plan had said."""
    planned = board.plan(name, "Hello").connection
    receipt = board.send(name, "Hello")
    assert planned == receipt.connection
    return planned


def test_route_before_own_choice_before_the_files_before_the_default(scene: Scene) -> None:
    board = scene.board("sendblue", "messagebird", "bandwidth", prefer=("messagebird", "bandwidth"))
    board.create_group("plain", PEOPLE)
    board.create_group("choosy", PEOPLE[:2], prefer=["bandwidth"])
    assert ["messagebird", "bandwidth"] == [sent(board, "plain"), sent(board, "choosy")]
    board.switch("choosy", "sendblue")
    assert "sendblue" == sent(board, "choosy")
    board.switch("choosy", None)
    assert "bandwidth" == sent(board, "choosy")
    assert "sendblue" == sent(scene.board(*PROVIDERS), "plain")


def test_without_a_default_somebody_has_to_say(scene: Scene) -> None:
    board = scene.board(default=None)
    board.create_group("team", PEOPLE)
    with pytest.raises(gm.ConfigurationError, match="no connection is named for this group"):
        board.send("team", "Hello")
    board.switch("team", "bandwidth")
    assert "bandwidth" == sent(board)


def test_thirteen_are_too_many_for_one_and_not_for_the_other(scene: Scene) -> None:
    board = scene.board("bandwidth", "sendblue", prefer=("bandwidth", "sendblue"))
    board.create_group("many", THIRTEEN)
    board.create_group("few", PEOPLE)
    (passed,) = board.plan("many", "Hello").passed_over
    assert "bandwidth" == passed.connection
    assert "10" in passed.why
    receipt = board.send("many", "Hello")
    assert ("sendblue", (passed,)) == (receipt.connection, receipt.passed_over)
    assert once(*THIRTEEN) == scene.shown("Hello")
    assert () == board.send("few", "Hi").passed_over
    alone = scene.board("bandwidth", "sendblue")
    with pytest.raises(gm.LimitExceeded) as caught:
        alone.send("many", "More")
    assert (10, 13) == (caught.value.limit, caught.value.asked)
    assert "sendblue" in caught.value.alternatives
    assert {} == scene.shown("More")


def test_the_message_decides_as_well(scene: Scene) -> None:
    """What one cannot carry goes by the other, and the group comes back."""
    board = scene.board("messagebird", "bandwidth", prefer=("messagebird", "bandwidth"))
    board.create_group("team", PEOPLE)
    assert "messagebird" == sent(board)
    assert "bandwidth" == board.send("team", "a" * 1700).connection
    assert "bandwidth" == sent(board), "the one that was used last, while it can"
    assert "messagebird" == board.send("team", gm.Message("Bye", leave_out=[ANN])).connection


def test_where_none_can_all_reasons_are_told(scene: Scene) -> None:
    board = scene.board("bandwidth", "sendblue", prefer=("bandwidth", "sendblue"))
    board.create_group("one", [ANN])
    with pytest.raises(gm.CapabilityError, match=r"no connection can carry it: bandwidth: .*; sendblue: ") as caught:
        board.send("one", "Hello")
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    assert ([], ()) == (scene.box.log, board.history("one"))


@pytest.mark.parametrize(("topology", "fits"), [("shared_thread", "bandwidth"), ("broadcast", "messagebird")])
def test_a_group_is_what_it_has_to_be(scene: Scene, topology: str, fits: str) -> None:
    other = {"bandwidth": "messagebird", "messagebird": "bandwidth"}[fits]
    board = scene.board(other, fits, prefer=(other, fits))
    board.create_group("team", PEOPLE, topology=topology)
    assert fits == sent(board)
    with pytest.raises(gm.BroadcastRefused):
        scene.board(other).send("team", "No")
    assert {} == scene.shown("No")


def test_a_broadcast_needs_consent(scene: Scene) -> None:
    """Of the connection, or of the group, which says what it has to be."""
    board = scene.board("messagebird", own={"messagebird": {"allow_broadcast": False}})
    board.create_group("team", PEOPLE)
    with pytest.raises(gm.BroadcastRefused):
        board.send("team", "Hello")
    board.create_group("copies", PEOPLE, topology="broadcast")
    assert "messagebird" == sent(board, "copies")


def test_a_connection_that_is_gone_is_told(scene: Scene) -> None:
    board = scene.board("sendblue", "bandwidth")
    board.create_group("team", PEOPLE, prefer=["sendblue", "bandwidth"])
    board.switch("team", "sendblue")
    smaller = scene.board("bandwidth")
    with pytest.raises(gm.ConfigurationError, match="there is no 'sendblue' any more"):
        smaller.send("team", "Hello")
    smaller.switch("team", None)
    receipt = smaller.send("team", "Hello")
    assert ("bandwidth", ["sendblue"]) == (receipt.connection, [each.connection for each in receipt.passed_over])
    assert isinstance(receipt.passed_over[0], PassedOver)
