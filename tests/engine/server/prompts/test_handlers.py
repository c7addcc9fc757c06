"""Packs that want to see prompts before they are accepted (`add_on_prompt_handler`)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.backends.backend import PackAnswer, PackCall, WorkerLost
from engine.backends.settings import settings_at
from engine.graph.registry import registry_of
from engine.packs.serving import ON_PROMPT
from tests.engine.installation import Installation, installed, use
from tests.engine.served import Served, served
from tests.engine.server.comfy_traffic import spec
from tests.engine.server.standing import Still, standing

LOUD = """
from server import PromptServer

def louder(posted):
    for node in posted["prompt"].values():
        if node["class_type"] == "Word":
            node["inputs"]["text"] = node["inputs"]["text"].upper() + "!"
    return posted

def broken(posted):
    raise LookupError("this handler is broken")

async def later(posted):
    posted["extra_data"] = {"seen": True}
    return posted

for handler in (louder, broken, later):
    PromptServer.instance.add_on_prompt_handler(handler)
NODE_CLASS_MAPPINGS = {}
"""
PROMPT = {"1": use("Word", text="hello"), "2": use("SaveText", text=["1", 0])}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made = installed(tmp_path_factory.mktemp("handlers"))
    (made.folder / "custom_nodes").mkdir()
    (made.folder / "custom_nodes" / "loud.py").write_text(LOUD)
    return made


def saved(server: Served, id: str) -> tuple[str, dict[str, Any]]:
    """The text that a run of the prompt has saved, and what the history shows of the run."""
    status, said = server.post("/prompt", {"prompt": PROMPT, "prompt_id": id})
    assert status == 200, said
    entry: dict[str, Any] = server.wait_for(id)
    (file,) = entry["outputs"]["2"]["files"]
    return (server.folder / "output" / file["subfolder"] / file["filename"]).read_text(), entry


def test_a_prompt_goes_through_every_handler_and_none_can_lose_it(installation: Installation) -> None:
    with served(installation) as server:
        server.wait_until_ready()
        text, entry = saved(server, "first")
        log = json.dumps(server.json("/internal/logs/raw"))

    assert text == "HELLO!"
    assert entry["prompt"][2]["1"]["inputs"]["text"] == "HELLO!"
    assert entry["prompt"][3] == {"seen": True}
    assert "this handler is broken" in log


def test_a_prompt_that_comes_while_the_worker_starts_is_handled_too(installation: Installation) -> None:
    for id in ("second", "third"):  # the second time, the nodes are known before the packs are there
        with served(installation) as server:
            assert saved(server, id)[0] == "HELLO!"


class Handling(Still):
    """A backend whose packs have a handler, or none; counts how often it is asked."""

    def __init__(self, *, handles: bool, answer: PackAnswer | Exception | None = None) -> None:
        super().__init__(registry_of([spec("Save", effect=True)]))
        self.handles, self.told, self.asked = handles, answer, 0

    async def routes(self) -> tuple[tuple[str, str], ...]:
        return (*await super().routes(), *([ON_PROMPT] if self.handles else []))

    async def answer(self, call: PackCall) -> PackAnswer:
        self.asked += 1
        if isinstance(self.told, Exception):
            raise self.told
        return self.told or PackAnswer(200, (), call.body)


def post(home: Path, backend: Handling) -> tuple[int, str]:
    """The status of a prompt's answer, and the log."""
    settings = replace(settings_at(home), libraries=())
    with standing(home, backend=backend, settings=settings) as server:
        answer = server.post("/prompt", {"prompt": {"1": use("Save")}})
        return answer.status, server.get("/internal/logs").body.decode()


def test_nobody_is_asked_where_no_pack_has_a_handler(tmp_path: Path) -> None:
    backend = Handling(handles=False)

    assert post(tmp_path, backend)[0] == 200
    assert backend.asked == 0


@pytest.mark.parametrize(
    "told",
    [WorkerLost(9, None), PackAnswer(500, (), b"no"), PackAnswer(200, (), b"[]"), PackAnswer(200, (), b"{")],
)
def test_a_prompt_that_the_packs_cannot_handle_goes_on_as_it_came(
    tmp_path: Path, told: PackAnswer | Exception
) -> None:
    backend = Handling(handles=True, answer=told)
    status, log = post(tmp_path, backend)

    assert (status, backend.asked) == (200, 1)
    assert "prompt" in log


def test_a_client_cannot_ask_the_handlers_itself(tmp_path: Path) -> None:
    backend = Handling(handles=True)
    with standing(tmp_path, backend=backend) as server:
        for line in (b"HOOK on_prompt HTTP/1.1", b"HOOK /on_prompt HTTP/1.1", b"POST /on_prompt HTTP/1.1"):
            said = server.raw(line + b"\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % server.port)
            assert said.split()[1] in {b"400", b"404", b"405"}

    assert backend.asked == 0
