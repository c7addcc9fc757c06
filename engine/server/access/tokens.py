"""Who may use a server that others can reach: a token for programs, a one-time link and a cookie for browsers."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from engine.run.whole_file import write_new

FAILURES = 10  # wrong tokens from one address in one minute
MINUTE = 60.0
MOST_ADDRESSES = 10_000


def token_at(file: Path) -> tuple[str, bool]:
    """The token kept in a file that only its owner may read, and whether it was made just now."""
    try:
        return file.read_text("ascii").strip(), False
    except FileNotFoundError:
        token = secrets.token_urlsafe(32)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_new(file, token.encode(), mode=0o600)
        return token, True


class Door:
    """Lets in who shows the token or the cookie. Without a token it stands open.

    Whoever shows a wrong one too often in a minute is not listened to for the rest of it.
    """

    def __init__(self, token: str, port: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._token = token
        self._cookie = hmac.new(token.encode(), b"weft browser session", hashlib.sha256).hexdigest()
        self._code = secrets.token_urlsafe(24) if token else ""
        self._clock = clock
        self._failures: dict[str, deque[float]] = {}
        self.port = port

    @property
    def is_open(self) -> bool:
        """Whether nobody has to show anything."""
        return not self._token

    @property
    def cookie_name(self) -> str:
        """The cookie's name; it has the port in it, since browsers share cookies between ports."""
        return f"weft-{self.port}"

    @property
    def cookie(self) -> str:
        """What the cookie holds: not the token, but made of it, so that it lives as long as the token."""
        return self._cookie

    @property
    def code(self) -> str:
        """The code of the one-time link, or nothing once it was used."""
        return self._code

    def use_code(self, code: str) -> bool:
        """Whether this is the one-time code, which it is only once."""
        if not self._code or not _same(code, self._code):
            return False
        self._code = ""
        return True

    def is_token(self, token: str) -> bool:
        """Whether this is the token."""
        return _same(token, self._token)

    def is_cookie(self, cookie: str) -> bool:
        """Whether this is what a browser was given that had logged in."""
        return not self.is_open and _same(cookie, self._cookie)

    def failed(self, address: str) -> None:
        """Take note of a wrong token."""
        if len(self._failures) >= MOST_ADDRESSES:
            self._failures.pop(next(iter(self._failures)))
        self._failures.setdefault(address, deque(maxlen=FAILURES)).append(self._clock())

    def is_shut_for(self, address: str) -> bool:
        """Whether this address has shown too many wrong ones."""
        times = self._failures.get(address)
        if times is None:
            return False
        if self._clock() - times[-1] > MINUTE:
            del self._failures[address]
            return False
        return len(times) == FAILURES and self._clock() - times[0] <= MINUTE


def _same(given: str, right: str) -> bool:
    """Compared in constant time, so that nothing is learnt from how long it takes."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), right.encode())
