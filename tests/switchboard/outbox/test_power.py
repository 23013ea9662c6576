"""The power goes: what `enqueue` returned for is there, what it had not returned for is whole or not there at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from switchboard.scenes import PEOPLE, Scene, a_scene  # noqa: F401

import groupmessenger as gm


def left_by(source: Path, folder: Path, name: str, *, cut: int = 0) -> Path:
    """The files as a disk has them; the log without the end that was not written in time."""
    folder.mkdir(exist_ok=True)
    copy = folder / f"{name}.db"
    shutil.copy(source, copy)
    log = source.with_name(source.name + "-wal").read_bytes()
    copy.with_name(copy.name + "-wal").write_bytes(log[: len(log) - cut])
    return copy


@pytest.mark.parametrize("part", [1, 3, 5, 8])
def test_a_log_that_ends_anywhere_has_all_that_was_returned_for(scene: Scene, tmp_path: Path, part: int) -> None:
    source = Path(scene.url.removeprefix("sqlite:///"))
    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    board.enqueue("team", "first", key="first")
    log = source.with_name(source.name + "-wal")
    before = log.stat().st_size
    board.enqueue("team", "second", key="second")
    written = log.stat().st_size - before
    assert written > 0, "the second was written behind the first"
    copy = left_by(source, tmp_path / "after", f"cut{part}", cut=written * part // 8)
    with gm.Switchboard(scene.config("sendblue", directory_url=f"sqlite:///{copy}")) as after:
        assert ["first"] == [entry.key for entry in after.outbox.entries()]
        assert after.enqueue("team", "second", key="second").tries == 0
        assert ["first", "second"] == [entry.key for entry in after.outbox.entries()]


def test_what_was_returned_for_is_on_the_disk(scene: Scene, tmp_path: Path) -> None:
    source = Path(scene.url.removeprefix("sqlite:///"))
    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    for number in range(5):
        board.enqueue("team", f"message {number}")
        copy = left_by(source, tmp_path / "after", str(number))
        with gm.Switchboard(scene.config("sendblue", directory_url=f"sqlite:///{copy}")) as after:
            assert number + 1 == len(after.outbox.entries())
