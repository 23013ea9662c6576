"""The body of an answer, taken in piece by piece, unpacked, and never longer than a bound."""

from __future__ import annotations

import zlib

UNPACKABLE = "the answer could not be unpacked"


class Body:
    """A body of at most `most` bytes, unpacked if it is gzip.

    Ours, because the HTTP library's decoders have no bound within one step: a small answer can hold a thousand
    times its size. `flaw` says what is wrong with it, empty while nothing is.
    """

    def __init__(self, most: int) -> None:
        self.flaw = ""
        self.too_long = False
        self._most = most
        self._content = bytearray()
        self._gzip: zlib._Decompress | None = None

    def begins(self, packing: str) -> bool:
        """Hear how it is packed (`Content-Encoding`). Says whether it is wanted."""
        match packing.lower():
            case "gzip":
                self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
            case "" | "identity":
                pass
            case _:
                self.flaw = "the answer is packed in a way that was not asked for"
        return not self.flaw

    def takes(self, raw: bytes) -> bool:
        """Take a piece as it came. Says whether more is wanted."""
        if self.flaw:
            return False
        try:
            self._content += self._gzip.decompress(raw, self._most + 1) if self._gzip else raw
        except zlib.error:
            self.flaw = UNPACKABLE
        if len(self._content) > self._most:
            self.flaw = f"the answer is longer than {self._most:,} bytes"
            self.too_long = True
        return not self.flaw

    def whole(self) -> bytes:
        """Give what came, at its end; `flaw` then says whether it is all there."""
        if self._gzip and self._content and not self._gzip.eof:
            self.flaw = self.flaw or UNPACKABLE
        return bytes(self._content)
