"""What phones show, as assertions and as a table; and waiting for it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import groupmessenger as gm
from groupmessenger.testing import Memory, assert_seen, eventually, eventually_async, shown

ANN, BOB, CAM = "+13125550101", "+13125550102", "+13125550103"


@pytest.fixture
def memory() -> Memory:
    """Ann and Bob were invited in one thread, and Cam was told privately."""
    memory = Memory()
    with memory.connect() as client:
        client.send(client.create_group([ANN, BOB]), gm.Message("Dinner\nat eight?", "https://example.com/cake.jpg"))
        client.send_direct(CAM, "You are not invited")
    return memory


def test_everything_shown_is_a_table(memory: Memory) -> None:
    assert shown(memory).splitlines() == [
        "phone         thread    from          text",
        "+13125550101  thread_1  +13125550100  Dinner at eight? [1 media]",
        "+13125550102  thread_1  +13125550100  Dinner at eight? [1 media]",
        "+13125550103  thread_2  +13125550100  You are not invited",
    ]
    assert "No phone shows anything." == shown(Memory())


def test_all_texts_leave_out_phones_that_show_none(memory: Memory) -> None:
    assert "+13125550104" == memory.phones["+13125550104"].number
    assert [ANN, BOB, CAM] == sorted(memory.phones.texts)


def test_seen_by_these_in_one_thread_or_privately(memory: Memory) -> None:
    assert_seen(memory, "Dinner\nat eight?", by=[ANN, memory.phones[BOB]])
    assert_seen(memory, "You are not invited", by=[CAM], privately=True)
    assert_seen(memory, "Nobody said that", by=[])


def test_people_are_named_as_a_group_has_them(memory: Memory) -> None:
    """By its members or their addresses; one alone is no list of people."""
    members = [gm.Member(gm.PhoneNumber(number)) for number in (ANN, BOB)]
    assert_seen(memory, "Dinner\nat eight?", by=members)
    assert_seen(memory, "Dinner\nat eight?", by=[each.address for each in members])
    with pytest.raises(gm.InvalidInput, match="put the single one in brackets"):
        assert_seen(memory, "You are not invited", by=CAM)


def send(memory: Memory, *groups: list[str]) -> None:
    with memory.connect() as client:
        for members in groups:
            client.send(client.create_group(members), "Hello")


@pytest.mark.parametrize(
    ("groups", "asked", "wrong"),
    [
        ([], {}, [f"{ANN} does not see it", f"{BOB} does not see it"]),
        ([[ANN, BOB], [ANN, BOB]], {}, [f"{ANN} sees it 2 times", f"{BOB} sees it 2 times"]),
        ([[ANN], [BOB]], {}, ["they see it in 2 threads"]),
        ([[ANN, BOB, CAM]], {}, [f"{CAM} sees it as well"]),
        ([[ANN, BOB]], {"privately": True}, [f"{ANN} sees it in thread_3, which 3 share"]),
    ],
    ids=["not", "twice", "apart", "others", "together"],
)
def test_what_is_wrong_is_said(
    memory: Memory, groups: list[list[str]], asked: dict[str, Any], wrong: list[str]
) -> None:
    send(memory, *groups)
    with pytest.raises(AssertionError) as caught:
        assert_seen(memory, "Hello", by=[ANN, BOB], **asked)
    text = str(caught.value)
    assert text.startswith("'Hello' is not seen exactly once, ")
    assert [] == [each for each in wrong if each not in text]
    assert text.endswith(shown(memory))


def test_waiting_ends_when_it_is_so(memory: Memory) -> None:
    threading.Timer(0.03, send, (memory, [ANN, BOB])).start()
    eventually(lambda: "Hello" in memory.phones[BOB].texts)
    eventually(lambda: assert_seen(memory, "Hello", by=[ANN, BOB]))


def test_waiting_in_vain_says_why(memory: Memory) -> None:
    with pytest.raises(AssertionError, match=r"\+13125550101 does not see it"):
        eventually(lambda: assert_seen(memory, "Hello", by=[ANN]), seconds=0.02)
    with pytest.raises(AssertionError, match=r"it gave False, and still does after 0\.02 s"):
        eventually(lambda: False, seconds=0.02)


def test_another_error_ends_the_waiting() -> None:
    def check() -> bool:
        raise KeyError("misspelt")

    with pytest.raises(KeyError):
        eventually(check)


@pytest.mark.anyio
async def test_an_async_check_is_refused() -> None:
    """It would assert nothing."""

    async def check() -> None:
        raise AssertionError

    unfit: Any = check
    with pytest.raises(TypeError, match="this one is async"):
        eventually(unfit)
    with pytest.raises(TypeError, match="this one is async"):
        await eventually_async(unfit)


@pytest.mark.anyio
async def test_waiting_lets_other_tasks_go_on() -> None:
    import anyio

    done: list[int] = []

    async def work() -> None:
        await anyio.sleep(0.02)
        done.append(1)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work)
        await eventually_async(lambda: [1] == done)
