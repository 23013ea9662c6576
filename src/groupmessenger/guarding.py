"""Where a connection has led to, for hosts that nobody vouches for."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address is in its end
# What Python calls global, or did, and is a way to private addresses: local NAT64, 6to4, IPv4-compatible, site-local.
_NOT_PUBLIC = tuple(map(IPv6Network, ("64:ff9b:1::/48", "2002::/16", "::/96", "fec0::/10")))


def is_public(stream: Any) -> bool:
    """Whether the other end of a connection of httpx's is an address that everybody can reach."""
    address = stream.get_extra_info("server_addr")
    try:
        return is_public_address(str(address[0]))
    except (TypeError, ValueError, IndexError):
        return False


def is_public_address(text: str) -> bool:
    """Whether everybody can reach an address. Raises ValueError for what is none."""
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif address in _NAT64:
            address = IPv4Address(int(address) & 0xFFFF_FFFF)
        elif any(address in network for network in _NOT_PUBLIC):
            return False
    return address.is_global and not address.is_multicast
