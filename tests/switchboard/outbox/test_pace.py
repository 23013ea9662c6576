"""The pace of a line or an account: one count, whoever sends by it, and nothing leaves before its turn."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from switchboard.databases import ON_POSTGRESQL
from switchboard.outbox.hands import Worker, queue, teamed, texts
from switchboard.scenes import ANN, PEOPLE, THIRTEEN, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm
from groupmessenger.switchboard.outbox.pacing import Pace
from groupmessenger.switchboard.tables import attempts

EXACT = 0.002  # seconds; the count is in milliseconds


def departures(board: gm.Switchboard) -> list[datetime]:
    """When messages left, by the directory's clock."""
    rows = select(attempts.c.leave_from).where(attempts.c.leave_from.is_not(None)).order_by(attempts.c.leave_from)
    return list(board.operations.board.directory.do(lambda t: t.execute(rows).scalars().all()))


def gaps(board: gm.Switchboard) -> list[float]:
    return [(later - before).total_seconds() for before, later in itertools.pairwise(departures(board))]


def crowd(board: gm.Switchboard, *sizes: int) -> list[str]:
    """Groups of so many people."""
    names = [f"group {number}" for number in range(len(sizes))]
    for number, (name, size) in enumerate(zip(names, sizes, strict=True)):
        board.create_group(name, [ANN, *THIRTEEN[number : number + size - 1]])
    return names


def together(scene: Scene, *workers: Worker) -> None:
    """Have workers take turns until nothing is left to do."""
    while any(each.state == "queued" for each in workers[0].board.outbox.entries()):
        for worker in workers:
            worker.work(0.5)


@pytest.mark.parametrize(
    ("pace", "gap"), [("2/s", 0.5), ("0.5/s", 2.0), ("30/min", 2.0), ("7.5/min", 8.0), ("1000/h", 3.6)]
)
def test_what_the_file_says_is_kept_exactly(scene: Scene, pace: str, gap: float) -> None:
    board = teamed(scene, own={"sendblue": {"pace": pace}})
    queue(board, "One", "Two", "Three", "Four")
    Worker(scene, board).work()
    assert all(each >= gap - EXACT for each in gaps(board)), gaps(board)
    assert all(each < gap + 1 for each in gaps(board)), gaps(board)
    assert ["One", "Two", "Three", "Four"] == texts(scene)


def test_it_is_one_pace_over_all_workers(either: Scene) -> None:
    """Each with groups of its own, as of two processes."""
    own = {"sendblue": {"pace": "1/s"}}
    boards = [teamed(either, own=own) for _ in range(2)]
    for name in (names := crowd(boards[0], 2, 2, 2, 2)):
        queue(boards[0], f"One of {name}", f"Two of {name}", group=name)
    together(either, *(Worker(either, board, f"worker {number}") for number, board in enumerate(boards)))
    assert 8 == len(departures(boards[0])), names
    assert all(each >= 1 - EXACT for each in gaps(boards[0])), gaps(boards[0])


def test_where_a_copy_counts_a_message_takes_its_peoples_time(either: Scene) -> None:
    """Bandwidth: one a second, per recipient; those to more people have to wait no longer for their own turn."""
    board = teamed(either, "bandwidth")
    names = crowd(board, 2, 4, 3)
    for name in names:
        queue(board, f"To {name}", group=name)
    Worker(either, board).work()
    sizes = {"To group 0": 2, "To group 1": 4, "To group 2": 3}
    sent = order(either)
    assert sorted(sizes) == sorted(sent)
    for text, gap in zip(sent, gaps(board), strict=False):
        assert sizes[text] - EXACT <= gap < sizes[text] + 1.5, (text, gap)


def order(scene: Scene) -> list[str]:
    """The texts in the order that the vendor was asked."""
    return [entry["request"].get("text") or entry["request"]["content"] for entry in scene.asked()]


def paced(board: gm.Switchboard) -> dict[str, Pace | None]:
    return {name: Pace.of(line) for name, line in board.operations.board.lines.items()}


def test_connections_of_one_account_share_its_pace(scene: Scene) -> None:
    """Bandwidth's is the account's, Sendblue's each line's own."""
    second = {"provider": "bandwidth", **line_of(scene, "bandwidth", "+13125550190")}
    other = {"provider": "sendblue", **line_of(scene, "sendblue", "+13125550191")}
    board = teamed(scene, "bandwidth", "second", "sendblue", "other", own={"second": second, "other": other})
    paces = paced(board)
    assert None not in paces.values()
    assert paces["bandwidth"] == paces["second"]
    assert paces["sendblue"] != paces["other"]
    assert (True, False) == tuple(bool(pace and pace.by_person) for pace in (paces["bandwidth"], paces["sendblue"]))


