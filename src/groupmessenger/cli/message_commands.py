"""Commands that send, or say what sending would come to."""

from __future__ import annotations

from ..errors import InvalidInput
from .consoles import output
from .exits import Exit
from .parameters import Connection, File, GroupsFrom, Json, Key, MessageOptions, NoWait, Queue, Words
from .root import app


@app.command
def plan(
    *words: Words,
    options: MessageOptions | None = None,
    connection: Connection = None,
    config: File = None,
    json: Json = False,
) -> int:
    """Say what `send` with the same options would come to. Makes no request.

    Exits with 3 if it would be refused.
    """
    from .asking import AskedByName, ask
    from .boards import open_board
    from .connecting import open_client
    from .dumping import dump_plan, print_json
    from .results import say, show_plan
    from .sending import describe
    from .sending import plan as make

    asked = ask(words, options or MessageOptions(), connection=connection)
    if isinstance(asked, AskedByName):
        from .board_sending import run_board_plan

        with open_board(config) as board:
            return run_board_plan(board, asked, json=json)
    with open_client(connection, config) as client:
        plans = make(client, asked)
        ok = all(each.ok for each in plans.values())
        if json:
            told = {to or "group": dump_plan(each) for to, each in plans.items()}
            print_json({"provider": client.messenger.name, "ok": ok, "plans": told})
        else:
            say(output(), describe(client, asked))
            show_plan(output(), plans)
    return Exit.DONE if ok else Exit.REFUSED_HERE


@app.command
def send(
    *words: Words,
    options: MessageOptions | None = None,
    key: Key = None,
    queue: Queue = False,
    groups_from: GroupsFrom = None,
    no_wait: NoWait = False,
    connection: Connection = None,
    config: File = None,
    json: Json = False,
) -> int:
    """Send a text to a group of the directory by its name, to people, or to a provider's group.

    Several `--to` are one shared thread; with `--separately` each gets a private copy.
    """
    from .asking import AskedByName, Queued, ask, name_and_text, only_text
    from .boards import open_board, refuse_opted_out
    from .connecting import open_client
    from .journal import Journal
    from .sending import run_send

    options = options or MessageOptions()
    if groups_from is not None:
        from .bulk import run_bulk

        text = only_text(words, groups_from)
        return run_bulk(
            groups_from, Queued.of(text, options, key, connection), config, no_wait=no_wait or queue, json=json
        )
    if no_wait:
        raise InvalidInput("--no-wait is for --groups-from; a single message is queued with --queue")
    if queue:
        from .queueing import run_queue

        name, text = name_and_text(words)
        return run_queue(name, Queued.of(text, options, key, connection), config, json=json)
    asked, journal = ask(words, options, key, connection), Journal()
    if isinstance(asked, AskedByName):
        from .board_sending import run_board_send

        with open_board(config, [journal]) as board:
            return run_board_send(board, asked, journal, json=json)
    refuse_opted_out(connection, config, asked.to)
    with open_client(connection, config, [journal]) as client:
        return run_send(client, asked, journal, json=json)
