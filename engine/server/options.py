"""What the person who starts the server chooses: plain values, made of flags by `engine/commands/serve.py`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path

MIB = 2**20
LOCALHOST = "localhost"


@dataclass(frozen=True, slots=True)
class Tls:
    """The files of a certificate and its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may bring, checked before anything is made of it. How deep JSON nests is `json_text.DEEPEST`."""

    upload: int = 100 * MIB
    json: int = 16 * MIB
    nodes: int = 20_000
    text: int = MIB
    pixels: int = 64_000_000
    side: int = 8_000
    safetensors_header: int = 8 * MIB
    tensors: int = 50_000


@dataclass(frozen=True, slots=True)
class Options:
    """How the server is reached, what it lets in, and what it serves beside runs.

    Args:
        host: The addresses to listen at.
        port: Where to listen; 0 takes any free port.
        names: Host names by which this server may be asked for, beside this machine's own addresses.
        origins: Pages of other origins that may use it, as "https://example.org".
        token: What a client must show; none is asked for if it is empty.
        tls: The certificate, for https.
        limits: How large what clients send may be.
        front_end: Where the editor's files are, or will be once it is built.
        own_front_end: Whether that is Weft's own editor, which can do with the strictest policy.
        user: Where settings and saved workflows of users lie.
        packs: The folders that packs are found in.
        arguments: The command line, as `/system_stats` tells it.
        grace_s: How long a run has to stop by itself before its worker is ended, and the server to drain.
    """

    host: tuple[str, ...] = ("127.0.0.1",)
    port: int = 8188
    names: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    token: str = ""
    tls: Tls | None = None
    limits: Limits = Limits()
    front_end: Path | None = None
    own_front_end: bool = True
    user: Path = Path("user")
    packs: tuple[Path, ...] = ()
    arguments: tuple[str, ...] = ("main.py",)
    grace_s: float = 10.0

    @property
    def local(self) -> bool:
        """Whether only this machine can reach the server."""
        return all(is_loopback(host) for host in self.host)


@lru_cache(64)  # asked for every request
def is_loopback(host: str) -> bool:
    """Whether an address, or the name localhost, stands for this machine alone. No name is ever looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == LOCALHOST
