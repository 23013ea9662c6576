"""Spans and metrics of OpenTelemetry: what they tell, and that they keep nothing from being sent."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import acme
import attrs
import httpx
import pytest
from acme import ALICE, BOB, CAROL, LINE, SECRET, WAYS, AcmeMessenger, Vendor, World, world
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

import groupmessenger as gm
from groupmessenger import otel, webhooks
from groupmessenger.config import Config
from groupmessenger.connections import read_connection
from groupmessenger.otel import OpenTelemetry
from groupmessenger.plugins import load_observers
from groupmessenger.provider import Attempt, Event, Status, StatusChanged, hookimpl
from groupmessenger.sandbox import Sandbox
from groupmessenger.switchboard import OutboxState, OutboxStats

TEXT = "the tulips bloom at midnight"
PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "opentelemetry.md"
PRIVATE = [TEXT, "tulips", SECRET, "Rowers", *(number[-7:] for number in (LINE, ALICE, BOB, CAROL))]


@attrs.define(eq=False)
class Telemetry:
    """An SDK that keeps what it is told, and an observer that tells it."""

    exporter: InMemorySpanExporter = attrs.field(factory=InMemorySpanExporter)
    reader: InMemoryMetricReader = attrs.field(factory=InMemoryMetricReader)
    traces: TracerProvider = attrs.field(factory=TracerProvider)
    observer: OpenTelemetry = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.traces.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.observer = OpenTelemetry(self.traces, MeterProvider([self.reader]))

    @property
    def sends(self) -> list[ReadableSpan]:
        """The spans of sends that have ended."""
        return [span for span in self.exporter.get_finished_spans() if span.name == "send"]

    @property
    def attributes(self) -> list[dict[str, Any]]:
        return [dict(span.attributes or {}) for span in self.sends]

    def current(self, name: str = "request") -> Any:
        """A span of the application's own, current in a `with` block."""
        return self.traces.get_tracer("application").start_as_current_span(name)

    def metrics(self) -> dict[str, list[Any]]:
        """The points of each metric since the last time."""
        data = self.reader.get_metrics_data()
        scopes = [scope for each in (data.resource_metrics if data else ()) for scope in each.scope_metrics]
        return {metric.name: list(metric.data.data_points) for scope in scopes for metric in scope.metrics}

    def counts(self, name: str) -> dict[tuple[Any, ...], float]:
        """A counter's or gauge's numbers, by the values of their attributes."""
        return {tuple((point.attributes or {}).values()): point.value for point in self.metrics()[name]}

    def everything(self) -> str:
        data = self.reader.get_metrics_data()
        return " ".join(
            [span.to_json() for span in self.exporter.get_finished_spans()] + [data.to_json() if data else ""]
        )


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    made = Telemetry()
    yield made
    made.traces.shutdown()


@pytest.fixture(params=WAYS)
def here(request: pytest.FixtureRequest) -> Iterator[World]:
    with world(request.param) as opened:
        yield opened


# Spans


def test_a_send_is_a_span_of_whoever_sends(here: World, telemetry: Telemetry) -> None:
    client = here.connect(Vendor(), observers=load_observers([telemetry.observer]))
    with telemetry.current() as request:
        client.send(client.create_group([ALICE, BOB], "Rowers"), TEXT)
    client.send_direct(ALICE, TEXT)
    inside, alone = telemetry.sends
    common = {
        "messaging.system": "acme",
        "messaging.operation.type": "send",
        "messaging.operation.name": "send",
        "groupmessenger.outcome": "sent",
    }
    expected = [{**common, "groupmessenger.recipients": 2, "messaging.message.id": "m1"}]
    expected += [{**common, "groupmessenger.recipients": 1, "messaging.message.id": "m2"}]
    assert expected == telemetry.attributes
    assert (SpanKind.CLIENT, StatusCode.UNSET) == (inside.kind, inside.status.status_code)
    assert inside.parent == request.get_span_context()
    assert alone.parent is None


