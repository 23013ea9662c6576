"""Statuses times shapes of bodies, against the adapter's own table of verdicts."""

from __future__ import annotations

from typing import Any

from ...errors import (
    ConfigurationError,
    GroupMessengerError,
    Outcome,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
)
from ...flow import Response
from .base import TEXT, Part
from .stage import Stage
from .verdict import answer, written
from .wire import TRIES

_BELOW_500 = (200, 201, 202, 301, 302, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 418, 422, 429)
STATUSES = (*_BELOW_500, 500, 501, 502, 503, 504, 520)
# What a proxy, a load balancer or a page of help says: nobody's shape.
FOREIGN: tuple[bytes, ...] = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b'"ok"',
    b"<!doctype html><title>Bad gateway</title>",
    b'{"ok": true}',
    b'{"message":',
    b"\xff\xfe\x00",
)


class Answers(Part):
    """What an answer means is what the table says, and doubt everywhere else."""

    def test_every_verdict_has_a_source(self) -> None:
        """There is a table, and each of its rows says who says so."""
        assert self.verdicts, "no verdicts: say what the vendor's errors mean"
        for row in self.verdicts:
            assert row.source.strip(), f"the verdict on {row.errors} has no source"
        assert any(row.errors for row in self.verdicts), "nothing the vendor says is a refusal"

    def test_an_answer_means_what_the_table_says(self, stage: Stage, status: int) -> None:
        """Each shape of the table, at this status: its error, or doubt."""
        group = self.open_group(stage).group
        for row in self.verdicts:
            error = self._judged(stage, group, answer(status, row.body))
            expected = row.errors.get(status)
            if status == 429:
                expected = RateLimited
            if expected is not None and status not in (301, 302):
                assert expected is type(error), (
                    f"HTTP {status} with {written(row.body).decode()} came out as {_named(error)}, and the table "
                    f"says {expected.__name__} ({row.source})"
                )
                assert Outcome.NOT_SENT is getattr(error, "outcome", None), (
                    "the error does not say that nothing was sent"
                )
            else:
                self._check_doubt(status, error)

    def test_what_is_nobodys_shape_is_in_doubt(self, stage: Stage, status: int) -> None:
        """A page of a proxy, an empty body, half of one: never "not sent"."""
        group = self.open_group(stage).group
        for body in FOREIGN:
            if not self.is_own_success(stage, response := Response(status, body)):
                self._check_doubt(status, self._judged(stage, group, response))

    def test_reading_an_error_never_fails(self, stage: Stage) -> None:
        """Whatever stands in the place of whatever."""
        junk: tuple[Any, ...] = (None, True, 0, -1, 1.5, "", "x", [], {}, [[]], [None], {"a": {}}, 10**30, "\x00")
        for row in self.verdicts:
            for status in row.errors:
                for body in _spoiled(row.body, junk):
                    response = answer(status, body)
                    try:
                        error = stage.messenger.refusal(response)
                    except Exception as failed:
                        raise AssertionError(
                            f"refusal() raised {type(failed).__name__} for an error with a part missing, or another "
                            "one in its place: it gives an error, or None"
                        ) from failed
                    assert error is None or isinstance(error, ProviderError), (
                        f"refusal() gave {type(error).__name__}, and gives a ProviderError or None"
                    )

    def test_a_repeated_answer_is_the_same(self, stage: Stage) -> None:
        """`refusal` is pure."""
        for row in self.verdicts:
            for status in row.errors:
                response = answer(status, row.body)
                first, second = stage.messenger.refusal(response), stage.messenger.refusal(response)
                assert (type(first), str(first)) == (type(second), str(second)), (
                    "one answer came out as two errors: refusal() has to be pure"
                )

    def _judged(self, stage: Stage, group: Any, response: Response) -> GroupMessengerError | None:
        before = len(stage.wire.changed)
        stage.wire.strike(response, times=TRIES)
        try:
            stage.client.send(group, TEXT)
        except GroupMessengerError as error:
            struck = len(stage.wire.changed) - before
            if isinstance(error, OutcomeUnknown):
                assert struck <= 1, f"HTTP {response.status} is in doubt, and the message was sent {struck} times"
            return error
        finally:
            stage.wire.clear()
        return None

    def _check_doubt(self, status: int, error: GroupMessengerError | None) -> None:
        """At a redirect and a 429 nothing was done, whoever says it; else nobody can say."""
        allowed: type[GroupMessengerError] = OutcomeUnknown
        if status == 429:
            allowed = RateLimited
        elif status in (301, 302):
            allowed = ConfigurationError
        assert error is not None or status >= 300, (
            f"HTTP {status} came out as a success, and its body is none of the vendor's: look at all that is read, "
            "and raise OutcomeUnknown"
        )
        assert isinstance(error, allowed), (
            f"HTTP {status} came out as {_named(error)}, and is {allowed.__name__}: refusal() gives an error for what "
            "the vendor documents, in the vendor's shape, and None else; a verdict is for what is documented"
        )


def _named(error: Exception | None) -> str:
    return "a success" if error is None else type(error).__name__


def _spoiled(body: Any, junk: tuple[Any, ...]) -> list[Any]:
    """A body with each of its parts left out, and with junk in the place of each."""
    if isinstance(body, dict):
        found: list[Any] = []
        for key, value in body.items():
            found.append({name: each for name, each in body.items() if name != key})
            found.extend(body | {key: each} for each in (*junk, *_spoiled(value, junk)))
        return found
    if isinstance(body, list) and body:
        return [[each, *body[1:]] for each in (*junk, *_spoiled(body[0], junk))]
    if isinstance(body, bytes):
        return [body[:end] for end in range(len(body))]
    return []
