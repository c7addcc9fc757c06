from __future__ import annotations

import asyncio
from pathlib import Path

from engine.backends.backend import Packs
from engine.graph.registry import registry_of
from engine.graph.spec import FileWidget, InputSpec
from engine.graph.types import Named
from engine.run.folders import Folders
from engine.server.nodes.known_nodes import KnownNodes
from tests.engine.server.comfy_traffic import spec

READS = spec("Reads", InputSpec("name", Named("str"), True, widget=FileWidget("texts")))
PACKS = Packs(registry_of([READS]))


def folders(home: Path) -> Folders:
    (home / "models" / "texts" / "deep").mkdir(parents=True)
    return Folders(home / "models", home / "input")


def put(home: Path, name: str) -> None:
    (home / "models" / "texts" / name).write_text("x")


def test_files_that_come_and_go_are_seen_at_once(tmp_path: Path) -> None:
    nodes = KnownNodes(PACKS, folders(tmp_path))
    seen = [nodes.listing()["texts"]]
    put(tmp_path, "a.txt")
    seen.append(nodes.listing()["texts"])
    put(tmp_path, "deep/b.txt")
    seen.append(nodes.listing()["texts"])
    (tmp_path / "models" / "texts" / "a.txt").unlink()
    seen.append(nodes.listing()["texts"])

    assert seen == [(), ("a.txt",), ("a.txt", "deep/b.txt"), ("deep/b.txt",)]


def test_a_folder_that_is_made_later_is_seen(tmp_path: Path) -> None:
    nodes = KnownNodes(PACKS, Folders(tmp_path / "models", tmp_path / "input"))
    before = nodes.files("texts")
    folders(tmp_path)
    put(tmp_path, "a.txt")

    assert (before, nodes.files("texts")) == ((), ("a.txt",))


def test_a_folder_is_read_once_while_nothing_changes(tmp_path: Path) -> None:
    nodes = KnownNodes(PACKS, folders(tmp_path))

    assert nodes.files("texts") is nodes.files("texts")


def test_who_waits_for_the_nodes_goes_on_when_the_worker_has_told(tmp_path: Path) -> None:
    async def waiting() -> list[str]:
        nodes = KnownNodes(Packs(registry_of(())), folders(tmp_path), settled=False)
        asyncio.get_running_loop().call_later(0.01, nodes.replace, PACKS)
        return list(await nodes.settled())

    assert asyncio.run(waiting()) == ["Reads"]
