"""`serve`, and `python main.py` without a command: from flags to a server that runs."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path

import click
import uvloop

from engine.backends.layout import Layout, LayoutError, check_apart, laid_out
from engine.backends.options import WorkerOptions
from engine.backends.process import ProcessBackend
from engine.backends.settings import Settings
from engine.commands.app import Failure
from engine.commands.serve_flags import Flags
from engine.run.policies import CachePolicy
from engine.server.access.tls import TlsError, tls_context
from engine.server.access.tokens import token_at
from engine.server.options import MIB, Limits, Options, Tls, is_loopback
from engine.server.running import Listening, serve
from engine.store.errors import StoreError

EXTRA_PATHS = "extra_model_paths.yaml"
BUILT_EDITOR = Path("web") / "dist"
TOKEN_VARIABLE = "WEFT_TOKEN"


def start_server(settings: Settings, flags: Flags) -> int:
    """Serve until told to stop; gives the exit code."""
    logging.basicConfig(
        level=flags.verbose.upper(), format="%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    )
    root = settings.private.parent
    layout = layout_of(flags, root)
    try:
        laid = laid_out(settings, root, layout)
        check_apart(laid)
    except LayoutError as error:
        raise Failure(f"{error} {error.hint}") from error
    options = options_of(flags, root, laid.user, laid.pack_folders, _token(flags, laid.settings))
    backend = ProcessBackend(laid.settings, worker_options_of(flags), laid.pack_folders)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(options, laid.settings, backend, _announce))
    except StoreError as error:
        raise Failure(f"{error} {error.hint}") from error
    except OSError as error:
        why = error.strerror or error
        raise Failure(
            f"The server cannot listen at {flags.listen}, port {flags.port}: {why}. Choose another with --port."
        ) from error
    return 0


def layout_of(flags: Flags, root: Path) -> Layout:
    """Where the flags want things to lie; the `extra_model_paths.yaml` beside main.py counts as well."""
    beside = (root / EXTRA_PATHS,) if (root / EXTRA_PATHS).is_file() else ()
    return Layout(
        flags.base_directory,
        flags.output_directory,
        flags.input_directory,
        flags.temp_directory,
        flags.user_directory,
        (*beside, *flags.extra_model_paths_config),
        frozenset(flags.whitelist_custom_nodes) if flags.disable_all_custom_nodes else None,
    )


def options_of(flags: Flags, root: Path, user: Path, packs: tuple[Path, ...], token: str) -> Options:
    """How the flags want the server to be. Raises `Failure` for what they cannot have."""
    hosts = tuple(host.strip() for host in flags.listen.split(",") if host.strip())
    if not token and not all(map(is_loopback, hosts)):
        raise Failure(
            f"Others could reach a server that listens at {flags.listen}, so it must ask them for a token. "
            f"Add --token, or set {TOKEN_VARIABLE}."
        )
    if (flags.tls_keyfile is None) != (flags.tls_certfile is None):
        raise Failure("A certificate needs its key: give both --tls-certfile and --tls-keyfile.")
    tls = Tls(flags.tls_certfile, flags.tls_keyfile) if flags.tls_certfile and flags.tls_keyfile else None
    try:
        _ = tls and tls_context(tls)  # before anything is started
    except TlsError as error:
        raise Failure(f"{error} {error.hint}") from error
    own = flags.front_end_root is None
    return Options(
        host=hosts,
        port=flags.port,
        names=tuple(name.lower() for name in flags.allow_host),
        origins=tuple(origin.rstrip("/") for origin in flags.allow_origin),
        token=token,
        tls=tls,
        limits=Limits(upload=round(flags.max_upload_size * MIB)),
        front_end=flags.front_end_root or root / BUILT_EDITOR,  # perhaps built while the server runs
        own_front_end=own,
        user=user,
        packs=packs,
        arguments=tuple(sys.argv),
        grace_s=flags.grace,
    )


def worker_options_of(flags: Flags) -> WorkerOptions:
    """How the flags want the worker to be. Raises `Failure` for flags that contradict each other."""
    chosen: list[CachePolicy] = ["classic"] if flags.cache_classic else []
    chosen += [flags.cache_lru] if flags.cache_lru is not None else []
    chosen += ["none"] if flags.cache_none else []
    if len(chosen) > 1:
        raise Failure("Choose one of --cache-classic, --cache-lru and --cache-none.")
    return WorkerOptions(
        device="cpu" if flags.cpu else "auto",
        policy=chosen[0] if chosen else "all",
        preview_method=flags.preview_method,
        metadata=not flags.disable_metadata,
        preview_size=flags.preview_size,
        dtype=flags.dtype,
    )


def _token(flags: Flags, settings: Settings) -> str:
    """The token to ask for, or nothing. A new one is shown, once."""
    if chosen := os.environ.get(TOKEN_VARIABLE, "").strip():
        return chosen
    if not flags.token:
        return ""
    token, new = token_at(settings.token)
    if new:
        click.echo(
            f"Token: {token}\n  for clients: 'Authorization: Bearer <token>'; kept in {settings.token}"
        )
    return token


def _announce(listening: Listening) -> None:
    click.echo(f"Weft listens at {', '.join(listening.urls)}")
    if listening.code:
        click.echo(f"Open it with {listening.link}  (works once)")
    sys.stdout.flush()
