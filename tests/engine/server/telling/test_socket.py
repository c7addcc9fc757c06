"""Clients and their sockets: several of one client, those that come back, those that are slow, and many."""

import asyncio
import json
import socket as sockets
import struct
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from engine.server.telling import outbox
from engine.server.telling.outbox import Patience
from tests.engine.server.comfy_traffic import recorded
from tests.engine.server.runs_lab import Ears, Place, chain, kinds, serving, story, use
from tests.engine.server.toy_pack.toys import JPEG

PICTURES = {"p": use("PProgress", steps=3, delay=0.15, preview=True), "s": use("PShow", x=["p", 0])}


def waiting_for(path: Path) -> dict[str, object]:
    return {"1": use("PWait", path=str(path)), "2": use("PShow", x=["1", 0])}


@story
async def test_the_first_message_is_the_status_with_the_clients_own_id(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, place.listen("me") as ears:
        first = await ears.next()
        await ears.flags()

    assert first == {"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}, "sid": "me"}}
    assert [list(first), list(first["data"])] == [["type", "data"], ["status", "sid"]]
    assert ears.heard[-1] == recorded("runs")["ws_connect_flags"][1]


@story
async def test_a_client_without_an_id_is_given_one(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, place.listen("") as ears:
        sid = (await ears.until("status"))["sid"]
        run = await place.send(chain(3), sid)
        await ears.until_end(run)

    assert len(sid) == 32


@pytest.mark.parametrize(
    "words", ["no json", "[]", '{"type": 3}', '{"type": "other", "data": {}}', '{"data": null}']
)
@story
async def test_a_client_may_say_anything(tmp_path: Path, words: str) -> None:
    async with serving(tmp_path) as place, place.listen("me") as ears:
        await ears.socket.send_str(words)
        await ears.socket.send_bytes(b"\0\1")
        await ears.until_end(await place.send(chain(3), "me"))


@story
async def test_all_sockets_of_a_client_hear_the_same(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, place.listen("me") as one, place.listen("me") as two:
        run = await place.send(chain(3), "me")
        for ears in (one, two):
            await ears.until_end(run)

    assert one.of(run) == two.of(run) != []


@story
async def test_when_an_old_socket_of_a_client_closes_the_new_one_goes_on_hearing(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, place.listen("me") as old, place.listen("me") as new:
        await new.until("status")
        await old.socket.close()
        while len(place.services.hub) > 1:
            await asyncio.sleep(0.001)
        await new.until_end(await place.send(chain(3), "me"))


@story
async def test_who_comes_back_while_its_run_goes_on_is_told_where_it_is(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with serving(tmp_path) as place:
        async with place.listen("me") as ears:
            run = await place.send(waiting_for(go), "me")
            await ears.until("executing", run)
        async with place.listen("me") as ears:
            await ears.until("status")
            assert await ears.next() == {"type": "executing", "data": {"node": "1"}}
            progress = await ears.until("progress_state", run)
            go.touch()
            await ears.until_end(run)

    assert progress["nodes"]["1"]["state"] == "running"


@pytest.mark.parametrize("heard_first", [1, 3, 5, 8])
@story
async def test_who_comes_back_hears_exactly_what_it_missed(tmp_path: Path, heard_first: int) -> None:
    """Whether the run still goes on then or is over."""
    go = tmp_path / "go"
    prompt = {**chain(6), "w": use("PWait", path=str(go)), "x": use("PShow", x=["w", 0])}
    async with serving(tmp_path) as place, place.listen("me") as all_ears:
        run = await place.send(prompt, "me")
        await all_ears.until("executing", run, node="w")
        while len(all_ears.of(run)) < heard_first:
            await all_ears.next()
        last = all_ears.of(run)[heard_first - 1]["data"]["at"]
        async with place.listen("me", after=f"{run}:{last}") as during:
            go.touch()
            await during.until_end(run)
        await all_ears.until_end(run)
        async with place.listen("me", after=f"{run}:{last}") as afterwards:
            await afterwards.until_end(run)

    missed = all_ears.of(run)[heard_first:]
    assert [m for m in during.of(run) if "at" in m["data"]] == missed
    assert afterwards.of(run) == missed


@story
async def test_who_missed_nothing_is_told_nothing_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, place.listen("me") as ears:
        run = await place.send(chain(3), "me")
        await ears.until_end(run)
        async with place.listen("me", after=f"{run}:{ears.heard[-1]['data']['at']}") as again:
            other = await place.send(chain(4), "me")
            await again.until_end(other)

    assert again.of(run) == []


@pytest.mark.parametrize("after", ["", "run", "run:", "run:x", "run:1.x", "run:1.2.3.x"])
@story
async def test_a_place_that_is_none_is_refused(tmp_path: Path, after: str) -> None:
    async with serving(tmp_path) as place:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await place.session.ws_connect(place.url + "/ws", params={"after": after})

    assert caught.value.status == 400


# ---- pictures


@story
async def test_pictures_say_whose_they_are_to_those_who_understand(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, place.listen("me") as new, place.listen("me") as old:
        await new.flags()
        run = await place.send(PICTURES, "me")
        for ears in (new, old):
            await ears.until_end(run)

    (kind, length), rest = struct.unpack(">II", new.pictures[0][:8]), new.pictures[0][8:]
    (recording,) = [m for m in recorded("runs")["progress_preview_meta"]["msgs"] if m.get("BINARY")][:1]
    meta = json.loads(rest[:length])
    assert kind == 4
    assert list(meta) == list(recording["meta"])
    assert meta == {**recording["meta"], "prompt_id": run}
    assert rest[length:].startswith(JPEG)
    assert struct.unpack(">II", old.pictures[0][:8]) == (1, 1)
    assert old.pictures[0][8:].startswith(JPEG)


@story
async def test_nobody_else_sees_them(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, place.listen("me") as me, place.listen("you") as you:
        await me.until_end(await place.send(PICTURES, "me"))
        await place.ended(
            await place.send({**PICTURES, "p": use("PProgress", steps=2, delay=0.11, preview=True)})
        )
        await you.until_end(await place.send(chain(3), "you"))

    assert me.pictures != []
    assert you.pictures == []


# ---- slow ones, and many


def deaf(place: Place, client: str) -> sockets.socket:
    """A client with little room that never reads."""
    host, port = place.url.removeprefix("http://").split(":")
    line = sockets.socket()
    line.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    line.connect((host, int(port)))
    key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    line.sendall(
        f"GET /ws?clientId={client} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\n{key}\r\n".encode()
    )
    return line


@story
async def test_a_client_that_does_not_read_holds_nobody_up_and_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "Patience", lambda: Patience(2**16, 0.2, 1.0, 2**22, 2**14, 0.01))
    many = {str(number): use("PShow", x="x" * 1000 + str(number)) for number in range(500)}
    async with serving(tmp_path) as place, place.listen("me") as fast:
        await fast.until("status")
        slow = await asyncio.to_thread(deaf, place, "me")
        while len(place.services.hub) < 2:
            await asyncio.sleep(0.001)
        while len(place.services.hub) == 2:
            run = await place.send({**many, "0": use("PShow", x=f"{len(fast.heard)}" * 300)}, "me")
            await fast.until_end(run)
            assert len(fast.of(run, "executed")) == 500
        said = await asyncio.to_thread(rest_of, slow)
        await fast.until_end(await place.send(chain(3), "me"))

    assert b"Too far behind" in said


def rest_of(line: sockets.socket) -> bytes:
    line.settimeout(20)
    said = b""
    try:
        while part := line.recv(2**16):
            said = (said + part)[-2000:]
    except ConnectionResetError:
        pass
    return said


@story
async def test_two_hundred_clients_each_hear_of_their_own_run(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, AsyncExitStack() as stack:
        ears = [await stack.enter_async_context(place.listen(f"c{number}")) for number in range(200)]
        runs = [await place.send(chain(3, number), one.client) for number, one in enumerate(ears)]

        async def outcome(one: Ears, run: str) -> Any:
            await one.until_end(run)
            return one.of(run, "executed")[0]["data"]["output"]["text"]

        shown = await asyncio.gather(*map(outcome, ears, runs))

    assert shown == [[str(number + 1)] for number in range(200)]
    assert all(not one.of(run) for one, run in zip(ears, [*runs[1:], runs[0]], strict=True))


@story
async def test_there_is_an_end_to_how_many_are_let_in(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        place.services.hub.most = 2
        async with place.listen("a"), place.listen("b"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await place.session.ws_connect(place.url + "/ws")
        while len(place.services.hub):
            await asyncio.sleep(0.001)
        async with place.listen("c") as ears:
            await ears.until("status")

    assert caught.value.status == 503


@story
async def test_a_client_that_has_vanished_without_a_word_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.server.telling.socket.HEARTBEAT", 0.05)
    async with serving(tmp_path) as place:
        line = await asyncio.to_thread(deaf, place, "gone")  # it never answers a ping
        while not len(place.services.hub):
            await asyncio.sleep(0.001)
        while len(place.services.hub):
            await asyncio.sleep(0.01)
        line.close()


@story
async def test_messages_grow_with_the_graph_and_not_with_its_square(tmp_path: Path) -> None:
    """A thousand nodes side by side: ComfyUI sends 191 MiB for them."""
    wide: dict[str, object] = {f"n{i}": use("PShow", x=i) for i in range(1000)}
    async with serving(tmp_path) as place, place.listen("me") as ears:
        run = await place.send(wide, "me")
        await ears.until_end(run)

    size = sum(len(json.dumps(message)) for message in ears.heard)
    assert kinds(ears.of(run)).count("executed") == 1000
    assert size < 2**20
