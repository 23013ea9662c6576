"""Sends as OpenTelemetry's spans; sends, events and outboxes as its metrics. Needs the extra `otel`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.metadata import version
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

import attrs

from .errors import GroupMessengerError, OutcomeUnknown
from .events import Event, StatusChanged
from .hookspecs import PROJECT, hookimpl
from .messages import Attempt, Receipt

try:
    from opentelemetry import metrics, propagate, trace
    from opentelemetry.context import Context
    from opentelemetry.metrics import CallbackOptions, Observation
    from opentelemetry.trace import Span, SpanKind, StatusCode
except ModuleNotFoundError as missing:
    if (missing.name or "").partition(".")[0] != "opentelemetry":
        raise
    what = "groupmessenger.otel needs its extra: pip install 'groupmessenger[otel]'"
    raise ModuleNotFoundError(what, name=missing.name) from missing

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from .switchboard import OutboxStats

# Names of the semantic conventions for messaging, and what is not in them.
_SYSTEM = "messaging.system"
_OPERATION = {"messaging.operation.type": "send", "messaging.operation.name": "send"}
_MESSAGE = "messaging.message.id"
_ERROR = "error.type"
_RECIPIENTS = "groupmessenger.recipients"
_OUTCOME = "groupmessenger.outcome"
_EVENT = "groupmessenger.event"
_STATUS = "groupmessenger.status"
_CONNECTION = "groupmessenger.connection"
_STATE = "groupmessenger.state"

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # where the histogram's buckets end
_MOST = 1000  # spans that wait for their end
_LONGEST = 600.0  # seconds that one waits for it
_ABANDONED = "abandoned"
_NO_SPAN = {"traceparent": ""}  # of who queued a message: the worker's own is not taken for it
_FRESH = 30.0  # seconds for which the outbox is believed to be as it was shown
_Read: TypeAlias = "Callable[[OutboxStats], Iterable[Observation]]"

_log = logging.getLogger(__name__)


@attrs.frozen
class _Begun:
    """A send that nobody told the end of yet. `at` is in seconds."""

    span: Span
    provider: str
    at: float


class OpenTelemetry:
    """An observer: a span for each send, and metrics of sends, events and outboxes. Nothing it does stops a send.

    The providers are the process's unless they are given; make one observer for all connections. Spans and metrics
    have no number, text, group or secret. A span's parent is the current span of who sends; of who queued it, where a
    message was queued. A send whose end is not told, since it was blocked or cancelled, is ended as abandoned: after
    ten minutes, or when a thousand wait.
    """

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        release = version(PROJECT)
        self._tracer = trace.get_tracer(PROJECT, release, tracer_provider)
        meter = metrics.get_meter(PROJECT, release, meter_provider)
        self._sends = meter.create_counter("groupmessenger.sends", "{message}", "Messages sent, or tried to send")
        self._duration = meter.create_histogram(
            "groupmessenger.send.duration",
            "s",
            "From a message's leaving to its provider's answer",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._events = meter.create_counter("groupmessenger.events", "{event}", "Events from providers, once handled")
        self._shown: tuple[OutboxStats, float] | None = None  # and when, in seconds
        for name, (unit, what, read) in _GAUGES.items():
            observe = partial(self._observe_outbox, read)
            meter.create_observable_gauge(f"groupmessenger.outbox.{name}", [observe], unit, what)
        self._lock = threading.Lock()
        self._begun: dict[str, _Begun] = {}  # by the attempt's token, the oldest first

    @hookimpl
    def groupmessenger_carry(self) -> Mapping[str, str]:
        """Have the current span go along with what is queued, as the propagators of the process write it."""
        carried: dict[str, str] = {}
        propagate.inject(carried)
        return carried or _NO_SPAN

    @hookimpl
    def groupmessenger_before_send(self, attempt: Attempt) -> None:
        """Begin a span."""
        try:
            self._begin(attempt)
        except Exception:  # of an exporter, for example: here it would block the send
            _log.exception("the span of a send could not be begun")

    @hookimpl
    def groupmessenger_after_send(self, attempt: Attempt, result: Receipt | GroupMessengerError) -> None:
        """End its span, and count."""
        with self._lock:
            begun = self._begun.pop(attempt.token, None)
        told = {_SYSTEM: attempt.provider, _OUTCOME: "sent"}
        if isinstance(result, GroupMessengerError):
            told |= {_OUTCOME: result.outcome.value, _ERROR: type(result).__name__}
        self._sends.add(1, told)
        if begun is not None:
            self._duration.record(monotonic() - begun.at, told)
            _end(begun.span, told, result)

    @hookimpl
    def groupmessenger_on_event(self, event: Event) -> None:
        """Count an event. It is no span: its handling, which would be in it, is over."""
        told = {_EVENT: type(event).__name__}
        if event.connection is not None:
            told[_CONNECTION] = event.connection
        if isinstance(event, StatusChanged):
            told[_STATUS] = event.status.value
        self._events.add(1, told)

    @hookimpl
    def groupmessenger_on_outbox(self, stats: OutboxStats) -> None:
        """Keep how the outbox stands."""
        self._shown = stats, monotonic()
        self._abandon()

    def _observe_outbox(self, read: _Read, options: CallbackOptions) -> Iterable[Observation]:
        """What was shown last; nothing once it is old, rather than numbers that are not so any more."""
        if self._shown is None or monotonic() - self._shown[1] > _FRESH:
            return ()
        return read(self._shown[0])

    def _begin(self, attempt: Attempt) -> None:
        parent = propagate.extract(attempt.carried, context=Context()) if attempt.carried else None
        attributes: dict[str, str | int] = {_SYSTEM: attempt.provider, **_OPERATION}
        if (count := _recipients(attempt)) is not None:
            attributes[_RECIPIENTS] = count
        span = self._tracer.start_span("send", context=parent, kind=SpanKind.CLIENT, attributes=attributes)
        with self._lock:
            self._begun[attempt.token] = _Begun(span, attempt.provider, monotonic())
        self._abandon()

    def _abandon(self) -> None:
        """End the spans whose end nobody tells: of sends that were blocked, or cancelled."""
        now, over = monotonic(), []
        with self._lock:
            while self._begun:
                token, begun = next(iter(self._begun.items()))
                if len(self._begun) <= _MOST and now - begun.at < _LONGEST:
                    break
                over.append(self._begun.pop(token))
        for begun in over:
            self._sends.add(1, {_SYSTEM: begun.provider, _OUTCOME: _ABANDONED})
            begun.span.set_attribute(_OUTCOME, _ABANDONED)
            begun.span.end()


def _by_state(stats: OutboxStats) -> Iterable[Observation]:
    from .switchboard import OutboxState

    return [Observation(stats.counts.get(state, 0), {_STATE: state.value}) for state in OutboxState]


_GAUGES: dict[str, tuple[str, str, _Read]] = {
    "messages": ("{message}", "Messages of the outbox", _by_state),
    "oldest": (
        "s",
        "How long the oldest message that is due has waited",
        lambda told: [Observation(told.oldest or 0.0)],
    ),
    "pauses": ("{connection}", "Connections that are paused", lambda told: [Observation(len(told.pauses))]),
    "workers": ("{worker}", "Workers that are at work", lambda told: [Observation(len(told.workers))]),
}


def _recipients(attempt: Attempt) -> int | None:
    """How many people a message is for, where that is known."""
    if attempt.group is None:
        return 1
    if attempt.group.members is None:
        return None
    return len(set(attempt.group.addresses).difference(attempt.message.leave_out))


def _end(span: Span, told: dict[str, str], result: Receipt | GroupMessengerError) -> None:
    """End a span by what became of its message. The error's own words stay out: only its kind is told."""
    span.set_attributes(told)
    message_id: str | None = None
    if isinstance(result, Receipt):
        message_id = result.id
        if result.recipients:
            span.set_attribute(_RECIPIENTS, len(result.recipients))
    else:
        span.set_status(StatusCode.ERROR)
        if isinstance(result, OutcomeUnknown):
            message_id = result.provider_id
    if message_id:
        span.set_attribute(_MESSAGE, message_id)
    span.end()