def line_of(scene: Scene, provider: str, number: str) -> dict[str, Any]:
    """The same account's settings, with another number."""
    settings = scene.box.settings(provider)
    (name,) = (key for key, value in settings.items() if str(value).startswith("+1") and key != "base_url")
    return {name: number}


def test_who_tells_no_pace_has_none(scene: Scene) -> None:
    board = teamed(scene, "messagebird", "sendblue", own={"sendblue": {"pace": "7/min"}})
    assert None is paced(board)["messagebird"]
    assert Pace(paced(board)["sendblue"].name, 7, 60_000) == paced(board)["sendblue"]  # type: ignore[union-attr]


def test_a_direct_send_counts_and_does_not_wait(either: Scene) -> None:
    board = teamed(either, own={"sendblue": {"pace": "6/min"}})
    for number in range(3):
        board.send("team", f"Directly {number}")
    assert all(each < 9 for each in gaps(board))
    queue(board, "Queued")
    worker = Worker(either, board)
    assert [] == worker.work(25)
    assert ["sent"] == worker.work(10)


def test_a_message_that_waits_is_no_try_and_leaves_no_trace(scene: Scene) -> None:
    board = teamed(scene, own={"sendblue": {"pace": "1/min"}})
    _, two = queue(board, "One", "Two")
    worker = Worker(scene, board)
    assert ["sent"] == worker.drain()
    assert [] == worker.work(50)
    waiting = board.outbox.get(two.id)
    assert ("queued", 0, None) == (waiting.state, waiting.tries, waiting.error)
    assert 1 == len(board.history("team"))
    assert ["sent"] == worker.work(20)


def test_a_group_that_waits_holds_up_no_other_connection(scene: Scene) -> None:
    board = teamed(scene, "sendblue", "messagebird", own={"sendblue": {"pace": "1/h"}})
    board.create_group("pair", PEOPLE[:2], prefer=["messagebird"])
    queue(board, "One", "Two")
    queue(board, "Three", "Four", group="pair")
    assert ["sent", "sent", "sent"] == Worker(scene, board).work(60)
    assert once(*PEOPLE[:2]) == scene.shown("Four")


def test_those_that_wait_have_each_their_turn(scene: Scene) -> None:
    """No turn is lost, and nobody is passed by; the second message of the first group lined up before the others."""
    board = teamed(scene, own={"sendblue": {"pace": "12/min"}})
    names = crowd(board, 2, 2, 2, 2, 2)
    for name in names:
        queue(board, *(f"{name}: {number}" for number in range(3)), group=name)
    Worker(scene, board).work()
    sent = order(scene)
    assert 15 == len(sent)
    assert all(5 - EXACT <= each < 7 for each in gaps(board)), gaps(board)
    assert set(sent[:6]) == {*(f"{name}: 0" for name in names), "group 0: 1"}


def test_what_is_queued_meanwhile_costs_a_group_no_turn(scene: Scene) -> None:
    """It is in line once, however often it is looked at."""
    board = teamed(scene, own={"sendblue": {"pace": "10/min"}})
    worker = Worker(scene, board)
    for number in range(10):
        queue(board, f"Text {number}")
        worker.work(0.5)
    worker.work()
    assert all(each < 8 for each in gaps(board)), gaps(board)


@ON_POSTGRESQL
def test_clients_whose_clocks_are_wrong_count_by_the_servers(either: Scene) -> None:
    """By an hour."""
    boards = [teamed(either, own={"sendblue": {"pace": "5/s"}}) for _ in range(2)]
    either.later(3600)
    for number, board in enumerate(boards):
        board.operations.board.directory._clock = None
        queue(board, f"One {number}", f"Two {number}")
    for board in boards:
        board._driver.run(Worker(either, board).draining.drain(board.group("team").id))
    moments = departures(boards[0])
    assert 4 == len(moments)
    assert all(abs((moment - datetime.now(moment.tzinfo)).total_seconds()) < 60 for moment in moments)
    assert all(each >= 0.2 - EXACT for each in gaps(boards[0]))
