"""The words people opt out and in with."""

from __future__ import annotations

import re
import unicodedata

# 47 CFR 64.1200(a)(10), in force since 2025-04-11, names stop, quit, end, revoke, opt out, cancel and unsubscribe as
# enough by themselves; the rest is what carriers and vendors take.
_OUT = frozenset({"stop", "stopall", "stop all", "quit", "end", "revoke", "opt out", "optout", "cancel", "unsubscribe"})
_IN = frozenset({"start", "unstop"})
_NOT_A_WORD = re.compile(r"[\W_]+")


def opts_out(text: str) -> bool | None:
    """Whether a whole message asks for no more texts (True) or for texts again (False); None for any other.

    Case, spaces and punctuation do not matter.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if len(text) > 40:  # no such word, however it is decorated
        return None
    word = _NOT_A_WORD.sub(" ", text).strip().lower()
    return True if word in _OUT else False if word in _IN else None
