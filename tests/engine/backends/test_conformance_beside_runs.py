"""What every backend does alike beside telling of runs: what nodes are given, why they run, checks, packs, routes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.backends.backend import PackCall
from engine.backends.options import WorkerOptions
from engine.graph.problems import GraphInvalid, Refused
from engine.run.events import NodeFinished, NodesExplained, NodeStarted
from tests.engine.backends.lab import (
    NUMBER,
    STEPPING,
    Going,
    Opening,
    Outcome,
    graph,
    node_pack,
    pack,
    ran,
    request,
    story,
    use,
)


@story
async def test_nodes_can_see_what_the_run_was_asked_for_with(opened: Opening) -> None:
    nodes = graph(r=use("Request"))
    extra = json.dumps({"extra_pnginfo": {"workflow": {"a": 1}}}).encode()
    asked = request(nodes, "seven", extra=extra, client="me", secrets={"token": "canary"})
    async with opened() as backend:
        outcome = await ran(backend, asked)

    assert json.loads(outcome.shown("r")[0]) == {
        "run": "seven",
        "attempt": 1,
        "client": "me",
        "extra": {"extra_pnginfo": {"workflow": {"a": 1}}},
        "prompt": json.loads(nodes),
        "secrets": {"token": "canary"},
    }


@story
async def test_files_carry_the_document_that_the_run_was_sent_as(opened: Opening) -> None:
    drawn = {"weft": 2, "nodes": {"p": {"class_type": "Provenance", "inputs": {}}}, "groups": [{"id": "ä"}]}
    extra = json.dumps({"weft": {"document": drawn, "parent": "six"}}).encode()
    async with opened() as backend:
        (text,) = (await ran(backend, request(graph(p=use("Provenance")), extra=extra))).shown("p")

    texts = json.loads(text)
    assert texts.keys() == {"weft", "prompt"}
    assert json.loads(texts["weft"]) == drawn
    assert text.isascii()


@story
async def test_files_carry_the_graph_and_what_the_editor_sent_for_them(opened: Opening) -> None:
    extra = json.dumps({"extra_pnginfo": {"workflow": {"ä": 1}}}).encode()
    async with opened() as backend:
        asked = request(graph(p=use("Provenance")), extra=extra, secrets={"token": "canary"})
        (text,) = (await ran(backend, asked)).shown("p")

    texts = json.loads(text)
    assert {key: json.loads(value) for key, value in texts.items()}.keys() == {"weft", "prompt", "workflow"}
    assert json.loads(texts["workflow"]) == {"ä": 1}
    assert json.loads(texts["prompt"])["p"]["class_type"] == "Provenance"
    assert text.isascii()
    assert "canary" not in text


@story
async def test_files_carry_nothing_where_that_is_not_wanted(opened: Opening) -> None:
    async with opened(WorkerOptions(disk=False, metadata=False)) as backend:
        assert (await ran(backend, graph(p=use("Provenance")))).shown("p") == ("{}",)


@story
async def test_files_are_published(opened: Opening, tmp_path: Path) -> None:
    async with opened() as backend:
        outcome = await ran(backend, graph(n=use("Number", value=5), s=use("Save", value="@n")))

    (file,) = (
        file for event in outcome.of(NodeFinished) if event.published for file in event.published.files
    )
    assert (file.name, file.folder) == ("number_00001_.txt", "output")
    assert (tmp_path / "output" / file.name).read_text() == "5"


def reasons(outcome: Outcome) -> dict[str, str]:
    (explained,) = outcome.of(NodesExplained)
    return dict(explained.reasons)


@story
async def test_a_run_says_why_each_node_runs(opened: Opening) -> None:
    def nodes(value: int) -> bytes:
        return graph(n=use("Number", value=value), a=use("Add", a="@n"), s=use("Show", value="@a"))

    async with opened() as backend:
        first = await ran(backend, request(nodes(1), client="me"))
        same = await ran(backend, request(nodes(1), client="me"))
        changed = await ran(backend, request(nodes(2), client="me"))
        stranger = await ran(backend, request(nodes(4), client="you"))
        silent = await ran(backend, request(nodes(3), explain=False))

    assert set(reasons(first).values()) == {"runs for the first time"}
    assert reasons(same) == {"s": "comes from the cache"}
    assert reasons(changed) == {
        "n": "its input 'value' was 1 and is 2",
        "a": "node n above it has changed",
        "s": "node n above it has changed (by way of a)",
    }
    assert reasons(stranger)["s"] == "runs for the first time"
    assert silent.of(NodesExplained) == []


@story
async def test_nodes_are_asked_for_their_own_checks(opened: Opening) -> None:
    def nodes(value: int) -> bytes:
        return graph(n=use("Number"), e=use("Even", value=value, other="@n"))

    async with opened() as backend:
        problems = await backend.check(request(nodes(7)))
        failed = await backend.check(request(nodes(13)))
        fine = await backend.check(request(nodes(8)))
        with pytest.raises(GraphInvalid) as caught:
            await ran(backend, nodes(7))

    assert problems == [Refused("e", "value", "7 is odd, linked is {'other': 'int'}")]
    assert failed == [Refused("e", "value", "its check failed with RuntimeError: thirteen")]
    assert fine == []
    assert list(caught.value.problems) == problems


@story
async def test_kept_results_can_be_let_go_of(opened: Opening) -> None:
    async with opened() as backend:
        await ran(backend, NUMBER)
        await backend.free(models=True, results=False)
        kept = await ran(backend, NUMBER)
        await backend.free(models=False, results=True)
        gone = await ran(backend, NUMBER)

    assert (kept.started, gone.started) == ([], ["n", "s"])


@story
async def test_a_pack_can_be_imported_anew(opened: Opening, tmp_path: Path) -> None:
    node_pack(tmp_path, "changing", "Old", 1)
    node_pack(tmp_path, "staying", "Staying")
    async with opened() as backend:
        await backend.ready()
        node_pack(tmp_path, "changing", "Newer", 22)
        packs = await backend.reload("changing")
        outcome = await ran(backend, graph(n=use("Newer")))

        assert {"Old", "Newer", "Staying"} & packs.registry.keys() == {"Newer", "Staying"}
        assert outcome.shown("n") == ("22",)

        pack(tmp_path, "changing", "this is no Python")
        broken = await backend.reload("changing")
        assert [failure.pack for failure in broken.failures] == ["changing"]
        assert "Newer" not in broken.registry

        node_pack(tmp_path, "changing", "Mended", 333)
        mended = await backend.reload("changing")
        assert mended.failures == ()
        assert (await ran(backend, graph(n=use("Mended")))).shown("n") == ("333",)


@story
async def test_a_pack_can_be_added_while_it_runs(opened: Opening, tmp_path: Path) -> None:
    async with opened() as backend:
        await backend.ready()
        node_pack(tmp_path, "late", "Late", 4)
        await backend.reload("late")

        assert (await ran(backend, graph(n=use("Late")))).shown("n") == ("4",)
        for unknown in ("nothing", ""):
            with pytest.raises(LookupError, match="no pack"):
                await backend.reload(unknown)


@story
async def test_packs_answer_for_their_routes(opened: Opening) -> None:
    async with opened() as backend:
        routes = await backend.routes()
        sent = (("X-Sent", "yes"),)
        greeting = await backend.answer(PackCall("POST", "/greet/Anna%20B", "q=1", sent, b"body"))
        stumbling = await backend.answer(PackCall("GET", "/stumble", "", (), b""))
        unknown = await backend.answer(PackCall("GET", "/greet/Anna", "", (), b""))

    assert set(routes) == {("POST", "/greet/{name}"), ("GET", "/stumble")}
    assert (greeting.status, greeting.body) == (200, b"POST Anna B q=1 body")
    assert ("X-Seen", "yes") in greeting.headers
    assert (stumbling.status, unknown.status) == (500, 404)
    assert b"secret" not in stumbling.body


@story
async def test_packs_answer_while_a_run_goes_on(opened: Opening) -> None:
    async with opened() as backend:
        going = Going(backend, STEPPING)
        await going.until(NodeStarted)
        answer = await backend.answer(PackCall("POST", "/greet/Anna", "", (("X-Sent", "yes"),), b""))
        problems = await backend.check(request(graph(e=use("Even", value=7))))
        await backend.cancel(going.request.run, 20)

    assert answer.status == 200
    assert len(problems) == 1


@story
async def test_the_device_is_known_at_once(opened: Opening) -> None:
    async with opened() as backend:
        early = await backend.device()
        await backend.ready()
        later = await backend.device()

    for device in (early, later):
        assert (device.name, device.kind, device.index) == ("cpu", "cpu", None)
        assert 0 < device.memory_free <= device.memory_total
