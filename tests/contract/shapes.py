"""Adapters of shapes that no shipped one has, each before its stand-in: honest ones, which the contract lets pass."""

from __future__ import annotations

import base64
import hmac
import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote

import attrs

import groupmessenger.provider as gp
from groupmessenger.provider import Feature, LimitName, Status, Unit
from groupmessenger.sandbox import Answer, Call, Clock, Face, Inbound, Network, Outgoing, Route, Talk
from groupmessenger.sandbox.phones import Thread

LINE, KEY = "+13125550190", "the-key-of-the-sandbox"
REFUSED: dict[int, type[gp.ProviderError]] = {400: gp.Rejected, 401: gp.AuthenticationFailed, 404: gp.GroupNotFound}
REPEATABLE = partial(gp.Request, repeatable=True)


def limit(name: LimitName, value: int | None, unit: Unit = Unit.PEOPLE, **more: Any) -> gp.Limit:
    told = {"source": "the papers", "confidence": gp.Confidence.HIGH, "checked": date(2026, 11, 22), **more}
    return gp.Limit(name=name, value=value, unit=unit, **told)


def refused(status: int) -> Answer:
    return Answer(status, {"error": "refused"})


class Shape(gp.GroupMessenger):
    capabilities = gp.Capabilities(
        topology=gp.Topology.SHARED_THREAD,
        identity=gp.Identity.MEMBER_SET,
        merges=gp.Merges.ALWAYS,
        creation=gp.Creation.IMPLICIT,
        receipts=gp.Receipts.NONE,
        evidence=gp.Evidence.CARRIER,
        lookup=gp.Lookup.NONE,
        channels=(gp.Channel.MMS,),
        exposes_numbers=True,
        billing=gp.Billing.UNKNOWN,
        opt_out=gp.OptOut.NOBODY,
        limits=(limit(LimitName.RECIPIENTS, 9), limit(LimitName.MIN_RECIPIENTS, 1, bound=gp.Bound.MIN)),
    )

    def refusal(self, response: gp.Response) -> gp.ProviderError | None:
        if response.status not in REFUSED or not isinstance(response.fields.get("error"), str):
            return None
        said = f"refused: {response.quote(response.fields['error'])}"
        return REFUSED[response.status](said, status=response.status)


class ShapeFace(Face):
    def __init__(self, network: Network, clock: Clock, doubts: Mapping[str, Any]) -> None:
        super().__init__(network, clock, doubts)
        self.ids = itertools.count(1)
        self.threads: dict[str, Thread] = {}
        self.rows: list[list[str]] = []
        self.keys: defaultdict[str, list[str]] = defaultdict(list)
        network.attach(LINE, self.hear)
        network.attach("SHOP", lambda inbound: None)

    def hear(self, inbound: Inbound) -> None: ...

    def settings(self, base_url: str) -> dict[str, Any]:
        return {"line": LINE, "key": KEY, "base_url": base_url, "settle_after": 0}


# Copies, answered by 202 and no more: tokens that end, a list for a body, a callback's secret in its URL


@attrs.frozen
class QuietMessenger(Shape):
    name, title, reserved = "quiet", "Quiet", frozenset({"to", "from", "text", "tag"})
    capabilities = attrs.evolve(
        Shape.capabilities,
        topology=gp.Topology.BROADCAST,
        exposes_numbers=False,
        flags={Feature.PRIORITY: gp.DROPPED("taken, and left out")},
        limits=(*Shape.capabilities.limits, limit(LimitName.TEXT, 401, Unit.BYTES)),
    )
    line: str = gp.setting("your number or name", repr=False)
    key: str = gp.secret("the key")
    callback_keys: tuple[str, ...] = gp.secrets("what callbacks have in their URL")
    base_url: str = gp.setting("where the API is", default="https://api.example.com")

    def own_capabilities(self) -> gp.Capabilities:
        return attrs.evolve(self.capabilities, two_way=self.line.startswith("+"))

    async def authorize(self) -> gp.Authorization:
        row = (await gp.ask(REPEATABLE("POST", "/token", form={"secret": self.key}, authorized=False))).fields
        return gp.Authorization({"authorization": f"Bearer {row['token']}"}, timedelta(minutes=10))

    async def create_group(self, members: Sequence[gp.Member], name: str | None) -> gp.Group:
        return gp.Group.of_members("quiet", self.line, members, pending=False, topology=gp.Topology.BROADCAST)

    async def send(self, group: gp.Group, message: gp.Message, token: str) -> gp.GroupReceipt:
        ours = {"to": [*map(str, group.addresses)], "from": self.line, "text": message.text, "tag": token}
        body = json.dumps([{**message.extras.get("quiet", {}), **ours}]).encode()
        kind = {"content-type": "application/json"}
        answer = await gp.ask(gp.Request("POST", "/texts", content=body, headers=kind, answer="anything"))
        if answer.status != 202 or answer.content:
            raise gp.OutcomeUnknown("it did not say 202, and no more")
        without = (gp.Degradation("id", "the vendor gives none"),)
        return gp.GroupReceipt(id="", status=Status.ACCEPTED, group=group, degradations=without)

    def verify(self, callback: gp.Callback) -> gp.Verified:
        told = dict(callback.query).get("key", "").encode()
        if not any(hmac.compare_digest(told, each.encode()) for each in self.callback_keys):
            raise gp.InvalidSignature("the key of its URL is none of callback_keys")
        return gp.Verified()

    def parse(self, callback: gp.Callback, verified: gp.Verified) -> Iterator[gp.Event]:
        match callback.data:
            case {"id": int(id), "from": str(sender), "text": str(text)}:
                told: dict[str, Any] = {"sender": gp.OpaqueAddress(sender), "text": text, "line": self.line}
                yield gp.MessageReceived(key=f"in/{id}", at=None, id=str(id), raw=callback.data, **told)
            case {"kind": str()}:
                yield gp.Unrecognized(key="other", at=None, kind="other", raw=callback.data)
            case _:
                raise gp.MalformedWebhook("it is in no shape that is documented")


