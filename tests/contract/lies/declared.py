"""Lies in what an adapter declares."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

import attrs
from contract.lie import flagged, lie, limited
from groupmessenger_bandwidth import BandwidthMessenger
from groupmessenger_messagebird import MessageBirdMessenger
from groupmessenger_sendblue import SendblueMessenger

from groupmessenger.provider import (
    Authorization,
    Creation,
    Feature,
    Finding,
    Flag,
    Grade,
    Level,
    LimitName,
    Lookup,
    Merges,
    Receipts,
    Request,
    setting,
)


@lie("bandwidth", test_every_limit_has_a_source="has no source")
class ALimitWithoutASource(BandwidthMessenger):
    """Somebody remembers the number; nobody knows from where."""

    capabilities = limited(BandwidthMessenger, LimitName.TEXT, source=" ")


@lie("sendblue", test_every_limit_has_a_source="when it was looked up")
class ALimitThatWasNeverLookedUp(SendblueMessenger):
    """The day on which the page was read is not noted, so that nobody knows how old the number is."""

    capabilities = limited(SendblueMessenger, LimitName.MEDIA, checked=None)


@lie("bandwidth", test_every_limit_has_a_source="what is certain is past")
class ACertainLimitPastTheProbableOne(BandwidthMessenger):
    """`certain` and `value` are the wrong way round."""

    capabilities = limited(BandwidthMessenger, LimitName.RECIPIENTS, certain=10, value=9)


@lie("messagebird", test_it_limits_recipients="how many people")
class NoLimitOfPeople(MessageBirdMessenger):
    """That a number is not published is taken for there being no limit, and nothing is said."""

    capabilities = attrs.evolve(
        MessageBirdMessenger.capabilities,
        limits=tuple(each for each in MessageBirdMessenger.capabilities.limits if "recipients" not in each.name),
    )


@lie("bandwidth", test_what_is_less_than_native_says_why="does not say why")
class AFlagWithoutANote(BandwidthMessenger):
    """What works in part only, and nobody says in which."""

    capabilities = flagged(BandwidthMessenger, Feature.PRIORITY, Flag(Grade.PARTIAL, ""))


@lie("bandwidth", test_what_is_less_than_native_says_why="cannot be dropped")
class PicturesAreDropped(BandwidthMessenger):
    """A message goes out without its picture, which changes what was said."""

    capabilities = flagged(BandwidthMessenger, Feature.MEDIA, Flag(Grade.DROPPED, "left out"))


@lie("bandwidth", test_the_fields_agree_with_each_other="the same people are the same group")
class ASetThatDoesNotMerge(BandwidthMessenger):
    """Groups that are their members are said to be other groups when they are made again."""

    capabilities = attrs.evolve(BandwidthMessenger.capabilities, merges=Merges.NEVER)


@lie("messagebird", test_the_fields_agree_with_each_other="nobody the others")
class PrivateCopiesThatShowNumbers(MessageBirdMessenger):
    """A broadcast is said to show everybody's number."""

    capabilities = attrs.evolve(MessageBirdMessenger.capabilities, exposes_numbers=True)


@lie("sendblue", test_the_fields_agree_with_each_other="lookup and find_sent")
class ALookupThatIsNotDeclared(SendblueMessenger):
    """`find_sent` is there, and the capabilities say that nothing can be looked for."""

    capabilities = attrs.evolve(SendblueMessenger.capabilities, lookup=Lookup.NONE)


@lie("bandwidth", test_the_fields_agree_with_each_other="no statuses")
class AnEndWithoutStatuses(BandwidthMessenger):
    """There are no statuses, and all the same a time after which one is final."""

    capabilities = attrs.evolve(BandwidthMessenger.capabilities, receipts=Receipts.NONE)


@lie("bandwidth", test_it_does_what_its_flag_says="creation says something else")
class ACallThatIsNotMade(BandwidthMessenger):
    """Groups are said to be made by a call, and there is none."""

    capabilities = attrs.evolve(BandwidthMessenger.capabilities, creation=Creation.EXPLICIT)


@lie("sendblue", test_the_line_it_is_paced_by_is_a_setting="no such setting")
class APaceOfNothing(SendblueMessenger):
    """The setting that the pace is counted by was renamed, and `paced` was not."""

    paced = "account"


@lie("messagebird", test_the_names_agree="title")
class NoTitle(MessageBirdMessenger):
    """There is no name for people to read."""

    title = ""


@lie("sendblue", test_credentials_go_to_declared_hosts_alone="none of the declared hosts")
@attrs.frozen
class ADefaultOfAnotherHost(SendblueMessenger):
    """The address of somebody's proxy was left in."""

    base_url: str = setting("where the API is", default="https://api.sendblue.example.net")


@lie("bandwidth", test_credentials_go_to_declared_hosts_alone="no https URL")
@attrs.frozen
class TokensWithoutTls(BandwidthMessenger):
    """The address of tokens is an http one."""

    token_url: str = setting("where tokens are", default="http://api.bandwidth.com/api/v1/oauth2/token")


@lie("messagebird", test_every_setting_says_what_it_is="settings without words: region_code")
@attrs.frozen
class ASettingWithoutWords(MessageBirdMessenger):
    """A setting is a bare field, of which files and errors can say nothing."""

    region_code: str = attrs.field(default="")


@lie("messagebird", test_every_secret_is_declared_as_one="secret()")
@attrs.frozen
class AKeyThatIsShown(MessageBirdMessenger):
    """What authorizes is a setting like any other: whoever prints the connection prints it."""

    access_key: str = setting("a live access key", kw_only=True)


@lie("bandwidth", test_every_secret_is_declared_as_one="secret()")
@attrs.frozen
class APasswordThatIsShown(BandwidthMessenger):
    """The same, where it goes to another address than the messages, and in base64."""

    client_secret: str | None = setting("of an OAuth2 client", default=None)


@lie("sendblue", test_a_check_texts_nobody="texts somebody")
class ACheckThatTexts(SendblueMessenger):
    """The harmless question is a message to somebody."""

    def probe(self) -> Request:
        """Send a text, marked as a question that may be asked again."""
        body = {"number": "+13125550142", "from_number": self.line, "content": "test"}
        return Request("POST", "/api/send-message", json=body, repeatable=True)


@lie("bandwidth", test_a_check_texts_nobody="changes nothing")
class ACheckThatStores(BandwidthMessenger):
    """The harmless question leaves a file behind."""

    def probe(self) -> Request:
        """Put a file."""
        path = f"/users/{self.account_id}/media/probe.txt"
        return Request("PUT", path, content=b"x", repeatable=True, answer="anything")


@lie("sendblue", test_a_check_finds_wrong_credentials="nobody notices")
class CredentialsOfTheFirst(SendblueMessenger):
    """What authorizes is kept for all connections: the next one goes out with the keys of the first."""

    _kept: ClassVar[list[Authorization]] = []

    async def authorize(self) -> Authorization:
        """Once."""
        if not self._kept:
            self._kept.append(await super().authorize())
        return self._kept[0]


@lie("messagebird", test_a_check_texts_nobody="finds a fault")
class AdviceThatCriesWolf(MessageBirdMessenger):
    """A good connection is said to be at fault."""

    def advice(self, now: datetime) -> Iterable[Finding]:
        """A fault."""
        return (Finding(Level.FAULT, "nothing in particular"),)
