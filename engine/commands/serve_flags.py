"""The flags of `serve`: ComfyUI's, by its names and meanings, and Weft's own. What they do is in `serve.py`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click

from engine.backends.settings import Settings

EVERYWHERE = "0.0.0.0,::"
SEVERAL = ("--whitelist-custom-nodes", "--extra-model-paths-config")  # take all values up to the next flag
CERTIFICATES = "SSL_CERT_FILE"  # where OpenSSL looks for them
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FOLDER = click.Path(path_type=Path, file_okay=False, resolve_path=True)
FILE = click.Path(path_type=Path, dir_okay=False, resolve_path=True)


@dataclass(frozen=True, slots=True)
class Flags:
    """What was said on the command line."""

    listen: str
    port: int
    allow_host: tuple[str, ...]
    allow_origin: tuple[str, ...]
    token: bool
    tls_keyfile: Path | None
    tls_certfile: Path | None
    max_upload_size: float
    base_directory: Path | None
    output_directory: Path | None
    input_directory: Path | None
    temp_directory: Path | None
    user_directory: Path | None
    extra_model_paths_config: tuple[Path, ...]
    cache_classic: bool
    cache_lru: int | None
    cache_none: bool
    cpu: bool
    dtype: Literal["auto", "fp32", "bf16", "fp16"]
    preview_method: Literal["none", "auto", "latent2rgb", "taesd"]
    preview_size: int
    disable_metadata: bool
    front_end_root: Path | None
    disable_all_custom_nodes: bool
    whitelist_custom_nodes: tuple[str, ...]
    grace: float
    verbose: str
    debug: bool


@contextmanager
def _without_certificates() -> Iterator[None]:
    """For the import of aiohttp, whose client, never used here, would read the system's certificates for 0.1 s."""
    before = os.environ.get(CERTIFICATES)
    os.environ[CERTIFICATES] = os.devnull
    try:
        yield
    finally:
        del os.environ[CERTIFICATES]
        if before is not None:
            os.environ[CERTIFICATES] = before


class ServeCommand(click.Command):
    """A command some of whose flags take several values, as `--whitelist-custom-nodes one two`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Say such a flag once for each of its values, which is how click has it."""
        return super().parse_args(ctx, list(_spread(args)))


def _spread(args: Sequence[str]) -> list[str]:
    spread: list[str] = []
    flag, taken = "", 0
    for arg in args:
        if arg.startswith("--"):
            flag, taken = (arg, 0) if arg in SEVERAL else ("", 0)
        elif flag:
            spread += [flag] if taken else []
            taken += 1
        spread.append(arg)
    return spread


@click.command(cls=ServeCommand)
@click.option(
    "--listen",
    is_flag=False,
    flag_value=EVERYWHERE,
    default="127.0.0.1",
    show_default=True,
    metavar="[IP,...]",
    help="Where to listen; without an address, everywhere. Beyond this machine it needs --token.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8188, show_default=True)
@click.option(
    "--allow-host", multiple=True, metavar="NAME", help="A name by which clients ask for this server."
)
@click.option("--allow-origin", multiple=True, metavar="URL", help="A site whose pages may use this server.")
@click.option(
    "--token", is_flag=True, help="Ask clients for a token; it is made and shown at the first start."
)
@click.option("--tls-keyfile", type=FILE, help="The key, for https.")
@click.option("--tls-certfile", type=FILE, help="The certificate, for https.")
@click.option("--max-upload-size", type=float, default=100, show_default=True, metavar="MB")
@click.option("--base-directory", type=FOLDER, help="Has models, custom_nodes, input, output and user.")
@click.option("--output-directory", type=FOLDER, help="Where pictures go.")
@click.option("--input-directory", type=FOLDER, help="Where pictures to start from lie.")
@click.option("--temp-directory", type=FOLDER, help="Where a folder 'temp' for previews is made.")
@click.option("--user-directory", type=FOLDER, help="Where settings and workflows lie; must be there.")
@click.option(
    "--extra-model-paths-config", type=FILE, multiple=True, metavar="FILE...", help="More places of models."
)
@click.option(
    "--cache-classic",
    is_flag=True,
    help="Keep the results of the last graph. By default all are kept that there is room for.",
)
@click.option("--cache-lru", type=click.IntRange(0), metavar="N", help="Keep the results of N nodes at most.")
@click.option("--cache-none", is_flag=True, help="Keep no results.")
@click.option("--cpu", is_flag=True, help="Compute on the CPU, even where there is a GPU.")
@click.option(
    "--dtype",
    type=click.Choice(["auto", "fp32", "bf16", "fp16"]),
    default="fp32",
    show_default=True,
    help="What models' weights are kept in; auto is half precision where that is fast.",
)
@click.option(
    "--preview-method",
    type=click.Choice(["none", "auto", "latent2rgb", "taesd"]),
    default="auto",
    show_default=True,
    help="Whether unfinished pictures are drawn; a run may say so itself.",
)
@click.option("--preview-size", type=click.IntRange(16, 4096), default=512, show_default=True)
@click.option("--disable-metadata", is_flag=True, help="Write no graph into pictures.")
@click.option("--front-end-root", type=FOLDER, help="Another editor's files, such as ComfyUI's.")
@click.option("--disable-all-custom-nodes", is_flag=True, help="Load no packs.")
@click.option(
    "--whitelist-custom-nodes", multiple=True, metavar="NAME...", help="Load these packs all the same."
)
@click.option("--grace", type=click.FloatRange(0), default=10.0, show_default=True, metavar="SECONDS",
              help="How long a run has to stop by itself, and the server to end.")  # fmt: skip
@click.option(
    "--verbose",
    is_flag=False,
    flag_value="DEBUG",
    default="INFO",
    type=click.Choice(LEVELS, case_sensitive=False),
    metavar="[LEVEL]",
    help="How much is logged.",
)
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.pass_obj
def serve(settings: Callable[[Path | None], Settings], /, **values: Any) -> None:
    """Start the server, which is also what happens without a command."""
    with _without_certificates():
        from engine.commands.serve import start_server  # noqa: PLC0415

    sys.exit(start_server(settings(None), Flags(**values)))