def test_what_went_wrong_is_told_by_its_kind(here: World, telemetry: Telemetry) -> None:
    vendor = Vendor()
    client = here.connect(vendor, observers=load_observers([telemetry.observer]))
    vendor.answer("POST /messages", acme.says(400, error=TEXT), httpx.ReadError("lost"))
    for kind in (gm.Rejected, gm.OutcomeUnknown):
        with pytest.raises(kind):
            client.send(client.create_group([ALICE, BOB]), TEXT)
    told = [(each["groupmessenger.outcome"], each["error.type"]) for each in telemetry.attributes]
    assert [("not_sent", "Rejected"), ("unknown", "OutcomeUnknown")] == told
    assert [(StatusCode.ERROR, None, ())] * 2 == [
        (span.status.status_code, span.status.description, span.events) for span in telemetry.sends
    ]
    assert [2, 2] == [each["groupmessenger.recipients"] for each in telemetry.attributes]


def test_of_a_group_whose_members_are_not_known_no_number_is_told(telemetry: Telemetry) -> None:
    vendor = Vendor()
    vendor.answer("POST /messages", acme.says(400, error="no"))
    with (
        gm.Client(
            AcmeMessenger(line=LINE, api_key=SECRET),
            http=vendor.transport(),
            observers=load_observers([telemetry.observer]),
        ) as client,
        pytest.raises(gm.Rejected),
    ):
        client.send(client.group("g1"), TEXT)
    assert "groupmessenger.recipients" not in telemetry.attributes[0]


def test_nothing_private_is_told(here: World, telemetry: Telemetry) -> None:
    """No number, text, name of a group or secret, of what is sent, refused, lost or heard."""
    vendor = Vendor()
    client = here.connect(vendor, observers=load_observers([telemetry.observer]))
    vendor.answer("POST /messages", acme.says(400, error=f"{TEXT} to {ALICE}"), httpx.ReadError(TEXT))
    for _ in range(2):
        with pytest.raises(gm.GroupMessengerError):
            client.send(client.create_group([ALICE, BOB, CAROL], "Rowers"), TEXT)
    tokens = [client.send(client.create_group([ALICE, BOB], "Rowers"), TEXT).token]
    telemetry.observer.groupmessenger_on_event(changed(Status.DELIVERED))
    told = telemetry.everything()
    assert "OutcomeUnknown" in told
    assert [] == [private for private in [*PRIVATE, *tokens] if private in told]


def test_the_requests_of_a_send_are_not_within_its_span(here: World, telemetry: Telemetry) -> None:
    """The page says so: what instruments an HTTP client finds the caller's span."""
    vendor, seen = Vendor(), list[int]()

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(trace.get_current_span().get_span_context().span_id)
        return vendor.accept(request)

    vendor.answer("POST /messages", answer)
    client = here.connect(vendor, observers=load_observers([telemetry.observer]))
    with telemetry.current() as request:
        client.send_direct(ALICE, TEXT)
    assert [request.get_span_context().span_id] == seen


# Metrics


def test_sends_are_counted_and_timed(here: World, telemetry: Telemetry) -> None:
    vendor = Vendor(pause=0.06)
    client = here.connect(vendor, observers=load_observers([telemetry.observer]))
    client.send_direct(ALICE, TEXT)
    client.send_direct(ALICE, TEXT)
    vendor.answer("POST /messages", acme.says(400, error="no"))
    with pytest.raises(gm.Rejected):
        client.send_direct(ALICE, TEXT)
    found = telemetry.metrics()
    told = {tuple(point.attributes.values()): point for point in found["groupmessenger.send.duration"]}
    assert {("acme", "sent"): 2, ("acme", "not_sent", "Rejected"): 1} == {key: each.count for key, each in told.items()}
    assert 0.06 < told["acme", "sent"].min < told["acme", "sent"].max < 5
    assert (0.05, 60.0) == (told["acme", "sent"].explicit_bounds[0], told["acme", "sent"].explicit_bounds[-1])
    assert [2, 1] == [point.value for point in found["groupmessenger.sends"]]


def changed(status: Status, connection: str | None = "main") -> Event:
    return StatusChanged(key="s/1", at=None, connection=connection, message_id="m1", status=status)


def test_events_are_counted(telemetry: Telemetry) -> None:
    for status, connection in ((Status.DELIVERED, "main"), (Status.DELIVERED, "main"), (Status.FAILED, None)):
        telemetry.observer.groupmessenger_on_event(changed(status, connection))
    expected = {("StatusChanged", "main", "delivered"): 2, ("StatusChanged", "failed"): 1}
    assert expected == telemetry.counts("groupmessenger.events")
    assert [] == telemetry.sends


