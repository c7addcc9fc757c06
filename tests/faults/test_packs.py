"""Packs that do their worst when they are imported (22): each is named, the others load, and the server answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.faults.lab import installed, saved, starting, story

BAD = {
    "raises": "raise ValueError('no')",
    "exits": "import sys\nsys.exit(3)",
    "interrupts": "raise KeyboardInterrupt",
    "ends": "import os\nos._exit(7)",
    "crashes": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
    "recurses": "def f(): f()\nf()",
    "lacks": "import nowhere_to_be_found",
    "is_no_python": "def",
    "lies": "NODE_CLASS_MAPPINGS = {'Lie': object}",
}
GOOD = '''
from engine.api import node
@node("FromPack")
def f(x: int = 1) -> int:
    """A node."""
    return x
'''


@story
async def test_bad_packs_are_named_and_nothing_else_suffers(tmp_path: Path) -> None:
    weft = installed(tmp_path / "weft")
    packs = weft.folder / "custom_nodes"
    packs.mkdir()
    for name, code in {**BAD, "a_good": GOOD, "z_good": GOOD.replace("FromPack", "FromLast")}.items():
        (packs / f"{name}.py").write_text(code)
    async with starting(weft) as live:
        answered = 0
        ready = asyncio.create_task(live.ready())
        while not ready.done():
            assert (await live.ask("GET", "/system_stats"))[0] == 200  # meanwhile
            answered += 1
            await asyncio.sleep(0.05)
        await ready
        told = {pack["name"]: pack for pack in (await live.get("/packs"))["packs"]}
        assert (await live.ended(await live.send(saved(1))))["status"] == "done"
        await live.check()

    assert answered > 3
    assert {name for name in BAD if told[name]["failures"]} == BAD.keys()
    assert all(failure["text"] for name in BAD for failure in told[name]["failures"])
    assert [told[name]["nodes"] for name in ("a_good", "z_good")] == [["FromPack"], ["FromLast"]]
