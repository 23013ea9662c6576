"""Texts that notice how they are compared."""

from __future__ import annotations

from typing import Any

import attrs

_SHORT = 8  # a scheme or a version is compared as anybody likes


@attrs.define
class Watched:
    """What became of a watched text: whether it, or a part of it, was compared with what it equals."""

    compared: bool = False


def watched(text: str, seen: Watched) -> str:
    """The same text, which notes in `seen` that `==` found it, or a part made of it, equal."""

    class Text(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            same = str.__eq__(self, other) if isinstance(other, str) else False
            seen.compared |= bool(same) and len(self) >= _SHORT
            return bool(same)

        def __ne__(self, other: object) -> bool:
            return not self == other

        def __getattribute__(self, name: str) -> Any:
            value = str.__getattribute__(self, name)
            if name not in _MAKE_PARTS:
                return value
            return lambda *arguments, **named: _parts(value(*arguments, **named))

    class Bytes(bytes):
        __hash__ = bytes.__hash__

        def __eq__(self, other: object) -> bool:
            same = bytes.__eq__(self, other) if isinstance(other, bytes) else False
            seen.compared |= bool(same) and len(self) >= _SHORT
            return bool(same)

        def __ne__(self, other: object) -> bool:
            return not self == other

    def _parts(value: Any) -> Any:
        if isinstance(value, str):
            return Text(value)
        if isinstance(value, bytes):
            return Bytes(value)
        return type(value)(map(_parts, value)) if isinstance(value, list | tuple) else value

    return Text(text)


_MAKE_PARTS = frozenset(
    {"encode", "lower", "partition", "removeprefix", "removesuffix", "rpartition", "split", "strip", "upper"}
)
