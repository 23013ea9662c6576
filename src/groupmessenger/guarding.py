"""Where a connection has led to, for hosts that nobody vouches for."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any


def is_public(stream: Any) -> bool:
    """Whether the other end of a connection of httpx's is an address that everybody can reach."""
    address = stream.get_extra_info("server_addr")
    try:
        return ip_address(str(address[0]).partition("%")[0]).is_global
    except (TypeError, ValueError, IndexError):
        return False
