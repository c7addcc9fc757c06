"""What the server asks of its worker, and what the worker has to say: orders go there, reports come back."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from engine.backends.backend import PackCall, RunRequest
from engine.backends.options import WorkerOptions
from engine.backends.settings import Settings
from engine.packs.source import PackFailure, PackSource

# ---- orders: what the worker is asked to do


class Begin(msgspec.Struct, array_like=True, tag=1):
    """Import the packs, and be ready."""

    settings: Settings
    options: WorkerOptions


class Start(msgspec.Struct, array_like=True, tag=2):
    """Carry out a run; `job` is its number between these two processes."""

    job: int
    request: RunRequest


class Stop(msgspec.Struct, array_like=True, tag=3):
    """Cancel that job."""

    job: int


class AskDevice(msgspec.Struct, array_like=True, tag=4):
    """How is the device?"""

    call: int


class AskCheck(msgspec.Struct, array_like=True, tag=5):
    """What do nodes say of their inputs?"""

    call: int
    request: RunRequest


class AskFree(msgspec.Struct, array_like=True, tag=6):
    """Let go of models, of results, or of both."""

    call: int
    models: bool
    results: bool


class AskReload(msgspec.Struct, array_like=True, tag=7):
    """Import a pack anew."""

    call: int
    source: PackSource


class AskRoutes(msgspec.Struct, array_like=True, tag=8):
    """Which routes have packs registered?"""

    call: int


class AskAnswer(msgspec.Struct, array_like=True, tag=9):
    """Have a pack answer."""

    call: int
    asked: PackCall


class AskForecast(msgspec.Struct, array_like=True, tag=10):
    """What would a run do?"""

    call: int
    request: RunRequest


class AskPeek(msgspec.Struct, array_like=True, tag=11):
    """How does the value of an output look that is kept?"""

    call: int
    request: RunRequest
    node: str
    output: str | int


Question: TypeAlias = (
    AskDevice | AskCheck | AskFree | AskReload | AskRoutes | AskAnswer | AskForecast | AskPeek
)
Order: TypeAlias = Begin | Start | Stop | Question

# ---- reports: what the worker has to say


class Importing(msgspec.Struct, array_like=True, tag=1):
    """The import of this pack begins."""

    pack: str
    where: str


class Loaded(msgspec.Struct, array_like=True, tag=2):
    """All packs are imported: their specs as plain data, those that failed, and what stands for the specs."""

    specs: Any
    failures: tuple[PackFailure, ...]
    stamp: str


class Happened(msgspec.Struct, array_like=True, tag=3):
    """Events of a job, as arrays."""

    job: int
    events: list[list[Any]]


class Refused(msgspec.Struct, array_like=True, tag=4):
    """The job's graph has problems."""

    job: int
    problems: Any


class Answered(msgspec.Struct, array_like=True, tag=5):
    """The answer to a question."""

    call: int
    value: Any


class Declined(msgspec.Struct, array_like=True, tag=6):
    """A question that went wrong."""

    call: int
    error: str


class Tired(msgspec.Struct, array_like=True, tag=7):
    """The worker asks to be replaced, and why."""

    reason: str


Report: TypeAlias = Importing | Loaded | Happened | Refused | Answered | Declined | Tired
