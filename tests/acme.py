"""A provider of the tests' own: an adapter as anybody would write one, and the vendor it talks to.

Acme has shared threads with ids, made by their first message. It carries our token, lists messages by it, and
gives out access tokens that end.
"""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import anyio
import anyio.from_thread
import attrs
import httpx

from groupmessenger import AsyncClient, Client
from groupmessenger.provider import (
    NATIVE,
    PARTIAL,
    Absent,
    Address,
    Attempt,
    AuthenticationFailed,
    Authorization,
    Billing,
    Bound,
    Capabilities,
    Channel,
    Condition,
    Confidence,
    Creation,
    Evidence,
    Fact,
    Feature,
    Found,
    Group,
    GroupMessenger,
    GroupNotFound,
    GroupReceipt,
    Identity,
    Limit,
    LimitName,
    Lookup,
    Member,
    Merges,
    Message,
    Op,
    OptOut,
    Page,
    PhoneNumber,
    Proof,
    ProviderError,
    Receipt,
    Receipts,
    Rejected,
    Request,
    Response,
    Sighting,
    Status,
    StatusChanged,
    Topology,
    Unit,
    ask,
    graded,
    hookimpl,
    mask,
    parse_address,
    secret,
)

LINE = "+13125550100"
ALICE = "+13125550101"
BOB = "+13125550102"
CAROL = "+13125550103"
SECRET = "sesame-open-up"

_SOURCE = "Acme's papers"
_SURE: dict[str, Any] = {"source": _SOURCE, "confidence": Confidence.HIGH, "checked": date(2026, 11, 1)}
BIG = Condition(Fact.TOTAL_MEMBERS, Op.AT_LEAST, 3)

CAPABILITIES = Capabilities(
    topology=Topology.SHARED_THREAD,
    identity=Identity.PROVIDER_ID,
    merges=Merges.NEVER,
    creation=Creation.WITH_FIRST_MESSAGE,
    receipts=Receipts.PER_RECIPIENT,
    evidence=Evidence.HANDSET,
    lookup=Lookup.TOKEN,
    channels=(Channel.RCS, Channel.SMS),
    exposes_numbers=True,
    billing=Billing.PER_RECIPIENT_SEGMENT,
    opt_out=OptOut.VENDOR,
    effects=frozenset({"confetti", "echo"}),
    flags={
        Feature.MEDIA: NATIVE,
        Feature.EFFECT: PARTIAL("RCS groups only", Condition(Fact.CHANNEL, Op.IS, Channel.RCS)),
        Feature.SEND_AT: NATIVE,
        Feature.GROUP_NAME: NATIVE,
    },
    limits=(
        Limit(name=LimitName.RECIPIENTS, certain=4, value=5, unit=Unit.PEOPLE, **_SURE),
        Limit(name=LimitName.MIN_RECIPIENTS, value=2, bound=Bound.MIN, unit=Unit.PEOPLE, **_SURE),
        Limit(name=LimitName.TEXT, value=400, unit=Unit.CHARACTERS, **_SURE),
        Limit(name=LimitName.MEDIA, value=2, unit=Unit.ITEMS, **_SURE),
        Limit(name=LimitName.MEDIA_BYTES, value=1000, unit=Unit.BYTES, **_SURE),
        Limit(name=LimitName.MEDIA_BYTES, value=300, unit=Unit.BYTES, channel=Channel.SMS, **_SURE),
        Limit(name=LimitName.GROUP_NAME, value=20, unit=Unit.UTF16, **_SURE),
    ),
)


def _line(value: str) -> str:
    return str(PhoneNumber.parse(value))


