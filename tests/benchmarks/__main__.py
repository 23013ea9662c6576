"""How fast groupmessenger is beside what a user would do instead: `uv run python -m tests.benchmarks`.

Both sides of a comparison run in turn, in one run, on this machine. Nothing fails on a timing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

from rich.console import Console

from .measuring import Scale
from .results import Result, markdown, table

WORKLOADS: Mapping[str, str] = {
    "sends": "one group send, blocking, keep-alive",
    "many": "group sends, 50 under way at a time, async",
    "groups": "a group made from nothing, 20 ms from the server",
    "callbacks": "callbacks, verified and parsed; MessageBird's beside its SDK",
    "starting": "from the start of a process",
    "normalizing": "phone numbers, all different",
    "switchboards": "what a switchboard adds to a client",
    "queueing": "messages that are queued; Procrastinate's empty jobs beside them",
    "draining": "queued messages that a worker sends; Procrastinate's empty jobs beside them",
    "memory": "memory of many sends by one client",
    "queue_memory": "memory of a queue",
    "growing": "sends and plans as groups grow, blocking",
    "growing_board": "sends, and what is read, as a directory grows",
}


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="little of everything: that it works, rough figures")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="write the results as JSON to standard output")
    form.add_argument("--markdown", action="store_true", help="write the table of docs/explanation/speed.md to it")
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), metavar="WORKLOAD")
    given = parser.parse_args()
    os.environ["NO_PROXY"] = "*"
    shown = Console(stderr=given.json or given.markdown)
    if not shown.is_terminal:
        shown.width = 120
    shown.print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs", highlight=False)
    results: list[Result] = []
    for name in given.only:
        run: Callable[[Scale], Iterable[Result]] = import_module(f".{name}", __package__).run
        with shown.status(WORKLOADS[name]):
            found = list(run(Scale(given.quick)))
        shown.print(table(found, WORKLOADS[name]))
        results += found
        if given.markdown:
            print(markdown(found, WORKLOADS[name]))
    if given.json:
        print(json.dumps({"results": [result.as_json() for result in results]}, indent=2))


if __name__ == "__main__":
    main()
