"""`build-editor`: the editor's files in `web/dist`, made of `web/`; and the scripts by which it is developed."""

from __future__ import annotations

import fcntl
import gzip
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from engine.commands.app import Failure
from engine.commands.editor_sources import STAMP, digest, is_built, is_installed
from engine.commands.node_js import Npm, find_npm
from engine.server.app import routes
from engine.server.openapi import document
from engine.server.options import Options

BUILT, UNFINISHED = "dist", "dist-unfinished"
DOCUMENT, TYPES = Path("src", "wire", "openapi.json"), Path("src", "wire", "generated.ts")
# Scripts of packages are not run; what was loaded before is not asked for again; without a network it ends soon.
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline",
           "--fetch-retries=1", "--fetch-retry-mintimeout=1000")  # fmt: skip
PACKED = {".js", ".css", ".svg", ".json"}  # is sent gzipped to who takes it


def build_editor(root: Path) -> None:
    """Build the editor, if its sources have changed since it was."""
    web = _home(root)
    with _alone(web):
        now = digest(web)
        if is_built(web / BUILT, now):
            click.echo("The editor is built.")
            return
        click.echo("building the editor (the first time its packages are loaded)")
        began = time.monotonic()
        npm = find_npm()
        _install(npm, web, everything=False)
        npm.quietly(web, "run", "build", "--", "--outDir", UNFINISHED, "--emptyOutDir")
        _finish(web / UNFINISHED, web / BUILT, now)
        click.echo(f"The editor is built: {web / BUILT}, {time.monotonic() - began:.1f} s.")


def run_scripts(root: Path, scripts: Sequence[str]) -> None:
    """Run scripts of web/package.json, one after the other, with all packages installed and the wire's types made."""
    web = _home(root)
    npm = find_npm()
    with _alone(web):
        _install(npm, web, everything=True)
        _describe_wire(npm, web)
    for script in scripts:
        npm.aloud(web, "--silent", "run", script)


def _home(root: Path) -> Path:
    web = root / "web"
    if not (web / "package.json").is_file():
        raise Failure(f"The editor's sources are not there: {web}. They come with Weft's checkout.")
    return web


@contextmanager
def _alone(web: Path) -> Iterator[None]:
    """Only one process installs and builds at a time; others wait and then find it done."""
    folder = os.open(web, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _install(npm: Npm, web: Path, *, everything: bool) -> None:
    if not is_installed(web, everything=everything):
        npm.quietly(web, *INSTALL, *(() if everything else ("--omit=dev",)))


def _describe_wire(npm: Npm, web: Path) -> None:
    """Make TypeScript's types of what the server says, from its OpenAPI document; nothing is started for it."""
    told = msgspec.json.format(msgspec.json.encode(document(tuple(routes()), Options())), indent=2)
    file = web / DOCUMENT
    if (web / TYPES).is_file() and file.is_file() and file.read_bytes() == told:
        return
    (web / TYPES).unlink(missing_ok=True)  # if the next step fails, it is taken again
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(told)
    npm.quietly(web, "run", "types")


def _finish(unfinished: Path, built: Path, digest: str) -> None:
    """Pack what is there, and put it where the server looks. An earlier editor stays until then."""
    for path in unfinished.rglob("*"):
        if path.suffix in PACKED and path.parent != unfinished:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    (unfinished / STAMP).write_text(digest)
    shutil.rmtree(built, ignore_errors=True)
    unfinished.rename(built)
