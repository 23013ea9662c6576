"""Lies about what stays private."""

from __future__ import annotations

import logging

import attrs
from contract.lie import lie
from groupmessenger_bandwidth import BandwidthMessenger
from groupmessenger_messagebird import MessageBirdMessenger
from groupmessenger_sendblue import SendblueMessenger

from groupmessenger.provider import (
    Degradation,
    Group,
    GroupReceipt,
    Message,
    ProviderError,
    Request,
    Response,
)


@lie("messagebird", test_an_error_does_not_repeat_what_was_sent="a secret, a number or a text")
class AKeyInAnError(MessageBirdMessenger):
    """An error says which key was refused, in full."""

    def refusal(self, response: Response) -> ProviderError | None:
        """With the key."""
        found = super().refusal(response)
        return found and type(found)(f"{found}: the key is {self.access_key}", status=response.status)


@lie("sendblue", test_an_error_does_not_repeat_what_was_sent="a secret, a number or a text")
class AnErrorThatQuotes(SendblueMessenger):
    """An error repeats what the vendor says, who repeats the request."""

    def refusal(self, response: Response) -> ProviderError | None:
        """With all that was answered."""
        found = super().refusal(response)
        return found and type(found)(f"{found}: {dict(response.fields)}", status=response.status)


@lie("sendblue", test_nothing_private_is_shown_or_logged="logged")
class ATextInTheLog(SendblueMessenger):
    """What is sent is logged, at DEBUG."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send, and tell."""
        logging.getLogger("groupmessenger_sendblue").debug("sending %s", message.text)
        return await super().send(group, message, token)


@lie("bandwidth", test_nothing_private_is_shown_or_logged="printed")
class ATextOnTheScreen(BandwidthMessenger):
    """What is sent is printed: somebody forgot it there."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send, and print."""
        print(message.text)  # noqa: T201 - the lie
        return await super().send(group, message, token)


@lie("messagebird", test_nothing_private_is_shown_or_logged="shown")
class ANumberInAReceipt(MessageBirdMessenger):
    """A degradation names somebody by their whole number."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send, and say to whom."""
        receipt = await super().send(group, message, token)
        said = Degradation("recipients", f"not yet to {group.addresses[0]}")
        return attrs.evolve(receipt, degradations=(*receipt.degradations, said))


@lie("messagebird", test_credentials_are_in_no_address="in a URL")
class AKeyInTheUrl(MessageBirdMessenger):
    """The key is a parameter of the URL, as old versions of the interface take it."""

    def probe(self) -> Request:
        """With the key."""
        return Request("GET", "/groups", params={"limit": "1", "access_key": self.access_key}, repeatable=True)


@lie("sendblue", test_credentials_go_where_the_settings_lead_alone="that no setting names")
class KeysForSomebodyElse(SendblueMessenger):
    """A question to another host has the keys with it."""

    def probe(self) -> Request:
        """Ask a page of the vendor's status."""
        headers = {"sb-api-key-id": self.api_key_id, "sb-api-secret-key": self.api_secret_key}
        return Request("GET", "https://status.example.com/", headers=headers, authorized=False, repeatable=True)


@lie("bandwidth", test_a_file_elsewhere_gets_no_credentials="to another host")
class AHostThatBeginsLikeIt(BandwidthMessenger):
    """Every URL that begins like the vendor's gets the credentials."""

    def stored(self, url: str) -> Request | None:
        """By its beginning."""
        if not url.startswith(self.base_url):
            return None
        return Request("GET", url.removeprefix(self.base_url), repeatable=True, answer="anything")


@lie("bandwidth", test_a_file_elsewhere_gets_no_credentials="without TLS")
class AFileWithoutTls(BandwidthMessenger):
    """The scheme of a URL is not looked at."""

    def stored(self, url: str) -> Request | None:
        """By its host."""
        return super().stored(url.replace("http://", "https://"))
