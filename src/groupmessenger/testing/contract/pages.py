"""Lists that are longer than a page of theirs: they are read to the end, and nothing is missed or told twice."""

from __future__ import annotations

from collections.abc import Sequence

from ...capabilities import Lookup, Merges
from ...flags import Operation
from ...messages import Absent
from .base import TEXT, Part
from .losing import lose
from .stage import Stage

MANY = 101  # more than a page of most vendors


class Pages(Part):
    """More than a page of everything that is listed."""

    def test_a_lost_message_is_found_behind_many_others(self, stage: Stage) -> None:
        """A lookup that reads one page says of what is on the next that it never went out."""
        if stage.client.capabilities.lookup not in (Lookup.TOKEN, Lookup.CONTENT):
            return
        group = self.open_group(stage).group
        attempt = lose(stage, group, done=True)
        for number in range(MANY):
            stage.clock.advance(1)
            stage.client.send(group, f"{number} more")
        stage.clock.advance(3600)
        sighting = stage.client.find_sent(attempt)
        assert not isinstance(sighting, Absent), (
            "a message that went out is Absent once many others were sent: read all pages back to attempt.leave_from"
        )

    def test_all_that_came_in_is_listed(self, stage: Stage) -> None:
        """`received_since` from page to page."""
        if not self.can(stage, Operation.RECEIVED_SINCE):
            return
        since = stage.clock.now()
        person = stage.network.phones[str(self.open_group(stage).group.addresses[0])]
        for _ in range(MANY):
            person.send(TEXT, thread=person.threads[0].id)
        stage.heard()
        _check_whole([each.key for each in stage.client.received_since(since)], "received_since")

    def test_all_groups_are_listed(self, stage: Stage) -> None:
        """`list_groups` from page to page."""
        if not self.can(stage, Operation.LIST_GROUPS):
            return
        people = stage.people(self.size(stage))
        for _ in range(MANY):
            if stage.client.capabilities.merges is not Merges.NEVER:
                people = stage.people(len(people))
            stage.client.send(stage.client.create_group(people), TEXT)
        _check_whole([each.id for each in stage.client.list_groups()], "list_groups")


def _check_whole(listed: Sequence[str], what: str) -> None:
    assert len({*listed}) == len(listed), f"{what} tells something twice: pages may not overlap"
    assert len(listed) >= MANY, (
        f"{what} misses some of a long list: give the cursor of the next page until there is none"
    )
