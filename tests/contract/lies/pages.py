"""Lies about lists that are longer than a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs
from contract.lie import Patch, lie
from groupmessenger_messagebird import MessageBirdMessenger, paging
from groupmessenger_messagebird import lookup as messagebird_lookup
from groupmessenger_sendblue import SendblueMessenger

from groupmessenger.provider import PARTIAL, Event, Group, Page, graded


@lie("messagebird", test_a_lost_message_is_found_behind_many_others="is Absent")
def the_first_page_alone(patch: Patch) -> None:
    """A lookup reads one page, and takes what is not on it for absent: it is sent again."""

    async def first(path: str, offset: int, params: Mapping[str, str]) -> paging.Rows:
        return attrs.evolve(await paging.page(path, offset, params), next=None, total=None)

    patch.setattr(messagebird_lookup, "page", first)


@lie("sendblue", test_all_that_came_in_is_listed="misses some")
class TheFirstPageOfWhatCameIn(SendblueMessenger):
    """The cursor of the next page is not handed on."""

    @graded(PARTIAL("10,000 messages at a time"))
    async def received_since(self, since: datetime, cursor: str | None = None) -> Page[Event]:
        """One page."""
        return attrs.evolve(await super().received_since(since, cursor), next=None)


@lie("messagebird", test_all_groups_are_listed="misses some")
class TheFirstPageOfGroups(MessageBirdMessenger):
    """The same of groups."""

    async def list_groups(self, cursor: str | None = None) -> Page[Group]:
        """One page."""
        return attrs.evolve(await super().list_groups(cursor), next=None)