class QuietFace(ShapeFace):
    name = "quiet"

    def settings(self, base_url: str) -> dict[str, Any]:
        return super().settings(base_url) | {"callback_keys": ["the-key-of-callbacks"]}

    def routes(self) -> Iterable[Route]:
        return [Route("POST", "/token", "token", self.token), Route("POST", "/texts", "send", self.send)]

    def token(self, call: Call) -> Answer:
        return Answer(200, {"token": f"{self.clock.now():%j%H%M%S}"}) if KEY in call.body.decode() else refused(401)

    def send(self, call: Call) -> Answer:
        (row,) = call.json
        token = call.headers["authorization"].removeprefix("Bearer ")
        if not f"{self.clock.now() - timedelta(minutes=10):%j%H%M%S}" < token:
            return refused(401)
        if len(row["to"]) > 9 or len(row["text"].encode()) > 401:
            return refused(400)
        for number in row["to"]:
            self.network.post(self.network.thread({row["from"], number}), row["from"], row["text"])
        return Answer(202)

    def hear(self, inbound: Inbound) -> None:
        row = {"id": next(self.ids), "from": inbound.sender, "text": inbound.text}
        self.network.callbacks.call("quiet", "message", partial(self.talk, json.dumps(row).encode()))

    def talk(self, body: bytes) -> Talk:
        url, kind = f"{self.callback_url}?key=the-key-of-callbacks", {"content-type": "application/json"}
        return (yield Outgoing("POST", url, kind, body)).ok


# Rooms with ids, made by several forms; texts bear a key, by which they may be repeated and found; answers are polled


