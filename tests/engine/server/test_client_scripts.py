"""Scripts as people have them for ComfyUI, against a server in a process of its own with a worker in another."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, WSMsgType

from tests.engine.installation import Installation, installed, use
from tests.engine.served import Served, served

PACK = '''
import struct
import zlib

from engine.api import Context, Published, node


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@node("Paint")
def paint(red: int = 0, steps: int = 2, *, ctx: Context) -> Published:
    """A picture of one pixel."""
    for _ in ctx.track(range(steps)):
        pass
    pixel = zlib.compress(bytes([0, red, 0, 0]))
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    data = b"\\x89PNG\\r\\n\\x1a\\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixel) + _chunk(b"IEND", b"")
    return ctx.files.publish("ComfyUI", ".png", "image/png", lambda path: path.write_bytes(data))
'''

OLD_PACK = """
from aiohttp import web
from server import PromptServer


class Upper:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {"default": "a"})}, "hidden": {"id": "UNIQUE_ID"}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "upper"
    OUTPUT_NODE = True
    CATEGORY = "text"

    def upper(self, text, id):
        return {"ui": {"text": [text.upper(), id]}, "result": (text.upper(),)}


@PromptServer.instance.routes.get("/old/hello/{name}")
async def hello(request):
    return web.json_response({"hello": request.match_info["name"], **request.query})


NODE_CLASS_MAPPINGS = {"Upper": Upper}
WEB_DIRECTORY = "./js"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    installation: Installation = installed(tmp_path_factory.mktemp("scripts"))
    packs = installation.folder / "custom_nodes"
    (packs / "old" / "js").mkdir(parents=True)
    (packs / "painter.py").write_text(PACK)
    (packs / "old" / "__init__.py").write_text(OLD_PACK)
    (packs / "old" / "js" / "old.js").write_text("// old")
    with served(installation) as server:
        yield server


async def pictures_of_websocket_client(address: str, prompt: dict[str, Any]) -> dict[str, list[bytes]]:
    """Connect, queue, wait for the end, read the history, fetch the pictures."""
    client = str(uuid.uuid4())
    async with ClientSession(address) as session:
        async with session.ws_connect(f"/ws?clientId={client}") as ws:
            async with session.post(
                "/prompt", data=json.dumps({"prompt": prompt, "client_id": client})
            ) as answer:
                prompt_id = (await answer.json())["prompt_id"]
            while True:
                message = await ws.receive(timeout=60)
                if message.type is not WSMsgType.TEXT:
                    continue  # a preview
                told = json.loads(message.data)
                if told["type"] == "executing":
                    data = told["data"]
                    if data["node"] is None and data["prompt_id"] == prompt_id:
                        break
        async with session.get(f"/history/{prompt_id}") as answer:
            history = (await answer.json())[prompt_id]
        found: dict[str, list[bytes]] = {}
        for node, output in history["outputs"].items():
            for image in output.get("images", ()):
                query = {key: image[key] for key in ("filename", "subfolder", "type")}
                async with session.get(f"/view?{urlencode(query)}") as answer:
                    found.setdefault(node, []).append(await answer.read())
        return found


def test_a_script_with_a_websocket_gets_its_pictures(server: Served) -> None:
    prompt = {"3": use("Paint", red=255), "9": use("Paint", red=7)}

    pictures = asyncio.run(pictures_of_websocket_client(server.address, prompt))

    assert {node: len(found) for node, found in pictures.items()} == {"3": 1, "9": 1}
    assert all(data.startswith(b"\x89PNG") for found in pictures.values() for data in found)


def test_the_same_again_comes_from_the_cache_with_its_pictures(server: Served) -> None:
    prompt = {"1": use("Paint", red=42)}

    first, second = (asyncio.run(pictures_of_websocket_client(server.address, prompt)) for _ in range(2))

    assert first == second != {}


