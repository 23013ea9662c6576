"""Secrets, numbers and texts: nowhere but where they have to be."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest

from ...errors import GroupMessengerError
from ...events import MessageReceived
from ...fields import settings_of
from ...flags import Operation
from ...flow import Request, Response
from ...messages import Message
from .base import PICTURE, TEXT, Part
from .declared import OF_HTTP, secrets_of
from .stage import Stage
from .verdict import answer
from .wire import LOST


class Privacy(Part):
    """What is shown, logged and said has none of it; credentials go where they belong."""

    def test_nothing_private_is_shown_or_logged(
        self, stage: Stage, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """`repr` of everything that is handed out, the log at DEBUG, the texts of errors, the screen."""
        caplog.set_level(logging.DEBUG)
        shown: list[object] = [stage.messenger, stage.client, *stage.client.check()]
        receipt = self.open_group(stage)
        shown += [receipt, receipt.group, Message(TEXT)]
        if self.can(stage, Operation.SEND_DIRECT):
            shown.append(stage.client.send_direct(stage.people(1)[0], TEXT))
        for done in (True, False):
            stage.wire.strike(LOST, done=done)
            shown += self._said(lambda: stage.client.send(receipt.group, TEXT))
        stage.clock.advance(3600)
        shown += stage.attempts
        shown += [stage.client.find_sent(each) for each in stage.attempts]
        heard = self.hears(stage)
        for person in receipt.group.addresses if heard else ():
            phone = stage.network.phones[str(person)]
            phone.send(TEXT, thread=phone.threads[0].id)
        for callback in stage.heard() if heard else ():
            shown += [callback, *stage.messenger.receive(callback)]
        self._check(stage, [repr(each) for each in shown])
        self._check(stage, [record.getMessage() for record in caplog.records])
        self._check(stage, [*capsys.readouterr()], "printed")

    def test_an_error_does_not_repeat_what_was_sent(self, stage: Stage) -> None:
        """A vendor that quotes the request in its refusal is not quoted with it."""
        group = self.open_group(stage).group
        private = " ".join([TEXT, *(str(each) for each in group.addresses)])
        proof = {name.lower() for name in stage.run(stage.messenger.authorize()).headers} - OF_HTTP
        for row in self.verdicts:
            for status in row.errors:
                for number in range(len(list(_echoing(row.body, "")))):
                    echo = partial(_echo, status, row.body, number, private, proof)
                    for _ in range(3):
                        stage.wire.strike(echo)
                    said = [f"{each} {each!r}" for each in self._said(lambda: stage.client.send(group, TEXT))]
                    stage.wire.clear()
                    self._check(stage, said)
                    for credential in _credentials(stage.wire.sent[-1].headers, proof):
                        assert credential not in "".join(said), (
                            "a credential is in an error: quote the vendor with response.quote(), which takes it out"
                        )

    def test_credentials_are_in_no_address(self, stage: Stage) -> None:
        """URLs are logged, by proxies and by vendors."""
        self.open_group(stage)
        stage.client.check()
        for sent in stage.wire.sent:
            for secret in secrets_of(stage):
                assert secret not in sent.url, "a secret is in a URL"

    def test_credentials_go_where_the_settings_lead_alone(self, stage: Stage) -> None:
        """Each request that bears one is below a URL of the settings."""
        self.open_group(stage)
        stage.client.check()
        urls = [str(getattr(stage.messenger, name)) for name in settings_of(self.messenger) if name.endswith("url")]
        own = {urlsplit(url).netloc for url in urls if "://" in url}
        for sent in stage.wire.sent:
            told = f"{sent.headers}{sent.body!r}"
            if any(secret in told for secret in secrets_of(stage)):
                assert urlsplit(sent.url).netloc in own, "a credential went to a host that no setting names"

    def test_a_file_elsewhere_gets_no_credentials(self, stage: Stage) -> None:
        """`stored` is for the vendor's own host: not for what merely begins like it."""
        base = urlsplit(stage.messenger.base_url)
        host, path = base.netloc, base.path
        paths = (path + "/media/a.jpg", path + "/users/1/media/a.jpg", "/a.jpg", *self._files(stage, host))
        strangers = (
            f"{host}.evil.example",
            f"evil{host}",
            f"{host}@evil.example",
            f"evil.example/{host}",
            f"{host}:444",
        )
        for place in strangers:
            for each in paths:
                request = stage.messenger.stored(f"https://{place}{each}")
                assert request is None or not request.authorized, "credentials go along to another host"
        for each in paths:
            request = stage.messenger.stored(f"http://{host}{each}")
            assert request is None or not request.authorized, "credentials go along without TLS"

    def _files(self, stage: Stage, host: str) -> Iterator[str]:
        """Where the vendor keeps files of ours, and of people's messages."""
        urls = []
        if self.can(stage, Operation.UPLOAD):
            urls.append(stage.run(stage.messenger.upload("cake.jpg", b"a picture", "image/jpeg")).url)
        if self.hears(stage):
            (person,) = stage.people(1)
            stage.network.phones[person].send(TEXT, to=stage.messenger.line, media=[PICTURE])
            events = [event for callback in stage.heard() for event in stage.messenger.receive(callback)]
            urls += [each.url for event in events if isinstance(event, MessageReceived) for each in event.media]
        for url in urls:
            parts = urlsplit(url)
            if parts.netloc == host:
                yield parts.path

    def _said(self, call: Any) -> Iterator[GroupMessengerError]:
        try:
            call()
        except GroupMessengerError as error:
            yield error

    def _check(self, stage: Stage, texts: list[str], what: str = "shown, logged, or in an error") -> None:
        numbers = [phone.number.removeprefix("+1") for phone in stage.network.phones]
        for private in (*secrets_of(stage), TEXT, *numbers, stage.messenger.line.removeprefix("+1")):
            for text in texts:
                assert private not in text, (
                    f"a secret, a number or a text is {what}: keep it out of repr, log and words; mask() shows a number"
                )


def _echoing(body: Any, words: str) -> Iterator[Any]:
    """A body with these words in the place of each of its texts."""
    if isinstance(body, dict):
        for key, value in body.items():
            if isinstance(value, str):
                yield body | {key: words}
            else:
                yield from (body | {key: each} for each in _echoing(value, words))
    elif isinstance(body, list) and body:
        yield from ([each, *body[1:]] for each in _echoing(body[0], words))
    elif isinstance(body, bytes):
        yield body.replace(b"</", f" {words}</".encode(), 1) if b"</" in body else body + f" {words}".encode()


def _credentials(headers: Mapping[str, str], proof: Collection[str]) -> list[str]:
    """What proves who we are, without its scheme."""
    told = {name.lower(): value for name, value in headers.items()}
    return [told[name].split()[-1] for name in proof if name in told]


def _echo(status: int, body: Any, number: int, private: str, proof: Collection[str], request: Request) -> Response:
    """An answer that quotes the request in one of its texts, credentials and all."""
    words = " ".join([*_credentials(request.headers, proof), private])
    return answer(status, list(_echoing(body, words))[number])
