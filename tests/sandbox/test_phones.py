"""What phones show."""

from __future__ import annotations

import pytest
from sandbox.acme import ALICE, BOB, LINE

from groupmessenger.sandbox import Clock, Inbound, Network

SECOND_LINE = "+13125550109"
CAROL = "+13125550103"


@pytest.fixture
def heard() -> list[Inbound]:
    return []


@pytest.fixture
def network(heard: list[Inbound]) -> Network:
    network = Network(Clock())
    network.attach(LINE, heard.append)
    network.attach(SECOND_LINE, heard.append)
    return network


def test_the_same_set_of_numbers_is_the_same_thread(network: Network) -> None:
    first = network.thread([LINE, ALICE, BOB])
    again = network.thread([BOB, LINE, ALICE])
    assert again is first


def test_two_lines_make_two_threads(network: Network) -> None:
    for line in (LINE, SECOND_LINE):
        network.post(network.thread([line, ALICE, BOB]), line, "Hello")
    assert len(network.phones[ALICE].threads) == 2
    assert network.phones[ALICE].texts == ["Hello", "Hello"]


def test_everybody_in_a_thread_sees_what_one_of_them_writes(network: Network, heard: list[Inbound]) -> None:
    """The line that a message reaches hears it once; the writer sees it too."""
    thread = network.thread([LINE, ALICE, BOB])
    network.post(thread, LINE, "Dinner?")
    assert network.phones[ALICE].send("Yes", thread=thread.id) is thread
    assert network.phones[BOB].texts == ["Dinner?", "Yes"]
    assert network.phones[ALICE].texts == ["Dinner?", "Yes"]
    assert [(inbound.line, inbound.sender, inbound.text) for inbound in heard] == [(LINE, ALICE, "Yes")]


def test_post_gives_the_phones_that_show_it_without_the_sender(network: Network) -> None:
    thread = network.thread([LINE, ALICE, BOB])
    assert network.post(thread, LINE, "Hello") == (ALICE, BOB)
    assert network.post(thread, ALICE, "Hello") == (BOB,)


def test_a_phone_is_told_where_to_write(network: Network) -> None:
    wheres: tuple[dict[str, str], ...] = ({}, {"thread": "thread_1", "to": LINE})
    for where in wheres:
        with pytest.raises(ValueError, match="give either thread"):
            network.phones[ALICE].send("Hello", **where)
    with pytest.raises(KeyError, match="'None' is no phone's number"):
        network.phones[ALICE].send("Hello", to="None")
    assert network.threads == {}


@pytest.mark.parametrize("number", ["312", "13125550101", "+1 312 555 0101", "+0125550101", "None", ""])
def test_what_is_no_number_has_no_phone(network: Network, number: str) -> None:
    """Else a misspelt number would be one more phone, which shows nothing."""
    with pytest.raises(KeyError, match=r"no phone's number; write it like \+13125550101"):
        _ = network.phones[number]
    assert len(network.phones) == 0
    assert network.phones["ann@example.com"].number == "ann@example.com"


def test_a_phone_writes_only_into_a_thread_it_shows(network: Network) -> None:
    thread = network.thread([LINE, BOB])
    with pytest.raises(KeyError, match=thread.id):
        network.phones[ALICE].send("Hello", thread=thread.id)


def test_a_private_text_is_a_thread_of_two(network: Network, heard: list[Inbound]) -> None:
    thread = network.phones[ALICE].send("Stop", to=LINE, media=["https://example.com/a.png"])
    assert thread.participants == {ALICE, LINE}
    assert [(inbound.text, inbound.media) for inbound in heard] == [("Stop", ("https://example.com/a.png",))]


def test_a_phone_that_was_off_shows_its_messages_in_order_once_it_is_on(network: Network) -> None:
    thread = network.thread([LINE, ALICE, BOB])
    alice = network.phones[ALICE]
    alice.on = False
    assert network.post(thread, LINE, "One") == (ALICE, BOB)
    network.post(thread, LINE, "Two")
    assert (alice.on, alice.texts) == (False, [])
    alice.on = True
    alice.on = True
    assert (alice.on, alice.texts) == (True, ["One", "Two"])