def test_events_of_a_receiver_are_counted(telemetry: Telemetry) -> None:
    """Once they were handled."""
    body = b'{"is_outbound": false, "message_handle": "A1", "from_number": "+13125550101", "content": "Hello"}'
    with Sandbox() as sandbox, sandbox.connect("sendblue", plugins=[telemetry.observer]) as client:
        receive = webhooks.plain({"main": client}, lambda event: None)
        headers = {"sb-signing-secret": client.messenger.webhook_secrets[0]}  # type: ignore[attr-defined]
        assert 200 == receive("main", gm.Callback("POST", "https://example.com/main", headers, body)).status
    assert {("MessageReceived", "main"): 1} == telemetry.counts("groupmessenger.events")


def test_the_outbox_is_shown_as_it_stands(telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state that no message is in is zero; and half a minute after the last word, nothing is told."""
    assert {} == telemetry.metrics()
    for counts in ({OutboxState.QUEUED: 3}, {OutboxState.FAILED: 1}):
        telemetry.observer.groupmessenger_on_outbox(OutboxStats(counts=counts, oldest=7.5))
    found = telemetry.metrics()
    states = {
        point.attributes["groupmessenger.state"]: point.value for point in found["groupmessenger.outbox.messages"]
    }
    assert {state.value: int(state is OutboxState.FAILED) for state in OutboxState} == states
    names = ("oldest", "pauses", "workers")
    assert [7.5, 0, 0] == [found[f"groupmessenger.outbox.{name}"][0].value for name in names]
    later = time.monotonic() + 31
    monkeypatch.setattr(otel, "monotonic", lambda: later)
    assert {} == telemetry.metrics()


# Through the outbox


@pytest.fixture
def boards(tmp_path: Path, telemetry: Telemetry) -> Iterator[list[gm.Switchboard]]:
    """Two switchboards of one directory, as two processes would have them; the first has the group."""
    with Sandbox() as box:
        settings = {"provider": "sendblue", **box.settings("sendblue")}
        config = Config(
            tmp_path / "groupmessenger.toml",
            {"sendblue": read_connection("sendblue", settings, tmp_path, ())},
            "sendblue",
            directory_url=f"sqlite:///{tmp_path / 'groups.db'}",
            plugins=(telemetry.observer,),
        )
        with gm.Switchboard(config) as first, gm.Switchboard(config) as second:
            first.create_group("Rowers", [ALICE, BOB])
            yield [first, second]


def work(board: gm.Switchboard) -> None:
    """Have everything sent."""
    with board.worker():
        while board.outbox.stats().remaining:
            time.sleep(0.01)


def test_a_queued_message_is_sent_in_the_trace_of_who_queued_it(
    boards: list[gm.Switchboard], telemetry: Telemetry
) -> None:
    board, worker = boards
    with telemetry.current() as request:
        board.enqueue("Rowers", TEXT)
    board.enqueue("Rowers", TEXT)
    with telemetry.current("worker"):
        work(worker)
    queued, alone = telemetry.sends
    assert queued.context is not None
    assert queued.parent is not None
    parent = request.get_span_context()
    assert (parent.trace_id, parent.span_id) == (queued.context.trace_id, queued.parent.span_id)
    assert queued.parent.is_remote
    assert alone.parent is None
    assert [] == [private for private in PRIVATE if private in telemetry.everything()]


# What the page says


def rows(heading: str) -> list[tuple[set[str], str]]:
    """A table's rows below a heading: the names in the first cell, and the rest."""
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.+?) \| (.*)$", section, re.MULTILINE)
    return [(set(re.findall(r"`([\w.]+)`", first)), rest) for first, rest in cells]


def test_the_page_has_every_attribute_and_metric(telemetry: Telemetry) -> None:
    """And none that there is not; of each metric, every attribute that it is told by."""
    vendor = Vendor()
    vendor.answer("POST /messages", acme.says(400, error="no"))
    messenger, observers = AcmeMessenger(line=LINE, api_key=SECRET), load_observers([telemetry.observer])
    with gm.Client(messenger, http=vendor.transport(), observers=observers) as client:
        with pytest.raises(gm.Rejected):
            client.send_direct(ALICE, TEXT)
        client.send_direct(ALICE, TEXT)
    telemetry.observer.groupmessenger_on_event(changed(Status.DELIVERED))
    telemetry.observer.groupmessenger_on_outbox(OutboxStats(counts={}, oldest=None))
    assert {name for names, _ in rows("Spans") for name in names} == {
        name for each in telemetry.attributes for name in each
    }
    metrics = rows("Metrics")
    told = {name: {key for point in points for key in point.attributes} for name, points in telemetry.metrics().items()}
    by = {name: set(re.findall(r"`((?:\w+\.)+\w+)`", rest)) for names, rest in metrics for name in names}
    assert by == told


