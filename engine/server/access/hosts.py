"""Which hosts this server may be asked for. Names are compared, never looked up (DNS rebinding, stalled resolvers)."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import NamedTuple

from engine.server.options import LOCALHOST, is_loopback

HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?")


class Host(NamedTuple):
    """A host as a request names it: in lower case, an IPv6 address without brackets."""

    name: str
    port: int | None


def host_of(text: str) -> Host | None:
    """What a Host header says, or None for what no browser sends."""
    match = HOST.fullmatch(text)
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else None
    return Host(match["name"].strip("[]").lower(), port)


def is_ours(host: Host, own_address: str | None, names: tuple[str, ...]) -> bool:
    """Whether a request for this host is meant for this server.

    Args:
        host: What the request asks for.
        own_address: The address of this machine at which the request came in, so that a page of any other name
            that was made to point here is not served.
        names: The names that were configured.
    """
    if host.name == LOCALHOST or is_loopback(host.name):
        return True
    return host.name in names or _same_address(host.name, own_address)


def _same_address(name: str, own: str | None) -> bool:
    if own is None:
        return False
    try:
        # What comes in over IPv4 at a socket of both kinds has its address within an IPv6 one.
        return ip_address(name) == ip_address(own.removeprefix("::ffff:").partition("%")[0])
    except ValueError:
        return False
