"""How a backend is to work: plain values, chosen once, that could be sent to another machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from engine.run.memory import DeviceWish, DtypeWish
from engine.run.policies import CachePolicy
from engine.run.previews import LARGEST

PreviewMethod: TypeAlias = Literal["none", "auto", "latent2rgb", "taesd"]


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker computes, and what it may take.

    Args:
        device: Where to compute; "auto" takes a GPU if there is one.
        disk: Whether results are kept on disk, for the next start.
        policy: What is kept between runs.
        metadata: Whether files carry the graph that made them.
        preview_method: "none" shows the pictures that nodes make for it, but draws no unfinished values. The
            others all mean: drawn as their class says.
        preview_size: The longer side of previews, in pixels.
        import_seconds: How long the import of one pack may take before the worker is ended and does without it.
        most_memory: Bytes that an idle worker may hold; with more, once it has let go of all results, it is
            replaced by a new one. None means any number.
        most_open_files: Files and sockets that an idle worker may hold open before it is replaced; by default, half
            of what the system lets it open.
        dtype: What models' weights are kept in; "auto" is half precision where that is fast.
    """

    device: DeviceWish = "auto"
    disk: bool = True
    policy: CachePolicy = "all"
    metadata: bool = True
    preview_method: PreviewMethod = "auto"
    preview_size: int = LARGEST
    import_seconds: float = 60.0
    most_memory: int | None = None
    most_open_files: int | None = None
    dtype: DtypeWish = "fp32"


def draws_previews(options: WorkerOptions, extra: bytes) -> bool:
    """Whether unfinished values are drawn in a run; what came with it (`preview_method`) goes before the options."""
    said = msgspec.json.decode(extra) if b"preview_method" in extra else {}
    method = said.get("preview_method", "default") if isinstance(said, dict) else "default"
    return (options.preview_method if method == "default" else method) != "none"