# Nothing is kept from being sent


class Vetoing:
    """Keeps every message back."""

    @hookimpl
    def groupmessenger_before_send(self, attempt: Attempt) -> None:
        raise gm.SendBlocked("quiet hours")


def blocked(telemetry: Telemetry, *observers: object, times: int = 1) -> None:
    messenger = AcmeMessenger(line=LINE, api_key=SECRET)
    with gm.Client(messenger, http=Vendor().transport(), observers=load_observers(observers)) as client:
        for _ in range(times):
            with pytest.raises(gm.SendBlocked):
                client.send_direct(ALICE, TEXT)


def test_a_send_blocked_before_it_is_seen_has_no_span(telemetry: Telemetry) -> None:
    blocked(telemetry, Vetoing(), telemetry.observer)
    assert {} == telemetry.observer._begun


def test_a_span_whose_end_is_not_told_is_ended_after_a_while(
    telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked(telemetry, telemetry.observer, Vetoing())
    telemetry.observer.groupmessenger_on_outbox(OutboxStats(counts={}, oldest=None))
    assert [] == telemetry.sends
    later = time.monotonic() + 601
    monkeypatch.setattr(otel, "monotonic", lambda: later)
    telemetry.observer.groupmessenger_on_outbox(OutboxStats(counts={}, oldest=None))
    assert ["abandoned"] == [each["groupmessenger.outcome"] for each in telemetry.attributes]
    assert {("acme", "abandoned"): 1} == telemetry.counts("groupmessenger.sends")
    assert {} == telemetry.observer._begun


def test_spans_do_not_pile_up(telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest end first."""
    monkeypatch.setattr(otel, "_MOST", 3)
    blocked(telemetry, telemetry.observer, Vetoing(), times=5)
    assert (2, 3) == (len(telemetry.sends), len(telemetry.observer._begun))


def test_what_breaks_keeps_nothing_from_being_sent(
    here: World, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object, **named: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(telemetry.observer._tracer, "start_span", fail)
    vendor = Vendor()
    client = here.connect(vendor, observers=load_observers([telemetry.observer]))
    client.send_direct(ALICE, TEXT)
    assert [TEXT] == vendor.texts
    assert "the span of a send could not be begun" in caplog.text
    assert {("acme", "sent"): 1} == telemetry.counts("groupmessenger.sends")


def test_it_does_nothing_where_nothing_is_set_up() -> None:
    """With OpenTelemetry's API alone."""
    vendor = Vendor()
    with gm.Client(
        AcmeMessenger(line=LINE, api_key=SECRET),
        http=vendor.transport(),
        observers=load_observers([OpenTelemetry()]),
    ) as client:
        client.send_direct(ALICE, TEXT)
    assert [TEXT] == vendor.texts


# What is installed


def test_it_can_be_an_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an application's own distribution, as the page shows it."""
    (tmp_path / "plugged_telemetry.py").write_text(
        "from groupmessenger.otel import OpenTelemetry\nobserver = OpenTelemetry()\n"
    )
    info = tmp_path / "plugged_telemetry-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged_telemetry\nVersion: 1.0\n")
    entry = "[groupmessenger.observers]\ntelemetry = plugged_telemetry:observer\n"
    (info / "entry_points.txt").write_text(entry)
    monkeypatch.syspath_prepend(tmp_path)
    watching = load_observers()
    del sys.modules["plugged_telemetry"]
    assert watching is not None
    assert ["telemetry"] == [name for name, _ in watching.watching]
    assert watching.carry is not None


def test_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "groupmessenger.otel")
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'groupmessenger\[otel\]'"):
        importlib.import_module("groupmessenger.otel")


def test_it_is_imported_by_who_asks_for_it_alone() -> None:
    code = (
        "import sys, groupmessenger; groupmessenger.connect, groupmessenger.Switchboard;"
        "print(json.dumps([each for each in sys.modules if each.startswith('opentelemetry')]))"
    )
    found = subprocess.run([sys.executable, "-c", f"import json; {code}"], capture_output=True, text=True, check=True)
    assert [] == json.loads(found.stdout)
