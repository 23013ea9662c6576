"""Whether a connection works, found out without texting anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime

from .errors import GroupMessengerError
from .flow import Now, Response, ask
from .messenger import Finding, GroupMessenger, Level

_SKEW = 10.0  # seconds; an HTTP date has no fractions, and an answer takes its time


async def probe(messenger: GroupMessenger) -> tuple[Finding, ...]:
    """Ask what only valid credentials may ask, compare the clocks, and add what the adapter has to say."""
    request, title = messenger.probe(), messenger.title
    asked = await Now()
    findings: list[Finding] = []
    if request is None:
        findings.append(Finding(Level.UNCHECKED, f"the credentials: {title} has no question to try them with"))
    else:
        try:
            answer = await ask(request)
        except GroupMessengerError as error:
            findings.append(Finding(Level.FAULT, str(error), error))
        else:
            findings.append(Finding(Level.OK, f"{title} accepts the credentials"))
            findings.extend(_clock(answer, asked, await Now(), title))
    return (*findings, *messenger.advice(asked))


def _clock(answer: Response, asked: datetime, answered: datetime, title: str) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(answer.headers["date"])
        early, late = (asked - theirs).total_seconds(), (theirs - answered).total_seconds()
    except (KeyError, ValueError, TypeError):
        yield Finding(Level.UNCHECKED, f"the clock: {title}'s answer bears no date")
        return
    skew = max(early, late)
    if skew > _SKEW:
        which = "ahead of" if early > late else "behind"
        what = f"this machine's clock is {skew:.0f} s {which} {title}'s: lost messages could be judged wrongly"
        yield Finding(Level.WARNING, f"{what}; synchronize it")
    else:
        yield Finding(Level.OK, f"this machine's clock agrees with {title}'s")
