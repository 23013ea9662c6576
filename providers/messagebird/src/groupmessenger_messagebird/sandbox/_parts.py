"""How a text travels: its alphabet, what `plain` makes of it, and how many parts it takes (4.1)."""

from __future__ import annotations

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")  # an escape goes before each of these
GSM = BASIC | EXTENDED

MOST_PARTS = 9


def is_gsm(text: str) -> bool:
    """Whether the GSM alphabet has every character."""
    return GSM.issuperset(text)


def mangled(text: str) -> str:
    """The text as `plain` sends it: what the GSM alphabet does not have is a question mark."""
    return "".join(character if character in GSM else "?" for character in text)


def length(text: str, *, gsm: bool) -> int:
    """Its length, in septets or in units of UCS-2."""
    return sum(_width(character, gsm=gsm) for character in text)


def parts(text: str, *, gsm: bool) -> int:
    """The parts it takes. A character of two units is never divided between two parts."""
    single, each = (160, 153) if gsm else (70, 67)
    if length(text, gsm=gsm) <= single:
        return 1
    count, room = 1, each
    for character in text:
        width = _width(character, gsm=gsm)
        if width > room:
            count, room = count + 1, each
        room -= width
    return count


def _width(character: str, *, gsm: bool) -> int:
    wide = character in EXTENDED if gsm else ord(character) > 0xFFFF
    return 2 if wide else 1
