"""Commands that run beside the application: a worker, and whether all is well."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from ..errors import InvalidInput
from .consoles import output
from .exits import Exit
from .parameters import File, Json, Lines
from .root import app


@app.command
def worker(
    *,
    concurrency: Annotated[int | None, Parameter(show_default=False)] = None,
    until_empty: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    config: File = None,
    json: Lines = False,
) -> int:
    """Send what is queued, until interrupted or terminated. There may be several, on several hosts.

    At the first signal nothing more is begun, and what is under way is brought to its end: exits with 0. A second ends
    it at once. What became of each message is a line on standard error, without numbers, texts and names.

    Parameters
    ----------
    concurrency
        To how many groups at a time; else 10.
    until_empty
        End when nothing is due, under way or looked for any more; what a paused connection has to send is waited for.
        Exits with 7 if a message failed, or became unknown.
    """
    from .working import work

    return work(config, concurrency, until_empty=until_empty, json=json)


@app.command
def health(
    *,
    max_age: str = "5m",
    here: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    config: File = None,
    json: Json = False,
) -> int:
    """Say whether workers send what is queued, for probes: of systemd, Docker, Kubernetes. Makes no request.

    The directory can be used, a worker was seen in the last 30 seconds, no message has been due for long, and no
    connection is paused for its credentials or settings. Exits with 0 if all of that is so, else with 1.

    Parameters
    ----------
    max_age
        For how long a message may have been due: 30s, 5m, 2h.
    here
        The worker has to be on this host.
    """
    from .health import look, print_health, show_health
    from .spans import span

    if (age := span(max_age)) is None:
        raise InvalidInput("--max-age is a length of time, such as 5m")
    found = look(config, age, here=here)
    if json:
        print_health(found)
    else:
        show_health(output(), found)
    return Exit.WRONG if found.problems else Exit.DONE
