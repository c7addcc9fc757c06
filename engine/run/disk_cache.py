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
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from engine.run.cache import GIB, Cost, Keep, Kept, Worth, to_evict
from engine.run.codec import Codec, Unkeepable
from engine.run.memory import byte_size_of_all
from engine.run.result import Result
from engine.run.threads import THREADS, Job

DISK_BUDGET = 20 * GIB
SUFFIX = ".safetensors"
NAME_PARTS = 4
ABANDONED = 3600.0  # seconds after which an unfinished file is nobody's: its process was killed

# What takes less time to make than to write and read again is not worth a file.
FILE_SECONDS = 0.001
SECONDS_PER_BYTE = 1 / 500e6

MOST_WAITING = GIB // 4  # bytes that may wait to be written
PATIENCE = 30.0  # seconds that a slow disk is waited for

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Unwritten:
    key: str
    result: Result
    seconds: float
    size: int


class DiskCache:
    """Results as files of a folder, up to a number of bytes. Several processes may use one folder.

    They are written one after the other on a thread of their own, each as soon as it is there: whatever ends the
    process, all but the last few can be read afterwards.
    """

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
        self._waiting: dict[str, _Unwritten] = {}
        self._writer: Job | None = None
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if not path.name.startswith("."):
                self._remember(path, path.stat())
            elif path.stat().st_mtime < time.time() - ABANDONED:
                path.unlink(missing_ok=True)

    def begin(self, keys: Collection[str]) -> None:
        """Nothing to do: results stay as long as there is room."""

    def __contains__(self, key: str) -> bool:
        return key in self._files or key in self._waiting

    def get(self, key: str) -> Result | None:
        """The result, or None. A file that is damaged is removed."""
        unwritten = self._waiting.get(key)
        if unwritten is not None:
            return unwritten.result
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

    def glimpse(self, key: str) -> Result | None:
        """The result, or None."""
        return self.get(key)

    def cost(self, key: str) -> Cost | None:
        """What the file of a result takes."""
        worth = self._worth.get(key)
        return None if worth is None else Cost(worth.bytes, worth.seconds)

    def put(self, key: str, result: Result, seconds: float, keep: Keep = "anywhere") -> int:
        """Write a result down soon, if it can be and is worth it. A full disk is no fault of the run."""
        if keep != "anywhere" or seconds < self.file_seconds:
            return 0
        size = byte_size_of_all(result.outputs.values())
        if key in self or size > self.budget:
            return 0
        if seconds < self.file_seconds + (size * SECONDS_PER_BYTE if self.file_seconds else 0):
            return 0
        with self._lock:
            self._waiting[key] = _Unwritten(key, result, seconds, size)
            behind = sum(entry.size for entry in self._waiting.values()) > MOST_WAITING
            if self._writer is None:
                self._writer = THREADS.start(self._write_all)
            writer = self._writer
        if behind:  # nodes that are faster than the disk wait for it, or memory would fill up
            writer.wait(PATIENCE)
        return size

    def clear(self, *, models: bool, results: bool) -> None:
        """Nothing to do: files take no memory."""

    def kept(self) -> Kept:
        """Nothing, in memory."""
        return Kept()

    def flush(self) -> None:
        """Wait until all results are written, or the disk proves too slow."""
        with self._lock:
            writer = self._writer
        if writer is not None:
            writer.wait(PATIENCE)

    def _write_all(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._writer = None
                    return
                entry = next(iter(self._waiting.values()))
            try:
                self._write_down(entry)
            except Exception:  # a value may hold anything; it must not keep others from being written
                log.exception("The result %s is not kept on disk", entry.key)
            with self._lock:
                if self._waiting.get(entry.key) is entry:
                    del self._waiting[entry.key]
            del entry  # it holds values

    def _write_down(self, entry: _Unwritten) -> None:
        try:
            data = self.codec.encode(entry.result)
            name = f"{entry.key}.{round(entry.seconds * 1000)}.{zlib.crc32(data):08x}{SUFFIX}"
            self._write(self.folder / name, data)
        except Unkeepable:
            return
        except OSError as error:
            log.warning("The result %s is not kept on disk: %s", entry.key, error)
            return
        self._remember(self.folder / name, (self.folder / name).stat())
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
