"""What a process was like before any run: nodes may change it, and the next run finds it as it was."""

from __future__ import annotations

import contextlib
import io
import locale
import os
import signal
import sys
from collections.abc import Mapping
from typing import TextIO, cast

from engine.run.memory import reseed, set_tensor_defaults, tensor_defaults

SIGNALS = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGALRM,
    signal.SIGCHLD,
    signal.SIGPIPE,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
OUTPUTS = (1, 2)


class Baseline:
    """Taken once, on the main thread; `restore` is called there between two runs, and costs some 50 microseconds.

    It looks after the current folder, the environment, the umask, the locale, signals, the search path, the standard
    streams, torch's defaults, and the random numbers that nobody has seeded.
    """

    def __init__(self) -> None:
        self._folder = os.getcwd()
        self._environment = dict(_environment())
        self._umask = os.umask(0o022)
        os.umask(self._umask)
        self._locale = locale.setlocale(locale.LC_ALL)
        self._signals = {number: signal.getsignal(number) for number in SIGNALS}
        self._path = list(sys.path)
        self._outputs = {number: os.dup(number) for number in OUTPUTS}
        self._defaults = tensor_defaults()

    def restore(self) -> None:
        """Make it as it was."""
        with contextlib.suppress(OSError):
            if _current_folder() != self._folder:
                os.chdir(self._folder)
        if _environment() != self._environment:
            os.environb.clear()
            os.environb.update(self._environment)
        os.umask(self._umask)
        if locale.setlocale(locale.LC_ALL) != self._locale:
            locale.setlocale(locale.LC_ALL, self._locale)
        signal.alarm(0)
        for number, handler in self._signals.items():
            if signal.getsignal(number) is not handler and handler is not None:
                signal.signal(number, handler)
        if sys.path != self._path:
            sys.path[:] = self._path
        self._restore_outputs()
        set_tensor_defaults(self._defaults)
        reseed()

    def _restore_outputs(self) -> None:
        for number, kept in self._outputs.items():
            if not _same_file(number, kept):
                os.dup2(kept, number)
        for name, number in (("stdout", 1), ("stderr", 2)):
            stream = getattr(sys, name)
            if stream is not getattr(sys, f"__{name}__") or stream is None or stream.closed:
                fresh = cast(
                    "TextIO", io.TextIOWrapper(io.FileIO(number, "w", closefd=False), write_through=True)
                )
                setattr(sys, name, fresh)
                setattr(sys, f"__{name}__", fresh)
        make_lines()


def make_lines() -> None:
    """Have what is printed go out line by line, whatever signs are in it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")


def _environment() -> Mapping[bytes, bytes]:
    # What lies behind `os.environ`: to compare that itself decodes every variable, and takes longest of all.
    known: Mapping[bytes, bytes] = vars(os.environb)["_data"]
    return known


def _current_folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # somebody has removed it
        return ""


def _same_file(one: int, other: int) -> bool:
    try:
        return os.path.sameopenfile(one, other)
    except OSError:
        return False
