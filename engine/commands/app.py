"""The command line's outline: which commands there are and what they take. What they do is in their own files."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import click

from engine.backends.settings import Settings
from engine.commands.serve_flags import serve

FAILED, INVALID, INTERRUPTED = 1, 2, 130
SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?", re.IGNORECASE)
UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


class Failure(click.ClickException):
    """Something that ends a command: what is wrong and what to do, with the exit code of bad usage."""

    exit_code = INVALID


def start(group: click.Group, name: str) -> None:
    """Run the command in `sys.argv` and leave with its exit code. Whatever it did not expect is told in a line."""
    try:
        code = group(prog_name=name, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = INTERRUPTED
    except BrokenPipeError:  # whoever read the output has seen enough, and the rest of it goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        click.echo(f"Internal error: {type(error).__name__}: {error}", err=True)
        click.echo("This is a fault of Weft, not of your graph. With --debug it shows where.", err=True)
        code = FAILED
    sys.exit(code)


def _bytes(ctx: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    """A size as people write it: 6GiB, 6G, 500 MB, 1000000."""
    if text is None:
        return None
    found = SIZE.fullmatch(text.strip())
    size = int(float(found[1]) * UNITS[found[2].lower()]) if found else 0
    if size <= 0:
        raise click.BadParameter(f"'{text}' is no size. Write it as 6GiB or 500MiB.", ctx, parameter)
    return size


@click.command()
@click.argument("graph", type=click.Path(path_type=Path))
@click.option("--set", "edits", multiple=True, metavar="NODE.INPUT=VALUE", help="Change an input first.")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="Where pictures go.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option(
    "--dtype",
    type=click.Choice(["auto", "fp32", "bf16", "fp16"]),
    default="fp32",
    show_default=True,
    help="What models' weights are kept in; auto is half precision where that is fast.",
)
@click.option("--explain", is_flag=True, help="Say why each node runs, or does not.")
@click.option("--json", "as_json", is_flag=True, help="One event a line, as JSON.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.option("--no-cache", is_flag=True, help="Use no results of earlier runs, and keep none on disk.")
@click.option(
    "--memory",
    callback=_bytes,
    metavar="SIZE",
    help="What models and results may take of the device's memory, as 6GiB; by default half of it.",
)
@click.pass_obj
def run(
    settings: Callable[[Path | None], Settings],
    graph: Path,
    edits: tuple[str, ...],
    output: Path | None,
    device: str,
    dtype: str,
    explain: bool,
    as_json: bool,
    debug: bool,
    no_cache: bool,
    memory: int | None,
) -> None:
    """Run a graph: a file of any format that Weft reads, or a picture that carries one.

    NODE is an id or a title. Exit code 0: done; 1: a node failed; 2: the graph is invalid; 130: cancelled.
    """
    from engine.commands.run import run_graph  # noqa: PLC0415  (only this command loads the engine)
    from engine.commands.wishes import Wishes  # noqa: PLC0415

    wishes = Wishes(edits, device, explain, as_json, debug, disk=not no_cache, memory=memory, dtype=dtype)
    sys.exit(run_graph(settings(output), graph, wishes))


@click.command()
@click.argument("graph", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One problem a line, as JSON.")
@click.pass_obj
def validate(settings: Callable[[Path | None], Settings], graph: Path, as_json: bool) -> None:
    """Check a graph and name every problem, without running anything."""
    from engine.commands.check import check_graph  # noqa: PLC0415

    sys.exit(check_graph(settings(None), graph, as_json=as_json))


@click.command()
@click.argument("graph", type=click.Path(path_type=Path))
@click.option("--to", "format", required=True, type=click.Choice(["weft", "prompt", "workflow"]))
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@click.pass_obj
def convert(
    settings: Callable[[Path | None], Settings], graph: Path, format: str, output: Path | None
) -> None:
    """Write a graph in another format: Weft's own, ComfyUI's API prompt, or a workflow of ComfyUI's editor."""
    from engine.commands.convert import convert_graph  # noqa: PLC0415

    sys.exit(convert_graph(settings(None), graph, format, output))


@click.command("convert-checkpoint")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--memory",
    callback=_bytes,
    metavar="SIZE",
    help="What reading it may take, as 8GiB; by default several times the file's size.",
)
def convert_checkpoint(source: Path, target: Path, memory: int | None) -> None:
    """Write the weights of a pickled file (.ckpt, .pt, .pth, .bin) as safetensors, which Weft reads.

    Pickles can run code while they are read. This one is read by a process of its own that imports nothing it asks for.
    """
    from engine.commands.convert_checkpoint import convert_checkpoint  # noqa: PLC0415

    sys.exit(convert_checkpoint(source, target, memory))


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Everything that is known of them, as JSON.")
@click.pass_obj
def nodes(settings: Callable[[Path | None], Settings], name: str | None, as_json: bool) -> None:
    """List all nodes, or show one: its inputs, outputs and help."""
    from engine.commands.nodes import show_nodes  # noqa: PLC0415

    show_nodes(settings(None), name, as_json=as_json)


@click.command("build-editor")
@click.option(
    "--script",
    "scripts",
    multiple=True,
    metavar="NAME",
    help="Run this script of web/package.json instead: dev, lint, test ...",
)
@click.pass_obj
def build_editor(settings: Callable[[Path | None], Settings], scripts: tuple[str, ...]) -> None:
    """Build the browser's editor, if its sources have changed. It takes some seconds, and a network the first time."""
    from engine.commands.build_editor import build_editor, run_scripts  # noqa: PLC0415

    root = settings(None).private.parent
    if scripts:
        run_scripts(root, scripts)
    else:
        build_editor(root)


class ServesByDefault(click.Group):
    """Without a command, the flags are those of `serve`: people start ComfyUI so."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The command and its arguments."""
        own = args and (not args[0].startswith("-") or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if own else ["serve", *args])


def app(settings: Callable[[Path | None], Settings]) -> click.Group:
    """The command line over these settings; they are asked for with the output folder, if one is named."""
    return ServesByDefault(
        commands=[serve, run, validate, convert, convert_checkpoint, nodes, build_editor],
        help="Weft: typed node graphs for latent diffusion.",
        context_settings={"help_option_names": ["-h", "--help"], "obj": settings},
    )
