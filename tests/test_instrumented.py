"""Requests as OpenTelemetry's instrumentation of httpx shows them: which spans there are, whose, what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import anyio
import attrs
import httpx
import httpx2
import pytest
from opentelemetry.instrumentation.httpx import (
    AsyncOpenTelemetryTransport,
    HTTPX2ClientInstrumentor,
    HTTPXClientInstrumentor,
    SyncOpenTelemetryTransport,
)
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Span
from raw_server import RawServer
from texting import ANN, PRIVATE, SETTINGS, WAYS, Make, take, text

import groupmessenger as gm
from groupmessenger.otel import OpenTelemetry
from groupmessenger.sandbox import Sandbox


@attrs.frozen
class Telemetry:
    """An SDK that keeps spans."""

    exporter: InMemorySpanExporter = attrs.field(factory=InMemorySpanExporter)
    traces: TracerProvider = attrs.field(factory=TracerProvider)

    def __attrs_post_init__(self) -> None:
        self.traces.add_span_processor(SimpleSpanProcessor(self.exporter))

    def current(self) -> Any:
        """A span of the application's own, current in a `with` block."""
        return self.traces.get_tracer("application").start_as_current_span("request")

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        found = self.exporter.get_finished_spans()
        assert len(found) == len({span.name for span in found})
        return {span.name: span for span in found}

    @property
    def told(self) -> str:
        return " ".join(span.to_json() for span in self.exporter.get_finished_spans())


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    made = Telemetry()
    yield made
    made.traces.shutdown()


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def instrument(telemetry: Telemetry) -> Iterator[Callable[..., None]]:
    """Instruments all clients of httpx."""
    instrumentor = HTTPXClientInstrumentor()
    yield lambda **hooks: instrumentor.instrument(tracer_provider=telemetry.traces, **hooks)
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()


def without_query(span: Span, request: Any) -> None:
    """The hook that the page shows."""
    span.set_attribute("http.url", str(httpx.URL(str(request.url)).copy_with(query=None)))


async def without_query_async(span: Span, request: Any) -> None:
    without_query(span, request)


def is_within(telemetry: Telemetry, parent: Span) -> None:
    """The request is the one span there is, of the caller's, and has nothing private."""
    span = telemetry.spans["POST"]
    attributes = dict(span.attributes or {})
    assert span.parent == parent.get_span_context()
    assert 200 == attributes["http.status_code"]
    assert str(attributes["http.url"]).endswith("/api/send-message")
    assert [private for private in PRIVATE if private in telemetry.told] == []


def test_all_clients_before_a_connection_is_made(
    way: str, telemetry: Telemetry, instrument: Callable[..., None]
) -> None:
    instrument()
    with RawServer(take) as server, telemetry.current() as parent:
        text(way, server.url)
    is_within(telemetry, parent)
    assert b"traceparent: " in server.received.lower()


def test_all_clients_after_a_connection_was_made(telemetry: Telemetry, instrument: Callable[..., None]) -> None:
    with RawServer(take) as server, gm.connect("sendblue", base_url=server.url, **SETTINGS) as client:
        instrument()
        with telemetry.current() as parent:
            client.send_direct(ANN, "hush")
    is_within(telemetry, parent)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_all_async_clients_after_a_connection_was_made(
    backend: str, telemetry: Telemetry, instrument: Callable[..., None]
) -> None:
    async def main(url: str) -> Span:
        async with gm.connect_async("sendblue", base_url=url, **SETTINGS) as client:
            instrument()
            with telemetry.current() as parent:
                await client.send_direct(ANN, "hush")
        return parent  # type: ignore[no-any-return]

    with RawServer(take) as server:
        parent = anyio.run(main, server.url, backend=backend)
    is_within(telemetry, parent)


def instrumented(telemetry: Telemetry, kind: str) -> Make:
    """Makes a client or a transport that is instrumented by itself."""

    def make(side: str) -> Any:
        if kind == "transport":
            wrapping = AsyncOpenTelemetryTransport if side else SyncOpenTelemetryTransport
            return wrapping(getattr(httpx, f"{side}HTTPTransport")(), tracer_provider=telemetry.traces)
        library, instrumentor = {
            "client": (httpx, HTTPXClientInstrumentor),
            "client of httpx2": (httpx2, HTTPX2ClientInstrumentor),
        }[kind]
        client = getattr(library, f"{side}Client")()
        instrumentor.instrument_client(client, tracer_provider=telemetry.traces)
        return client

    return make


@pytest.mark.parametrize("kind", ["client", "client of httpx2", "transport"])
def test_one_client_or_transport(way: str, kind: str, telemetry: Telemetry) -> None:
    with RawServer(take) as server, telemetry.current() as parent:
        text(way, server.url, instrumented(telemetry, kind))
        text(way, server.url)
    is_within(telemetry, parent)


@pytest.mark.parametrize("hooked", [True, False])
def test_numbers_in_a_query(way: str, hooked: bool, telemetry: Telemetry, instrument: Callable[..., None]) -> None:
    """The instrumentation tells whole URLs. The hook of the page takes the query out."""
    if hooked:
        instrument(request_hook=without_query, async_request_hook=without_query_async)
    else:
        instrument()
    with Sandbox() as sandbox:
        number = sandbox.settings("bandwidth")["line"][1:]

        async def check() -> tuple[gm.Finding, ...]:
            async with sandbox.connect_async("bandwidth") as client:
                return await client.check()

        if way == "blocking":
            with sandbox.connect("bandwidth") as client:
                findings = client.check()
        else:
            findings = anyio.run(check, backend=way)
    assert gm.Level.OK == findings[0].level
    assert hooked == (number not in telemetry.told)
    assert "/messages" in telemetry.told


def test_a_failure_has_nothing_private(way: str, telemetry: Telemetry, instrument: Callable[..., None]) -> None:
    instrument()
    with RawServer(take) as gone:
        pass
    with pytest.raises(gm.NotReached):
        text(way, gone.url)
    assert "ConnectError" in telemetry.told
    assert [private for private in PRIVATE if private in telemetry.told] == []


def test_our_own_span_and_that_of_the_request_have_one_parent(
    way: str, telemetry: Telemetry, instrument: Callable[..., None]
) -> None:
    """The page says so: a request is not within the span of its send."""
    instrument()
    with RawServer(take) as server, telemetry.current() as parent:
        text(way, server.url, plugins=[OpenTelemetry(telemetry.traces)])
    ours, request = telemetry.spans["send"], telemetry.spans["POST"]
    assert parent.get_span_context() == ours.parent == request.parent
    times = [ours.start_time, request.start_time, request.end_time, ours.end_time]
    assert times == sorted(time or 0 for time in times)
    assert [private for private in PRIVATE if private in telemetry.told] == []
