"""What phones show: as a table, and as an assertion."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

from ..errors import InvalidInput
from ..provider import Address, Member
from ..sandbox import Phone, Phones, Shown, Thread


class HasPhones(Protocol):
    """A `Sandbox`, or a `Memory`."""

    @property
    def phones(self) -> Phones:
        """The phones by number."""
        ...


def shown(world: HasPhones) -> str:
    """Everything that the phones show, as a table: a line for each message on each phone."""
    rows = [
        (phone.number, thread.id, message.sender, _one_line(message))
        for phone in world.phones
        for thread in phone.threads
        for message in phone.messages[thread.id]
    ]
    if not rows:
        return "No phone shows anything."
    table = [("phone", "thread", "from", "text"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in table
    )


def assert_seen(
    world: HasPhones, text: str, by: Iterable[str | Address | Member | Phone], *, privately: bool = False
) -> None:
    """Assert that each of these people, by number or phone, sees a text exactly once, and nobody else sees it.

    All of them in one thread, or, with `privately`, each in one with the sender alone. The phone that wrote it sees it
    as well. Raises AssertionError, which says for whom it is not so and shows all phones.
    """
    __tracebackhide__ = True
    if isinstance(by, str):
        raise InvalidInput("by is a list of people: put the single one in brackets")
    people = list(dict.fromkeys(each.number if isinstance(each, Phone) else str(each) for each in by))
    wrong = list(_wrong(world.phones, text, people, privately=privately))
    if wrong:
        how = "privately" if privately else "in one thread"
        asked = f"{text!r} is not seen exactly once, {how}, by these {len(people)} and nobody else:"
        raise AssertionError("\n".join([asked, *(f"  {each}" for each in wrong), "", shown(world)]))


def _wrong(phones: Phones, text: str, people: Collection[str], *, privately: bool) -> Iterator[str]:
    """What is not as it is to be, a line each."""
    threads: dict[str, Thread] = {}
    for number in people:
        found = _threads_with(phones[number], text)
        if len(found) != 1:
            yield f"{number} sees it {len(found)} times" if found else f"{number} does not see it"
        for thread in found:
            threads[thread.id] = thread
            if privately and len(thread.participants) > 2:
                yield f"{number} sees it in {thread.id}, which {len(thread.participants)} share"
    if not privately and len(threads) > 1:
        yield f"they see it in {len(threads)} threads: {', '.join(threads)}"
    for phone in phones:
        if phone.number not in people and _threads_with(phone, text):
            yield f"{phone.number} sees it as well"


def _threads_with(phone: Phone, text: str) -> list[Thread]:
    """The threads in which a phone shows a text, each as often as it does."""
    return [thread for thread in phone.threads for message in phone.messages[thread.id] if message.text == text]


def _one_line(message: Shown) -> str:
    media = f" [{len(message.media)} media]" if message.media else ""
    return " ".join(message.text.split()) + media
