"""Values as JSON text and back, for whoever stores them."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from cattrs import BaseValidationError, Converter
from cattrs.preconf.json import make_converter

from .errors import InvalidInput
from .phone import Address, OpaqueAddress, parse_address

T = TypeVar("T")
_OPAQUE = "opaque:"


def dump(value: Any) -> str:
    """Write an attrs value as one line of JSON."""
    return json.dumps(_converter().unstructure(value), ensure_ascii=False, separators=(",", ":"))


def load(kind: type[T], text: str) -> T:
    """Read a value that `dump` wrote. Raises `InvalidInput`, without repeating the text."""
    try:
        return _converter().structure(json.loads(text), kind)
    except InvalidInput:
        raise
    except (BaseValidationError, ValueError, TypeError, KeyError, AttributeError):
        raise InvalidInput(f"this text is not a {kind.__name__} that dump() wrote") from None


@cache
def _converter() -> Converter:
    converter = make_converter()
    converter.register_unstructure_hook_func(lambda kind: kind == Address, _write_address)
    converter.register_structure_hook_func(lambda kind: kind == Address, lambda value, _: _read_address(value))
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    return converter


def _write_address(address: Address) -> str:
    return _OPAQUE + address.text if isinstance(address, OpaqueAddress) else str(address)


def _read_address(value: str) -> Address:
    return OpaqueAddress(value.removeprefix(_OPAQUE)) if value.startswith(_OPAQUE) else parse_address(value)