@attrs.frozen
class AcmeMessenger(GroupMessenger):
    """A line at Acme."""

    name = "acme"
    title = "Acme"
    capabilities = CAPABILITIES

    line: str = attrs.field(converter=_line, repr=mask)
    api_key: str = secret()
    base_url: str = "https://acme.example"

    async def authorize(self) -> Authorization:
        """Ask for an access token, which ends."""
        form = {"key": self.api_key}
        answer = await ask(Request("POST", "/token", form=form, authorized=False, repeatable=True))
        life = timedelta(seconds=answer.fields["expires_in"])
        return Authorization({"authorization": f"Bearer {answer.fields['token']}"}, life)

    def refusal(self, response: Response) -> ProviderError | None:
        """What Acme documents: an object with `error`."""
        words = response.fields.get("error")
        if not words or response.status >= 500:
            return None
        kind = {401: AuthenticationFailed, 404: GroupNotFound}.get(response.status, Rejected)
        text = f"Acme refused it: {response.quote(words)}"
        return kind(text, status=response.status, code=str(words), raw=response.fields)

    async def create_group(self, members: Sequence[Member], name: str | None) -> Group:
        """Describe it; its first message makes it."""
        return Group.of_members(self.name, self.line, members, name=name, pending=True, topology=Topology.SHARED_THREAD)

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """By id, or by numbers where there is none yet."""
        where: dict[str, Any] = (
            {"to": [str(address) for address in group.addresses], "name": group.name}
            if group.is_member_set
            else {"group": group.id}
        )
        answer = await ask(Request("POST", "/messages", json=where | self._body(message, token)))
        members = tuple(Member(number) for number in answer.fields["to"])
        became = attrs.evolve(
            group, id=answer.fields["group"], members=members, pending=False, name_pending=False, channel=Channel.RCS
        )
        return GroupReceipt(id=answer.fields["id"], status=Status.ACCEPTED, group=became, raw=answer.fields)

    async def send_direct(self, to: Address, message: Message, token: str) -> Receipt:
        """To one number."""
        body = {"to": [str(to)]} | self._body(message, token)
        answer = await ask(Request("POST", "/messages", json=body))
        return Receipt(id=answer.fields["id"], status=Status.ACCEPTED, raw=answer.fields)

    async def get_group(self, group: Group) -> Group:
        """Read name and members."""
        answer = await ask(Request("GET", f"/groups/{group.id}", repeatable=True))
        return self._group(answer.fields)

    async def list_groups(self, cursor: str | None = None) -> Page[Group]:
        """Two a page."""
        params = {} if cursor is None else {"after": cursor}
        answer = await ask(Request("GET", "/groups", params=params, repeatable=True))
        return Page(tuple(map(self._group, answer.fields["items"])), answer.fields["next"])

    async def add_members(self, group: Group, members: Sequence[Member]) -> Group:
        """All at once."""
        return await self._change(group, {"add": [str(member) for member in members]})

    @graded(PARTIAL("groups of three or more, our line included", BIG))
    async def remove_members(self, group: Group, members: Sequence[Member]) -> Group:
        """All at once."""
        return await self._change(group, {"remove": [str(member) for member in members]})

    async def rename_group(self, group: Group, name: str) -> Group:
        """Set the name."""
        return await self._change(group, {"name": name})

    async def delete_group(self, group: Group) -> None:
        """Remove it."""
        await ask(Request("DELETE", f"/groups/{group.id}", repeatable=True, answer="anything"))

    async def get_status(self, message_id: str) -> tuple[StatusChanged, ...]:
        """One for each recipient."""
        answer = await ask(Request("GET", f"/messages/{message_id}", repeatable=True))
        return tuple(
            StatusChanged(
                key=f"{message_id}/{number}",
                at=datetime.now(UTC),
                message_id=message_id,
                status=Status(status),
                recipient=PhoneNumber(number),
                raw=answer.fields,
            )
            for number, status in answer.fields["statuses"].items()
        )

    async def find_sent(self, attempt: Attempt, known: Collection[str]) -> Sighting:
        """By our token."""
        answer = await ask(Request("GET", "/messages", params={"token": attempt.token}, repeatable=True))
        for row in answer.fields["items"]:
            if row["id"] in known:
                continue
            if attempt.group is None:
                return Found(Receipt(id=row["id"], status=Status.ACCEPTED), Proof.TOKEN)
            became = attrs.evolve(attempt.group, id=row["group"], pending=False)
            return Found(GroupReceipt(id=row["id"], status=Status.ACCEPTED, group=became), Proof.TOKEN)
        return Absent()

    def _body(self, message: Message, token: str) -> dict[str, Any]:
        return {
            **message.extras.get(self.name, {}),
            "text": message.text,
            "media": [media.url for media in message.media],
            "effect": message.effect,
            "token": token,
        }

    async def _change(self, group: Group, change: dict[str, Any]) -> Group:
        answer = await ask(Request("PATCH", f"/groups/{group.id}", json=change, repeatable=True))
        return self._group(answer.fields)

    def _group(self, fields: Any) -> Group:
        return Group(
            self.name,
            self.line,
            fields["id"],
            tuple(Member(parse_address(number)) for number in fields["members"]),
            fields["name"],
            topology=Topology.SHARED_THREAD,
            channel=Channel.RCS,
        )


