"""Results on disk: one safetensors file for each, found again after a restart.

A file is called `<key>.<milliseconds to make>.<checksum>.safetensors`, so that reading the folder's names tells all
there is to know. It is written beside its place and then moved there. No fsync: after a loss of power the checksum
tells what is whole. A damaged file counts as absent and is removed.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import zlib
from pathlib import Path

from engine.run.cache import GIB, Keep, Worth, to_evict
from engine.run.codec import Codec, Unkeepable
from engine.run.memory import byte_size
from engine.run.result import Result

DISK_BUDGET = 20 * GIB
SUFFIX = ".safetensors"
NAME_PARTS = 4
ABANDONED = 3600.0  # seconds after which an unfinished file is nobody's: its process was killed

# What takes less time to make than to write and read again is not worth a file.
FILE_SECONDS = 0.001
SECONDS_PER_BYTE = 1 / 500e6

log = logging.getLogger(__name__)


class DiskCache:
    """Results as files of a folder, up to a number of bytes. Several processes may use one folder."""

    def __init__(
        self, folder: Path, codec: Codec, budget: int = DISK_BUDGET, file_seconds: float = FILE_SECONDS
    ) -> None:
        self.folder = folder
        self.codec = codec
        self.budget = budget
        self.file_seconds = file_seconds
        self._lock = threading.Lock()
        self._files: dict[str, Path] = {}
        self._worth: dict[str, Worth] = {}
        self._bytes = 0
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if not path.name.startswith("."):
                self._remember(path, path.stat())
            elif path.stat().st_mtime < time.time() - ABANDONED:
                path.unlink(missing_ok=True)

    def __contains__(self, key: str) -> bool:
        return key in self._files

    def get(self, key: str) -> Result | None:
        """The result, or None. A file that is damaged is removed."""
        path = self._files.get(key)
        if path is None:
            return None
        try:
            data = path.read_bytes()
            if f"{zlib.crc32(data):08x}" != path.name.split(".")[2]:
                raise ValueError("its checksum differs")
            result = self.codec.decode(data)
            os.utime(path)  # its date says when it was last of use
        except Exception as error:  # whatever a damaged file, or one of an older class, leads to
            log.warning("The cached result %s cannot be read (%s) and is removed.", path, error)
            self._remove(key)
            return None
        worth = self._worth.get(key)
        if worth is not None:
            worth.used = time.time()
        return result

    def at_hand(self, key: str) -> Result | None:
        """None: a disk takes its time."""
        return None

    def put(self, key: str, result: Result, seconds: float, keep: Keep = "anywhere") -> None:
        """Write a result down, if it can be and is worth it. A full disk is no fault of the run."""
        size = sum(byte_size(value) for value in result.outputs.values())
        if keep != "anywhere" or key in self._files or size > self.budget:
            return
        if seconds < self.file_seconds + (size * SECONDS_PER_BYTE if self.file_seconds else 0):
            return
        try:
            data = self.codec.encode(result)
            path = self.folder / f"{key}.{round(seconds * 1000)}.{zlib.crc32(data):08x}{SUFFIX}"
            self._write(path, data)
        except Unkeepable:
            return
        except OSError as error:
            log.warning("The result %s is not kept on disk: %s", key, error)
            return
        self._remember(path, path.stat())
        self._make_room()

    def _write(self, path: Path, data: bytes) -> None:
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            unfinished.write_bytes(data)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def _remember(self, path: Path, status: os.stat_result) -> None:
        parts = path.name.split(".")
        if len(parts) != NAME_PARTS or not path.name.endswith(SUFFIX) or not parts[1].isdigit():
            return
        key = parts[0]
        if self._files.get(key, path) != path:
            self._remove(key)  # another process has made it too
        with self._lock:
            self._files[key] = path
            self._worth[key] = Worth(status.st_size, int(parts[1]) / 1000, status.st_mtime)
            self._bytes += status.st_size

    def _make_room(self) -> None:
        with self._lock:
            leaving = to_evict(self._worth, self.budget, time.time()) if self._bytes > self.budget else []
        for key in leaving:
            self._remove(key)

    def _remove(self, key: str) -> None:
        with self._lock:
            path = self._files.pop(key, None)
            worth = self._worth.pop(key, None)
            self._bytes -= worth.bytes if worth else 0
        if path is not None:
            path.unlink(missing_ok=True)
