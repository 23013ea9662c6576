"""Logical groups: made without a request, found again, renamed, put away; and one thread is one group's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from switchboard.scenes import ANN, BEN, CAM, DAN, PEOPLE, Scene, a_scene, a_scene_on_each, lost, once  # noqa: F401

import groupmessenger as gm
from groupmessenger.switchboard import LogicalGroup


def test_a_group_is_kept(either: Scene) -> None:
    """By every process, with everything that was said of it; and no provider hears of it."""
    ann = gm.Member(gm.PhoneNumber(ANN), "Ann")
    made = either.board().create_group(
        "team", [ann, BEN, CAM], topology="shared_thread", prefer=["bandwidth", "sendblue"], failover=True
    )
    other = either.board()
    assert made == other.group("team")
    assert (made,) == other.groups()
    assert ("Ann", ["bandwidth", "sendblue"], gm.Topology.SHARED_THREAD, True) == (
        made.members[0].name,
        list(made.prefer),
        made.topology,
        made.failover,
    )
    assert (None, None, (), (), None) == (made.route, made.last, made.threads, made.observed, made.archived_at)
    assert [] == either.box.log


def test_somebody_named_twice_is_one_member(scene: Scene) -> None:
    group = scene.board().create_group("team", [ANN, BEN, ANN])
    assert [ANN, BEN] == [str(member) for member in group.members]


@pytest.mark.parametrize("name", ["", " ", " team", "team ", "te\nam", "te\x00am", "a" * 201, None, 7])
def test_what_cannot_be_a_name(scene: Scene, name: Any) -> None:
    board = scene.board()
    with pytest.raises(gm.InvalidInput, match="a group's name"):
        board.create_group(name, PEOPLE)
    board.create_group("team", PEOPLE)
    with pytest.raises(gm.InvalidInput, match="a group's name"):
        board.rename("team", name)
    assert ["team"] == [group.name for group in board.groups()]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"members": []}, "no members"),
        ({"members": ["12"]}, "phone number"),
        ({"topology": "chain"}, "topology is one of shared_thread, broadcast"),
        ({"prefer": "sendblue"}, "prefer is a list of connections"),
        ({"prefer": ["sendblau"]}, "did you mean 'sendblue'"),
    ],
)
def test_what_cannot_be_a_group(scene: Scene, wrong: dict[str, Any], said: str) -> None:
    board = scene.board()
    with pytest.raises((gm.InvalidInput, gm.ConfigurationError), match=said):
        board.create_group("team", wrong.pop("members", PEOPLE), **wrong)
    assert () == board.groups()


def test_our_own_line_is_no_member(scene: Scene) -> None:
    """It is in every group anyway, and texting it would be texting ourselves."""
    board = scene.board("sendblue")
    board.create_group("team", [*PEOPLE, scene.box.settings("sendblue")["line"]])
    with pytest.raises(gm.InvalidInput, match="your own line is among the members"):
        board.send("team", "Hello")
    assert {} == scene.shown("Hello")


def test_a_name_is_taken_once(either: Scene) -> None:
    boards = [either.board() for _ in range(2)]
    boards[0].groups()

    def create(number: int) -> LogicalGroup | gm.InvalidInput:
        try:
            return boards[number % 2].create_group("team", PEOPLE)
        except gm.InvalidInput as error:
            return error

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(create, range(6)))
    refused = [str(each) for each in made if not isinstance(each, LogicalGroup)]
    assert 5 == len(refused)
    assert all("there is a group 'team' already" in said for said in refused)
    assert list(PEOPLE) == [str(member) for member in boards[0].group("team").members]


def test_a_group_that_there_is_not(scene: Scene) -> None:
    board = scene.board()
    board.create_group("team", PEOPLE)
    for ask in (board.group, board.history, board.forks, board.delivery, board.archive):
        with pytest.raises(gm.InvalidInput, match="there is no group 'teem': did you mean 'team'"):
            ask("teem")
    with pytest.raises(gm.InvalidInput, match="there is no group 'teem'"):
        board.send("teem", "Hello")
    assert [] == scene.box.log


def test_a_group_is_found_by_its_people(either: Scene) -> None:
    board = either.board()
    board.create_group("team", PEOPLE)
    board.create_group("pair", [ANN, BEN])
    board.create_group("all", [*PEOPLE, DAN])
    assert board.group("team") == board.find_group(reversed(PEOPLE))
    assert None is board.find_group([ANN, CAM])
    board.create_group("again", [CAM, BEN, ANN])
    with pytest.raises(gm.GroupUnresolved) as caught:
        board.find_group(PEOPLE)
    assert ("team", "again") == caught.value.candidates
    board.archive("again")
    assert board.group("team") == board.find_group(PEOPLE)


def test_groups_are_listed_by_name(either: Scene) -> None:
    board = either.board()
    for name in ("b", "c", "a"):
        board.create_group(name, PEOPLE)
    board.archive("b")
    assert ["a", "c"] == [group.name for group in board.groups()]
    (archived,) = board.groups(archived=True)
    assert ("b", True) == (archived.name, archived.archived_at is not None)


def test_a_group_is_renamed_here_and_nowhere_else(scene: Scene) -> None:
    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    board.create_group("other", [ANN, BEN])
    board.send("team", "Hello", key="k")
    scene.box.clear_log()
    assert "crew" == board.rename("team", "crew").name
    assert "crew" == board.rename("crew", "crew").name
    with pytest.raises(gm.InvalidInput, match="there is a group 'other' already"):
        board.rename("crew", "other")
    assert ["k"] == [entry.key for entry in board.history("crew")]
    assert [] == scene.box.log
    board.create_group("team", [ANN, DAN])


# One thread, one group


def test_the_same_people_on_the_same_line_are_refused_before_anything_is_sent(either: Scene) -> None:
    """Where a group is nothing but its people."""
    board = either.board("bandwidth")
    board.create_group("one", PEOPLE)
    board.create_group("two", reversed(PEOPLE))
    board.send("one", "To one")
    for _ in range(2):
        with pytest.raises(gm.AlreadyBound, match="it is that of group 'one'") as caught:
            board.send("two", "To two", key="k")
        assert (gm.Outcome.NOT_SENT, None) == (caught.value.outcome, caught.value.receipt)
    assert {} == either.shown("To two")
    assert ["not_sent"] == [entry.state for entry in board.history("two")]


def test_the_same_people_are_found_out_by_the_first_answer(either: Scene) -> None:
    """Where only the provider knows. That message went out, and is told so; the next one does not leave."""
    board = either.board("sendblue")
    board.create_group("one", PEOPLE)
    board.create_group("two", PEOPLE)
    board.send("one", "To one")
    with pytest.raises(gm.AlreadyBound, match="into the thread of group 'one'") as caught:
        board.send("two", "To two", key="k")
    assert gm.Outcome.SENT is caught.value.outcome
    assert caught.value.receipt is not None
    assert once() == either.shown("To two")
    assert either.threads("To one") == either.threads("To two")
    again = either.board("sendblue").send("two", "To two", key="k")
    assert (True, caught.value.receipt.id) == (again.again, again.id)
    with pytest.raises(gm.AlreadyBound) as caught:
        either.board("sendblue").send("two", "Once more")
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    assert {} == either.shown("Once more")
    board.send("one", "Still ours")
    assert either.threads("To one") == either.threads("Still ours")


def test_a_merged_group_goes_on_with_other_people(scene: Scene) -> None:
    board = scene.board("sendblue")
    board.create_group("one", PEOPLE)
    board.create_group("two", PEOPLE)
    board.send("one", "To one")
    with pytest.raises(gm.AlreadyBound):
        board.send("two", "To two")
    board.add_members("two", [DAN])
    board.send("two", "With Dan")
    assert once(*PEOPLE, DAN) == scene.shown("With Dan")
    assert scene.threads("With Dan") != scene.threads("To one")


def test_the_same_people_on_another_line_are_another_thread(scene: Scene) -> None:
    face: Any = scene.box.faces["bandwidth"]
    board = scene.board("bandwidth", "second", own={"second": {"provider": "bandwidth", "line": face.SECOND_LINE}})
    board.create_group("one", PEOPLE)
    board.create_group("two", PEOPLE, prefer=["second"])
    board.send("one", "To one")
    board.send("two", "To two")
    assert once() == scene.shown("To one") == scene.shown("To two")
    assert scene.threads("To one").isdisjoint(scene.threads("To two"))


def test_private_copies_are_nobody_elses(scene: Scene) -> None:
    board = scene.board("messagebird")
    for name in ("one", "two"):
        board.create_group(name, PEOPLE)
        board.send(name, f"To {name}")
    assert once() == scene.shown("To one") == scene.shown("To two")


@pytest.mark.parametrize("provider", ["sendblue", "bandwidth"])
def test_a_group_that_is_put_away_frees_its_name_and_its_thread(either: Scene, provider: str) -> None:
    board = either.board(provider)
    board.create_group("team", PEOPLE)
    board.send("team", "To the old one", key="k")
    board.archive("team")
    with pytest.raises(gm.InvalidInput, match="there is no group 'team'"):
        board.send("team", "Hello")
    board.create_group("team", PEOPLE)
    assert not board.send("team", "To the new one", key="k").again
    assert once() == either.shown("To the new one")
    assert either.threads("To the old one") == either.threads("To the new one")
    assert ["k"] == [entry.key for entry in board.history("team")]


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_group_that_is_put_away_stays_so_whatever_is_found_out(scene: Scene, phase: str) -> None:
    """Of a message that was lost before; its thread may be another group's by then."""
    board = scene.board("sendblue")
    board.create_group("old", PEOPLE)
    scene.strike("sendblue", "drop", phase=phase)
    lost(lambda: board.send("old", "To the old one"))
    board.archive("old")
    scene.later()
    (told,) = board.settle()
    assert ("sent" if phase == "after" else "not_sent") == told.state
    board.create_group("new", PEOPLE)
    board.send("new", "To the new one")
    assert once() == scene.shown("To the new one")
    assert 1 == len(board.history("new"))