def test_a_batch_script_queues_all_and_asks_for_each(server: Served) -> None:
    ids = []
    for red in range(20):
        status, body = server.post("/api/prompt", {"prompt": {"1": use("Paint", red=red)}})
        assert status == 200
        ids.append(json.loads(body)["prompt_id"])

    ends = [server.wait_for(id) for id in ids]

    names = [end["outputs"]["1"]["images"][0]["filename"] for end in ends]  # type: ignore[index]
    assert len(set(names)) == 20
    assert server.json("/prompt") == {"exec_info": {"queue_remaining": 0}}
    numbers = [end["prompt"][0] for end in ends]  # type: ignore[index]
    assert numbers == sorted(numbers)


def test_a_script_with_a_mistake_learns_what_it_is(server: Served) -> None:
    status, body = server.post("/prompt", {"prompt": {"1": use("Paint", red="much")}})

    told = json.loads(body)
    assert (status, told["error"]["type"]) == (400, "prompt_outputs_failed_validation")
    (error,) = told["node_errors"]["1"]["errors"]
    assert (error["type"], error["extra_info"]["input_name"]) == ("invalid_input_type", "red")


def test_a_script_that_fails_finds_the_error_in_the_history(server: Served) -> None:
    prompt = {"1": use("Fail", text="this"), "2": use("SaveText", text=["1", 0])}
    _, body = server.post("/prompt", {"prompt": prompt})

    end = server.wait_for(json.loads(body)["prompt_id"])

    status = end["status"]
    assert isinstance(status, dict)
    (error,) = (data for kind, data in status["messages"] if kind == "execution_error")
    assert (status["status_str"], error["node_id"], error["exception_type"]) == ("error", "1", "ValueError")


def test_a_script_interrupts_what_it_started(server: Served) -> None:
    prompt = {"1": use("Slow", text="x", steps=400, seconds=0.05), "2": use("SaveText", text=["1", 0])}
    _, body = server.post("/prompt", {"prompt": prompt})
    id = json.loads(body)["prompt_id"]
    while not (queue := server.json("/queue")) or not isinstance(queue, dict) or not queue["queue_running"]:
        pass

    assert server.post("/interrupt", {"prompt_id": id})[0] == 200

    status = server.wait_for(id)["status"]
    assert isinstance(status, dict)
    assert (status["status_str"], status["completed"]) == ("error", False)
    assert [kind for kind, _ in status["messages"]][-1] == "execution_interrupted"


def test_a_pack_written_for_comfyui_has_its_nodes_its_routes_and_its_scripts(server: Served) -> None:
    server.wait_until_ready()
    _, body = server.post("/prompt", {"prompt": {"7": use("Upper", text="abc")}})

    end = server.wait_for(json.loads(body)["prompt_id"])

    assert end["outputs"] == {"7": {"text": ["ABC", "7"]}}
    assert server.json("/api/old/hello/you?and=me") == {"hello": "you", "and": "me"}
    assert server.json("/extensions") == ["/extensions/old/old.js"]
    assert server.get("/extensions/old/old.js") == (200, b"// old")


def test_a_pack_is_loaded_anew_while_runs_wait(server: Served) -> None:
    slow = {"1": use("Slow", text="x", steps=20, seconds=0.05), "2": use("SaveText", text=["1", 0])}
    first, second = (
        json.loads(server.post("/prompt", {"prompt": slow, "prompt_id": id})[1]) for id in ("a", "b")
    )
    source = server.folder / "custom_nodes" / "old" / "__init__.py"
    source.write_text(
        OLD_PACK.replace('{"Upper": Upper}', '{"Upper": Upper, "Louder": Upper}').replace("/old/", "/new/")
    )

    status, _ = server.post("/api/packs/old/reload", None)

    assert status == 200
    assert list(json.loads(server.get("/object_info/Louder")[1])) == ["Louder"]
    assert server.json("/new/hello/you") == {"hello": "you"}
    assert server.get("/old/hello/you")[0] == 404
    for run in (first, second):
        end = server.wait_for(run["prompt_id"])["status"]
        assert isinstance(end, dict)
        assert end["status_str"] == "success"