@attrs.frozen
class RoomsMessenger(Shape):
    name, title, reserved = "rooms", "Rooms", frozenset({"text", "key", "urgent"})
    capabilities = attrs.evolve(
        Shape.capabilities,
        identity=gp.Identity.PROVIDER_ID,
        merges=gp.Merges.NEVER,
        creation=gp.Creation.EXPLICIT,
        lookup=gp.Lookup.TOKEN,
        flags={Feature.PRIORITY: gp.NATIVE},
        limits=(
            limit(LimitName.RECIPIENTS, 9),
            limit(LimitName.MIN_RECIPIENTS, 2, bound=gp.Bound.MIN),
        ),
    )
    line: str = gp.own_number("your number")
    key: str = gp.secret("the key")
    account: str = gp.setting("your account", default="AC0123456789")
    base_url: str = gp.setting("where the API is", default="https://api.example.com")

    async def authorize(self) -> gp.Authorization:
        pair = base64.b64encode(f"{self.account}:{self.key}".encode()).decode()
        return gp.Authorization({"authorization": f"Basic {pair}"})

    def probe(self) -> gp.Request:
        return REPEATABLE("POST", self._at("search"), form={"key": "none"})

    async def create_group(self, members: Sequence[gp.Member], name: str | None) -> gp.Group:
        made = await gp.ask(gp.Request("POST", self._at(""), form={}))
        return await self._with(made.fields["id"], (), members)

    @gp.graded(gp.PARTIAL("from three people up", gp.Condition(gp.Fact.TOTAL_MEMBERS, gp.Op.AT_LEAST, 3)))
    async def add_members(self, group: gp.Group, members: Sequence[gp.Member]) -> gp.Group:
        return await self._with(group.id, group.members or (), members)

    async def _with(self, id: str, old: Iterable[gp.Member], new: Sequence[gp.Member]) -> gp.Group:
        done = await gp.together([self._add(id, each) for each in new])
        failed = {who: each.error for who, each in zip(new, done, strict=True) if isinstance(each, gp.Failed)}
        group = self._group(id, dict.fromkeys((*old, *(each for each in new if each not in failed))))
        if failed:
            raise gp.PartialFailure.naming("added", group=group, asked=new, failed=failed)
        return group

    async def _add(self, id: str, member: gp.Member) -> None:
        await gp.ask(gp.Request("POST", self._at(id, "members"), form={"address": str(member.address)}))

    async def send(self, group: gp.Group, message: gp.Message, token: str) -> gp.GroupReceipt:
        form = {**message.extras.get("rooms", {}), "text": message.text, "key": token}
        if message.priority is not None:
            form["urgent"] = "1"
        told = await gp.ask(REPEATABLE("POST", self._at(group.id, "texts"), form=form))
        return gp.GroupReceipt(id=told.fields["id"], status=Status.ACCEPTED, group=group)

    async def find_sent(self, attempt: gp.Attempt, known: Collection[str]) -> gp.Sighting:
        assert attempt.group is not None
        try:
            told = (await gp.ask(REPEATABLE("POST", self._at("search"), form={"key": attempt.token}))).fields
        except (gp.NotReached, gp.ProviderError, gp.OutcomeUnknown):
            return gp.CannotTell("the look failed", again=True)
        match told:
            case {"found": [str(id)]}:
                found = gp.GroupReceipt(id=id, status=Status.ACCEPTED, group=attempt.group, token=attempt.token)
                return gp.Found(found, gp.Proof.TOKEN)
            case {"found": []}:
                return gp.Absent()
        return gp.CannotTell("it is in another shape", again=True)

    async def received_since(self, since: datetime, cursor: str | None = None) -> gp.Page[gp.Event]:
        match (await gp.ask(REPEATABLE("GET", self._at("inbox"), params={"after": cursor or "0"}))).fields:
            case {"rows": [*rows], "next": str() | None as more}:
                return gp.Page(tuple(self._received(*row) for row in rows), more)
        raise gp.UnexpectedAnswer("the list is in another shape")

    def _received(self, id: str, room: str, sender: str, text: str, at: str) -> gp.MessageReceived:
        told: dict[str, Any] = {"group": self._group(room) if room else None, "sender": gp.PhoneNumber(sender)}
        return gp.MessageReceived(key=f"in/{id}", at=gp.moment(at), id=id, line=self.line, text=text, raw=None, **told)

    def _at(self, *parts: str) -> str:
        return "/".join(("", self.account, *(quote(each, safe="") for each in parts)))

    def _group(self, id: str, members: Iterable[gp.Member] | None = None) -> gp.Group:
        known = None if members is None else tuple(members)
        return gp.Group("rooms", self.line, id, known, topology=gp.Topology.SHARED_THREAD)


class RoomsFace(ShapeFace):
    name = "rooms"

    def routes(self) -> Iterable[Route]:
        served: list[tuple[str, str, str, Callable[[Call, dict[str, str]], Answer]]] = [
            ("POST", "/", "create", self.create),
            ("POST", "/search", "find", lambda call, form: Answer(200, {"found": self.keys[form["key"]]})),
            ("GET", "/inbox", "inbox", self.inbox),
            ("POST", "/{id}/members", "add", self.add),
            ("POST", "/{id}/texts", "send", self.send),
        ]
        return [Route(verb, f"/AC0123456789{path}", name, partial(self.known, do)) for verb, path, name, do in served]

    def known(self, do: Callable[[Call, dict[str, str]], Answer], call: Call) -> Answer:
        pair = base64.b64encode(f"AC0123456789:{KEY}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {pair}":
            return refused(401)
        return do(call, dict(parse_qsl(call.body.decode())))

    def create(self, call: Call, form: dict[str, str]) -> Answer:
        self.threads[room := f"r{next(self.ids)}"] = self.network.apple_group({LINE})
        return Answer(201, {"id": room})

    def add(self, call: Call, form: dict[str, str]) -> Answer:
        members = self.threads[call.parameters["id"]].participants
        if len(members) > 9:
            return refused(400)
        members.add(form["address"])
        return Answer(201, {})

    def send(self, call: Call, form: dict[str, str]) -> Answer:
        if not self.keys[form["key"]]:
            self.keys[form["key"]].append(f"m{next(self.ids)}")
            self.network.post(self.threads[call.parameters["id"]], LINE, form["text"])
        return Answer(200, {"id": self.keys[form["key"]][0]})

    def hear(self, inbound: Inbound) -> None:
        room = next((each for each, thread in self.threads.items() if thread is inbound.thread), "")
        self.rows.append([f"i{next(self.ids)}", room, inbound.sender, inbound.text, inbound.at.isoformat()])

    def inbox(self, call: Call, form: dict[str, str]) -> Answer:
        end = int(call.query["after"]) + 50
        more = str(end) if end < len(self.rows) else None
        return Answer(200, {"rows": self.rows[end - 50 : end], "next": more})
