"""Making a backend ready: import the packs, choose the device, open the caches."""

from __future__ import annotations

from engine.backends.inline import Inline
from engine.backends.settings import Settings
from engine.packs.load import load_packs
from engine.packs.source import PackFailure
from engine.run.cache import Layers, MemoryCache
from engine.run.codec import Codec
from engine.run.disk_cache import DiskCache
from engine.run.memory import DeviceWish, choose_device
from engine.run.workers import Workers


def open_inline(
    settings: Settings, device: DeviceWish = "auto", *, disk: bool = True
) -> tuple[Inline, tuple[PackFailure, ...]]:
    """A backend in this process, and the packs that could not be imported.

    Args:
        settings: Where everything lies.
        device: Where to compute; "auto" takes a GPU if there is one.
        disk: Whether results are kept on disk, for the next start.

    Raises:
        DeviceMissing: the device that was asked for is not there.
    """
    loaded = load_packs(settings.packs)
    workers = Workers(
        loaded.registry, loaded.functions, settings.folders, settings.files, choose_device(device)
    )
    memory = MemoryCache()
    kept = DiskCache(settings.results, Codec(loaded.functions.values())) if disk else None
    return Inline(workers, Layers(memory, kept) if kept else memory), loaded.failures
