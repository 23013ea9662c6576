"""What the directory knows counts for one person as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from switchboard.boards import PEOPLE, config_of

import groupmessenger as gm
from groupmessenger.sandbox import Sandbox

ANN, BEN, _ = PEOPLE


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def test_one_person_is_texted_unless_they_opted_out(box: Sandbox, tmp_path: Path) -> None:
    """By the connection that was named, or the file's."""
    with gm.Switchboard(config_of(box, "sqlite:///groups.db", tmp_path)) as board:
        assert board.send_direct(ANN, "For you alone").id
        assert board.send_direct(ANN, "From there", connection="bandwidth").id
        board.suppress(ANN)
        with pytest.raises(gm.Suppressed, match="opted out") as refused:
            board.send_direct(ANN, "Never")
        assert [gm.Member(ANN)] == [*refused.value.members]
        assert (gm.Member(ANN),) == board.suppressed([ANN, BEN])
        board.suppress(ANN, lift=True)
        assert () == board.suppressed([ANN, BEN])
    assert ["For you alone", "From there"] == sorted(box.phones[ANN].texts)