@hookimpl
def groupmessenger_provider() -> type[GroupMessenger]:
    """This module is the plugin as well."""
    return AcmeMessenger


Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def says(status: int, **fields: Any) -> Answer:
    """An answer in JSON, made anew for each call."""
    return lambda request: httpx.Response(status, json=fields, request=request)


class Vendor:
    """Acme itself, answering an httpx transport. `seen` are the calls; `next` are answers to give before its own."""

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause
        self.groups: dict[str, dict[str, Any]] = {}
        self.messages: list[dict[str, Any]] = []
        self.seen: list[str] = []
        self.tokens: list[str] = []
        self.revoked: set[str] = set()
        self.lifetime = 3600.0
        self._next: dict[str, list[Answer]] = {}
        self._lock = threading.Lock()

    def answer(self, call: str, *answers: Answer) -> None:
        """Give these to the next calls of this kind (`POST /messages`), then its own again."""
        self._next.setdefault(call, []).extend(answers)

    @property
    def texts(self) -> list[str]:
        """The texts it has accepted."""
        return [message["text"] for message in self.messages]

    def transport(self) -> httpx.MockTransport:
        """For the blocking client."""

        def handle(request: httpx.Request) -> httpx.Response:
            threading.Event().wait(self.pause)
            return self(request)

        return httpx.MockTransport(handle)

    def async_transport(self) -> httpx.MockTransport:
        """For the async client."""

        async def handle(request: httpx.Request) -> httpx.Response:
            await anyio.sleep(self.pause)
            return self(request)

        return httpx.MockTransport(handle)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            path = request.url.path
            call = f"{request.method} /{path.split('/')[1]}"
            self.seen.append(call)
            if waiting := self._next.get(call):
                answer = waiting.pop(0)
                if isinstance(answer, Exception):
                    raise answer
                return answer if isinstance(answer, httpx.Response) else answer(request)
            return self._own(request, call, path.rpartition("/")[2])

    def accept(self, request: httpx.Request) -> httpx.Response:
        """Do what is asked, for answers that then get lost: `vendor.answer(..., vendor.lose)`."""
        path = request.url.path
        return self._own(request, f"{request.method} /{path.split('/')[1]}", path.rpartition("/")[2])

    def lose(self, request: httpx.Request) -> httpx.Response:
        """Do it, and lose the answer."""
        self.accept(request)
        raise httpx.ReadError("lost", request=request)

    def _own(self, request: httpx.Request, call: str, last: str) -> httpx.Response:
        if call == "POST /token":
            if dict(parse_qsl(request.content.decode()))["key"] != SECRET:
                return httpx.Response(401, json={"error": "no such key"})
            self.tokens.append(f"access-{len(self.tokens) + 1}")
            return httpx.Response(200, json={"token": self.tokens[-1], "expires_in": self.lifetime})
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens or token in self.revoked:
            return httpx.Response(401, json={"error": "this token is not known"})
        if call == "POST /messages":
            return self._message(json.loads(request.content))
        if call == "GET /messages" and "token" in request.url.params:
            token = request.url.params["token"]
            rows = [message for message in self.messages if message["token"] == token]
            return httpx.Response(200, json={"items": rows})
        if call == "GET /messages":
            (message,) = (each for each in self.messages if each["id"] == last)
            return httpx.Response(200, json={"statuses": dict.fromkeys(message["to"], "delivered")})
        if call == "GET /groups" and last == "groups":
            ids = sorted(self.groups)
            start = int(request.url.params.get("after", "0"))
            following = str(start + 2) if start + 2 < len(ids) else None
            return httpx.Response(
                200, json={"items": [self.groups[each] for each in ids[start : start + 2]], "next": following}
            )
        if last not in self.groups:
            return httpx.Response(404, json={"error": "no such group"})
        if call == "DELETE /groups":
            del self.groups[last]
            return httpx.Response(204)
        if call == "PATCH /groups":
            change = json.loads(request.content)
            group = self.groups[last]
            group["members"] += change.get("add", [])
            group["members"] = [number for number in group["members"] if number not in change.get("remove", [])]
            group["name"] = change.get("name", group["name"])
        return httpx.Response(200, json=self.groups[last])

    def _message(self, body: dict[str, Any]) -> httpx.Response:
        if "group" in body:
            if body["group"] not in self.groups:
                return httpx.Response(404, json={"error": "no such group"})
            group = body["group"]
            to = self.groups[group]["members"]
        else:
            to = body["to"]
            group = self.open(to, body.get("name")) if len(to) > 1 else ""
        message = {**body, "id": f"m{len(self.messages) + 1}", "group": group, "to": list(to)}
        self.messages.append(message)
        return httpx.Response(200, json=message)

    def open(self, members: Iterable[str], name: str | None = None) -> str:
        """Make a group, a new one every time."""
        group = f"g{len(self.groups) + 1}"
        self.groups[group] = {"id": group, "members": list(members), "name": name}
        return group


