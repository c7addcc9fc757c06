"""Making a backend ready: import the packs, choose the device, open the caches."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.backends.inline import Inline
from engine.backends.settings import Settings
from engine.packs.comfy.places import use
from engine.packs.load import load_packs
from engine.packs.prestart import prestart
from engine.packs.source import PackFailure, PackSource
from engine.run.codec import Codec
from engine.run.disk_cache import DiskCache
from engine.run.files import clear_old
from engine.run.memory import DeviceWish, DtypeWish, choose_device, choose_dtype
from engine.run.policies import CachePolicy, cache_for
from engine.run.workers import Workers


def open_inline(
    settings: Settings,
    device: DeviceWish = "auto",
    *,
    disk: bool = True,
    policy: CachePolicy = "all",
    memory: int | None = None,
    importing: Callable[[PackSource], object] | None = None,
    dtype: DtypeWish = "fp32",
) -> tuple[Inline, tuple[PackFailure, ...]]:
    """A backend in this process, and the packs that could not be imported.

    Args:
        settings: Where everything lies.
        device: Where to compute; "auto" takes a GPU if there is one.
        disk: Whether results are kept on disk, for the next start.
        policy: What is kept between runs.
        memory: Bytes of the device's memory that models and results may take; by default half of it.
        importing: Is told of each pack before it is imported.
        dtype: What models' weights are kept in; "auto" is half precision where that is fast.

    Raises:
        DeviceMissing: the device that was asked for is not there.
    """
    use(settings.places)
    early = prestart(_told(settings.packs, importing))
    loaded = load_packs(_told(settings.packs, importing), settings.places)
    found = choose_device(device)
    workers = Workers(
        loaded.registry,
        loaded.functions,
        settings.folders,
        settings.files,
        found,
        dtype=choose_dtype(dtype, found),
    )
    clear_old(settings.files.temp)
    kept = DiskCache(settings.results, Codec(loaded.functions.values())) if disk else None
    cache = cache_for(policy, disk=kept, device=workers.device, budget=memory)
    return Inline(workers, cache), (*early, *loaded.failures)


def _told(
    sources: tuple[PackSource, ...], importing: Callable[[PackSource], object] | None
) -> Iterator[PackSource]:
    for source in sources:
        if importing is not None:
            importing(source)
        yield source