def test_a_landline_shows_nothing_ever(network: Network) -> None:
    alice = network.phones[ALICE]
    alice.landline = True
    assert network.post(network.thread([LINE, ALICE]), LINE, "Hello") == ()
    assert alice.texts == []


def test_without_mms_media_and_groups_come_only_by_imessage(network: Network) -> None:
    """A group that is no Apple group is MMS, whatever it carries; a private text is an SMS."""
    alice = network.phones[ALICE]
    alice.mms = False
    picture = ["https://example.com/a.png"]
    assert network.post(network.thread([LINE, ALICE, BOB]), LINE, "Look", picture) == (BOB,)
    assert network.post(network.thread([LINE, ALICE, BOB]), LINE, "Text") == (BOB,)
    assert network.post(network.thread([LINE, ALICE]), LINE, "Text") == (ALICE,)
    assert network.post(network.apple_group([LINE, ALICE, BOB]), LINE, "Look", picture) == (ALICE, BOB)
    alice.imessage = False
    assert network.post(network.apple_group([LINE, ALICE, BOB]), LINE, "Look", picture) == (BOB,)


def test_a_newcomer_to_an_apple_group_sees_later_messages_only(network: Network) -> None:
    group = network.apple_group([LINE, ALICE, BOB])
    network.post(group, LINE, "Before")
    group.participants.add(CAROL)
    network.post(group, LINE, "After")
    assert network.phones[CAROL].texts == ["After"]
    assert network.phones[ALICE].texts == ["Before", "After"]


def test_an_apple_group_is_no_mms_thread(network: Network) -> None:
    group = network.apple_group([LINE, ALICE, BOB])
    assert network.thread([LINE, ALICE, BOB]) is not group
    assert network.apple_group([LINE, ALICE, BOB]) is not group


def test_a_line_is_not_a_phone(network: Network) -> None:
    with pytest.raises(KeyError, match="line of the sandbox"):
        network.phones[LINE]


def test_phones_are_there_when_asked_for(network: Network) -> None:
    network.phones[ALICE].send("Hello", to=BOB)
    assert [phone.number for phone in network.phones] == [ALICE, BOB]
    assert len(network.phones) == 2


def test_two_lines_in_one_thread_hear_each_other(network: Network, heard: list[Inbound]) -> None:
    network.post(network.thread([LINE, SECOND_LINE, ALICE]), LINE, "Hello")
    assert [(inbound.line, inbound.sender) for inbound in heard] == [(SECOND_LINE, LINE)]


def test_view_is_what_the_phone_shows_as_json(network: Network) -> None:
    thread = network.thread([LINE, ALICE])
    network.post(thread, LINE, "Hello", ["https://example.com/a.png"])
    at = network.phones[ALICE].messages[thread.id][0].at.isoformat()
    assert network.phones[ALICE].view() == {
        "number": ALICE,
        "threads": [
            {
                "id": thread.id,
                "participants": [LINE, ALICE],
                "messages": [{"from": LINE, "text": "Hello", "media": ["https://example.com/a.png"], "at": at}],
            }
        ],
    }


def test_a_phone_reacts_as_lines_hear_it(network: Network, heard: list[Inbound]) -> None:
    """Written out, to the last message of somebody else."""
    phone = network.phones[ALICE]
    with pytest.raises(KeyError, match="shows nothing of others"):
        phone.react("Loved", thread="thread_9")
    thread = network.thread({LINE, ALICE, BOB})
    network.post(thread, LINE, "Dinner at eight?")
    phone.react("Loved", thread=thread.id)
    phone.react("👀", thread=thread.id)
    for wrong in ("love", "", "Absolutely", "x" * 30):
        with pytest.raises(ValueError, match="is no reaction"):
            phone.react(wrong, thread=thread.id)
    assert ["Loved “Dinner at eight?”", "Reacted 👀 to “Dinner at eight?”"] == [each.text for each in heard]


def test_a_phone_opts_out_and_in_privately(network: Network, heard: list[Inbound]) -> None:
    phone = network.phones[ALICE]
    phone.opt_out(LINE)
    phone.opt_in(LINE)
    assert [("STOP", {LINE, ALICE}), ("START", {LINE, ALICE})] == [
        (each.text, each.thread.participants) for each in heard
    ]
