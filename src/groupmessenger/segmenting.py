"""How many SMS a text is: GSM 03.38 septets where its alphabet suffices, else UCS-2 (3GPP TS 23.038, 23.040)."""

from __future__ import annotations

from enum import StrEnum

import attrs

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_GSM7 = _BASIC | _EXTENDED


class Encoding(StrEnum):
    """The alphabet an SMS is sent in."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


_ROOM = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}  # alone, and beside a concatenation header


@attrs.frozen
class Segments:
    """`units` are septets (an extension character takes two) or UTF-16 units; `count` is what carriers bill."""

    encoding: Encoding
    units: int
    count: int


def segments(text: str) -> Segments:
    """Count a text's SMS segments. No extension character and no surrogate pair is split over two."""
    characters = frozenset(text)
    encoding = Encoding.GSM7 if characters <= _GSM7 else Encoding.UCS2
    wide = characters & _EXTENDED if encoding is Encoding.GSM7 else {c for c in characters if ord(c) > 0xFFFF}
    alone, joined = _ROOM[encoding]
    units = len(text) + sum(map(text.count, wide))
    if units <= alone:
        return Segments(encoding, units, 1 if text else 0)
    count, left = 1, joined
    for character in text:
        size = 2 if character in wide else 1
        if size > left:
            count, left = count + 1, joined
        left -= size
    return Segments(encoding, units, count)


def utf16_units(text: str) -> int:
    """The length of a text in UTF-16 units, as JavaScript and UCS-2 count it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
