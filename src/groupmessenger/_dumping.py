"""Values as JSON text and back, for whoever stores them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from operator import eq
from typing import Any, TypeVar

from cattrs import BaseValidationError, Converter
from cattrs.preconf.json import make_converter

from .errors import InvalidInput
from .phone import Address, OpaqueAddress, parse_address

T = TypeVar("T")
_OPAQUE = "opaque: "  # with a space, which no e-mail address has


def dump(value: Any) -> str:
    """Write an attrs value as one line of JSON."""
    return json.dumps(_converter().unstructure(value), ensure_ascii=False, separators=(",", ":"))


def load(kind: type[T], text: str) -> T:
    """Read a value that `dump` wrote. Raises `InvalidInput`, without repeating the text."""
    try:
        return _converter().structure(json.loads(text), kind)
    except (BaseValidationError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InvalidInput(f"this is not what dump() of {kind.__name__} wrote") from None


@cache
def _converter() -> Converter:
    converter = make_converter()
    for kinds in (Address, Address | None):
        converter.register_unstructure_hook_func(partial(eq, kinds), _unless_none(write_address))
        converter.register_structure_hook_func(partial(eq, kinds), lambda value, _: _unless_none(read_address)(value))
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _exactly)
    converter.register_structure_hook(StrEnum, lambda value, kind: kind(value))
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    return converter


def _unless_none(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else change(value)


def _exactly(value: T, kind: type[T]) -> T:
    if type(value) is not kind:
        raise TypeError(kind)
    return value


def write_address(address: Address) -> str:
    """An address as one text, which says of what kind it is."""
    return _OPAQUE + address.text if isinstance(address, OpaqueAddress) else str(address)


def read_address(value: str) -> Address:
    """An address that `write_address` wrote."""
    return OpaqueAddress(value.removeprefix(_OPAQUE)) if value.startswith(_OPAQUE) else parse_address(value)
