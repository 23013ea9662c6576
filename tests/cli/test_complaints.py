"""What a running receiver complains of."""

from __future__ import annotations

import logging

import pytest

from groupmessenger.cli.complaints import complaining


def test_a_line_each_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """Kind and place of an exception, whose text may be anybody's; the same again is not said again."""
    log = logging.getLogger("groupmessenger.webhooks")
    with complaining(lambda error: False):
        for _ in range(2):
            log.warning("a callback is refused: %s", "\x1b[2J")
            try:
                raise ZeroDivisionError("+13125550101")
            except ZeroDivisionError:
                log.exception("an event was not handled")
        log.info("all is well")
    refused, failed = capsys.readouterr().err.splitlines()
    assert r"groupmessenger: a callback is refused: \x1b[2J" == refused
    assert failed.startswith("groupmessenger: an event was not handled (ZeroDivisionError at test_complaints.py:")
    assert [] == [each for each in log.handlers + logging.getLogger("groupmessenger").handlers if each.level]


def test_what_is_known_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    """That nobody reads any more is why it ends, and no complaint."""
    known = BrokenPipeError()
    with complaining(lambda error: error is known):
        logging.getLogger("groupmessenger").error("not handled", exc_info=known)
    assert "" == capsys.readouterr().err
