"""What a worker prints: lines for the log, each with the node that was running, and no more than anybody reads."""

from __future__ import annotations

import logging

MOST_BYTES = 256 * 1024  # of what one run prints
LONGEST_LINE = 2000

log = logging.getLogger("weft.worker")


class Printed:
    """Cuts what arrives into lines and logs them, up to a limit for each run."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._left = most
        self._line = b""

    def begin(self) -> None:
        """Another run begins, which may print as much again."""
        self._left = self._most

    def feed(self, data: bytes, node: str | None) -> None:
        """Log the lines that are whole now."""
        if self._left <= 0:
            return
        lines = (self._line + data[: self._left]).split(b"\n")
        self._left -= len(data)
        self._line = lines.pop()
        if len(self._line) > LONGEST_LINE:
            lines.append(self._line)
            self._line = b""
        where = f"[{node}] " if node else ""
        for line in lines:
            self._log(where, line)
        if self._left <= 0:
            log.warning("%sMore than %d bytes were printed: the rest is left out.", where, self._most)
            self._line = b""

    def end(self) -> None:
        """Nothing more will come: log the line that was not finished."""
        if self._line:
            self._log("", self._line)
            self._line = b""

    def _log(self, where: str, line: bytes) -> None:
        text = line[:LONGEST_LINE].decode("utf-8", "backslashreplace").rstrip()
        if text:
            log.info(
                "%s%s", where, "".join(sign if sign.isprintable() or sign == "\t" else "?" for sign in text)
            )