WAYS = ("blocking", "asyncio", "trio")


class World:
    """One of the three ways to use a client, called the same: `client.send(...)` runs to its end."""

    def __init__(self, way: str, stack: ExitStack) -> None:
        self.way = way
        self._stack = stack
        self._portal = None if way == "blocking" else stack.enter_context(anyio.from_thread.start_blocking_portal(way))

    def connect(self, vendor: Vendor, messenger: GroupMessenger | None = None, **options: Any) -> Any:
        """Give a client of the vendor, closed at the end."""
        messenger = messenger or AcmeMessenger(line=LINE, api_key=SECRET)
        options.setdefault("patience", 5)
        if self._portal is None:
            return self._stack.enter_context(Client(messenger, http=vendor.transport(), **options))

        async def make() -> AsyncClient:
            return AsyncClient(messenger, http=vendor.async_transport(), **options)

        client = self._portal.call(make)
        self._stack.callback(lambda: self._portal and self._portal.call(client.aclose))
        return Called(client, self._portal)


class Called:
    """An async client whose methods are called from outside its loop."""

    def __init__(self, client: AsyncClient, portal: anyio.from_thread.BlockingPortal) -> None:
        self._client = client
        self._portal = portal

    def __repr__(self) -> str:
        return repr(self._client)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._client, {"close": "aclose"}.get(name, name))
        if not callable(value):
            return value

        def call(*arguments: Any, **keywords: Any) -> Any:
            async def run() -> Any:
                result = value(*arguments, **keywords)
                return await result if hasattr(result, "__await__") else result

            result = self._portal.call(run)
            return self._iterate(result) if isinstance(result, AsyncIterator) else result

        return call

    def _iterate(self, items: AsyncIterator[Any]) -> Iterator[Any]:
        while True:
            try:
                yield self._portal.call(items.__anext__)
            except StopAsyncIteration:
                return


@contextmanager
def world(way: str) -> Iterator[World]:
    """A way to use a client, with everything it opened closed at the end."""
    with ExitStack() as stack:
        yield World(way, stack)
