"""What must hold at the end of a run, judged by what phones show and by what the outbox says of each message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import attrs

from groupmessenger.switchboard.outbox.values import OutboxEntry, OutboxState

from .plan import Plan, Planned

_ENDED = (OutboxState.SENT, OutboxState.UNKNOWN, OutboxState.FAILED)


@attrs.frozen
class Shown:
    """A text that a phone shows, in one of its threads, the oldest first."""

    phone: str
    thread: str
    text: str


def is_decided(entry: OutboxEntry) -> bool:
    """Whether nothing becomes of a message any more; of one that is unknown, nobody can tell."""
    return entry.state in _ENDED and (entry.gave_up or entry.state is not OutboxState.UNKNOWN)


def verdict(plan: Plan, entries: Mapping[str, OutboxEntry], shown: Sequence[Shown]) -> list[str]:
    """Everything that does not hold. `entries` are by key."""
    return [*_decided(plan.messages, entries), *_phones(plan, entries, shown)]


def _decided(messages: Iterable[Planned], entries: Mapping[str, OutboxEntry]) -> Iterator[str]:
    """Nothing is lost: each message is sent, or failed with an error, or unknown with its token, and given up."""
    for message in messages:
        entry = entries.get(message.key)
        if entry is None:
            yield f"{message.key} is not in the outbox"
        elif not is_decided(entry):
            yield f"{message.key} is {entry.state} in the end"
        elif entry.state is OutboxState.FAILED and not entry.error:
            yield f"{message.key} failed without an error"
        elif entry.state is OutboxState.UNKNOWN and not entry.token:
            yield f"{message.key} is unknown without a token"


def _phones(plan: Plan, entries: Mapping[str, OutboxEntry], shown: Sequence[Shown]) -> Iterator[str]:
    texts = {message.text for message in plan.messages}
    yield from (f"{each.phone} shows {each.text!r}, which nobody sent" for each in shown if each.text not in texts)
    for group, people in plan.people.items():
        mine = [message for message in plan.messages if message.group == group]
        own = {message.text for message in mine}
        here = [each for each in shown if each.text in own]
        of = {state: [each.text for each in mine if _state(entries, each) is state] for state in OutboxState}
        for phone in {*people, *(each.phone for each in here)}:
            seen = [each.text for each in here if each.phone == phone]
            if phone not in people:
                yield f"{phone} shows {seen[0]!r}, which was not for them"
                continue
            if len({each.thread for each in here if each.phone == phone}) > 1:
                yield f"{phone} has several threads of {group}"
            yield from (f"{phone}: {each}" for each in _texts(seen, of[OutboxState.SENT], of[OutboxState.UNKNOWN]))


def _state(entries: Mapping[str, OutboxEntry], message: Planned) -> OutboxState | None:
    entry = entries.get(message.key)
    return None if entry is None else entry.state


def _texts(seen: Sequence[str], sent: Sequence[str], unknown: Collection[str]) -> Iterator[str]:
    """A phone shows what was sent in its order, and what is unknown once at most, wherever."""
    for text, count in (Counter(sent) - Counter(seen)).items():
        yield f"{text!r} is not shown, or not often enough: {count} more were sent"
    for text, count in (Counter(seen) - Counter(sent) - Counter(unknown)).items():
        yield f"{text!r} is shown too often: {count} more than were sent or may have been"
    rest = iter(seen)
    if not Counter(sent) - Counter(seen) and (early := [text for text in sent if text not in rest]):
        yield f"{early[0]!r} is shown out of its order: {list(seen)}, sent were {list(sent)}"
