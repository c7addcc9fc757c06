"""Whether a request comes from a page that may use this server. Scripts send no Origin and pass; browsers always do."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from engine.server.access.hosts import Host

SAFE = {"GET", "HEAD", "OPTIONS"}


def may_use(method: str, headers: Mapping[str, str], host: Host, allowed: tuple[str, ...]) -> bool:
    """Whether the page behind a request is one of this server's own, or one that was allowed.

    Args:
        method: The request's method.
        headers: Its headers.
        host: The host that it asks for.
        allowed: Further origins, as "https://example.org".
    """
    origin = headers.get("Origin")
    if origin is not None:
        return origin in allowed or _same(origin, host)
    if headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}:
        return True
    # Another site may link to the editor; it may not load anything from here into its own pages.
    return method in SAFE and headers.get("Sec-Fetch-Mode") == "navigate" and _opens_a_page(headers)


def _opens_a_page(headers: Mapping[str, str]) -> bool:
    return headers.get("Sec-Fetch-Dest", "document") == "document"


def _same(origin: str, host: Host) -> bool:
    """As ComfyUI compares: ports count only where both are given."""
    parts = urlsplit(origin)
    try:
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or parts.hostname is None:
        return False
    return parts.hostname.lower() == host.name and (port is None or host.port is None or port == host.port)
