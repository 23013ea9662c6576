"""Segments, against a reference that really packs bytes (3GPP TS 23.038, 23.040)."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from groupmessenger.segmenting import Encoding, Segments, segments, utf16_units

# The default alphabet by code, 0x00 to 0x7F; 0x1B is the escape. Typed in from TS 23.038, 6.2.1, row by row.
ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
OCTETS = 140
HEADER = bytes([5, 0, 3, 0, 2, 1])

GSM = st.text(st.sampled_from(ALPHABET.replace("\x1b", "") + "".join(EXTENSION)), max_size=700)
WIDE = st.text(st.sampled_from("aé中文\U0001f600\U0001f9d1\u200d"), max_size=400)


def septets(character: str) -> list[int] | None:
    if character in EXTENSION:
        return [0x1B, EXTENSION[character]]
    return [ALPHABET.index(character)] if character in ALPHABET and character != "\x1b" else None


def packed(codes: list[int], header: bytes = b"") -> bytes:
    """Seven bits each, after a header that is filled up to a septet's boundary."""
    bits = len(header) * 8
    bits += -bits % 7
    number = int.from_bytes(header, "little")
    for code in codes:
        number |= code << bits
        bits += 7
    return number.to_bytes((bits + 7) // 8, "little")


def reference(text: str) -> Segments:
    """Fill one message, or else as many with headers as it takes, character by character."""
    split = [septets(character) for character in text]
    if None not in split:
        known = [codes for codes in split if codes is not None]
        units = sum(map(len, known))
        whole = packed([code for codes in known for code in codes])
        parts: list[list[int]] = [[]]
        for codes in known:
            if len(packed(parts[-1] + codes, HEADER)) > OCTETS:
                parts.append([])
            parts[-1] += codes
        count = (1 if text else 0) if len(whole) <= OCTETS else len(parts)
        return Segments(Encoding.GSM7, units, count)
    encoded = text.encode("utf-16-be", "surrogatepass")
    if len(encoded) <= OCTETS:
        return Segments(Encoding.UCS2, len(encoded) // 2, 1)
    bodies = [HEADER]
    for character in text:
        one = character.encode("utf-16-be", "surrogatepass")
        if len(bodies[-1] + one) > OCTETS:
            bodies.append(HEADER)
        bodies[-1] += one
    return Segments(Encoding.UCS2, len(encoded) // 2, len(bodies))


@given(GSM | WIDE | st.text(max_size=300))
@example("")
@example("`")
@example("\x1b")
@example("ç")
def test_segments_are_as_if_packed(text: str) -> None:
    assert reference(text) == segments(text)


@given(st.integers(0, 800), st.integers(0, 800), st.sampled_from("a€中\U0001f600"))
def test_a_long_text_is_as_if_packed(before: int, after: int, between: str) -> None:
    """The one wide character at every place, near the boundaries too."""
    text = "a" * before + between + "a" * after
    assert reference(text) == segments(text)


@pytest.mark.parametrize("place", [*range(150, 162), *range(304, 310)])
def test_no_escape_is_torn_from_its_character(place: int) -> None:
    text = "a" * place + "€" + "a" * 200
    assert reference(text) == segments(text)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "count"),
    [
        ("", Encoding.GSM7, 0, 0),
        ("a" * 160, Encoding.GSM7, 160, 1),
        ("a" * 161, Encoding.GSM7, 161, 2),
        ("a" * 306, Encoding.GSM7, 306, 2),
        ("a" * 307, Encoding.GSM7, 307, 3),
        ("a" * 459, Encoding.GSM7, 459, 3),
        ("a" * 460, Encoding.GSM7, 460, 4),
        ("€" * 80, Encoding.GSM7, 160, 1),
        ("€" * 81, Encoding.GSM7, 162, 2),
        ("€" * 153, Encoding.GSM7, 306, 3),  # 76 a part: an escape is not split from its character
        ("中" * 70, Encoding.UCS2, 70, 1),
        ("中" * 71, Encoding.UCS2, 71, 2),
        ("中" * 134, Encoding.UCS2, 134, 2),
        ("中" * 135, Encoding.UCS2, 135, 3),
        ("\U0001f600" * 35, Encoding.UCS2, 70, 1),
        ("\U0001f600" * 36, Encoding.UCS2, 72, 2),
        ("\U0001f600" * 67, Encoding.UCS2, 134, 3),  # 33 a part: a pair is not split
    ],
)
def test_boundaries(text: str, encoding: Encoding, units: int, count: int) -> None:
    assert Segments(encoding, units, count) == segments(text)


@given(st.text())
def test_utf16_units_are_what_utf16_takes(text: str) -> None:
    assert len(text.encode("utf-16-be")) // 2 == utf16_units(text)
