"""What every backend says a run would do, before it does it."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from engine.backends.backend import Backend
from engine.backends.options import WorkerOptions
from engine.graph.facts import Fact
from engine.graph.problems import (
    Clashing,
    Cycle,
    DanglingLink,
    MissingInput,
    NoOutputs,
    UnknownNode,
    Unreadable,
)
from engine.run.events import NodeStarted
from engine.run.forecast import Forecast, Reason
from tests.engine.backends.lab import (
    MEMORY_ONLY,
    NUMBER,
    STEPPING,
    Going,
    Opening,
    graph,
    ran,
    request,
    story,
    use,
)


def sum_of(value: int, **more: dict[str, object]) -> bytes:
    return graph(n=use("Number", value=value), a=use("Add", a="@n"), s=use("Show", value="@a"), **more)


async def asked(backend: Backend, graph: bytes, *targets: str, client: str = "me") -> Forecast:
    return await backend.forecast(request(graph, targets=targets, client=client))


def states(forecast: Forecast) -> dict[str, str]:
    return {id: node.state for id, node in forecast.nodes.items()}


def whys(forecast: Forecast) -> dict[str, str]:
    return {id: node.why for id, node in forecast.nodes.items()}


@story
async def test_before_anything_ran_everything_will_for_the_first_time(opened: Opening) -> None:
    async with opened() as backend:
        forecast = await asked(backend, sum_of(1, x=use("Number")))

    assert states(forecast) == {"n": "runs", "a": "runs", "s": "runs", "x": "idle"}
    assert forecast.nodes["n"].reason == Reason("first_run")
    assert whys(forecast)["x"] == "nothing that is wanted needs it"
    assert forecast.nodes["n"].seconds is None
    assert forecast.problems == ()


@story
async def test_after_a_run_it_is_compared_with_the_clients_own(opened: Opening) -> None:
    async with opened() as backend:
        await ran(backend, request(sum_of(1), client="me"))
        same = await asked(backend, sum_of(1))
        changed = await asked(backend, sum_of(2))
        stranger = await asked(backend, sum_of(2), client="you")

    assert states(same) == dict.fromkeys("nas", "cached")
    assert same.nodes["s"].reason == Reason("cached")
    assert states(changed) == dict.fromkeys("nas", "runs")
    assert {id: node.reason for id, node in changed.nodes.items()} == {
        "n": Reason("input", "value", "1", "2"),
        "a": Reason("upstream", way=("n",)),
        "s": Reason("upstream", way=("a", "n")),
    }
    assert whys(changed)["n"] == "its input 'value' was 1 and is 2"
    assert stranger.nodes["n"].reason == Reason("first_run")


@story
async def test_it_says_what_nodes_took_the_last_time(opened: Opening) -> None:
    nodes = graph(p=use("Steps", count=3, seconds=0.01), s=use("Show", value="@p"))
    later = graph(p=use("Steps", count=4, seconds=0.01), s=use("Show", value="@p"))
    async with opened() as backend:
        await ran(backend, request(nodes, client="me"))
        await ran(backend, request(nodes, client="me"))  # which finds everything, and takes nothing anew
        same, changed = await asked(backend, nodes), await asked(backend, later)

    for node in (same.nodes["p"], changed.nodes["p"]):
        assert node.seconds is not None
        assert 0.03 <= node.seconds < 10
        assert node.size is not None
        assert 0 < node.size < 1000
        assert node.peak is None  # only a GPU can tell


@story
async def test_what_only_cached_nodes_need_is_cached_itself_or_idle(opened: Opening) -> None:
    def shown(value: int) -> bytes:
        return graph(n=use("Number", value=value), s=use("Show", value="@n"))

    async with opened(WorkerOptions(policy=1)) as backend:
        await ran(backend, request(shown(1), client="me"))
        whole = await asked(backend, shown(1))
        await ran(backend, request(shown(2), client="me"))  # now only one of the results before is kept
        rest = await asked(backend, shown(1))

    assert states(whole) == {"n": "cached", "s": "cached"}
    assert states(rest) == {"n": "idle", "s": "cached"}
    assert whys(rest)["n"] == "nothing that runs needs it"


@story
async def test_a_run_that_goes_on_is_no_reason_to_wait(opened: Opening) -> None:
    async with opened() as backend:
        going = Going(backend, STEPPING)
        await going.until(NodeStarted)
        forecast = await asked(backend, sum_of(1))
        await backend.cancel(going.request.run, 20)

    assert states(forecast) == dict.fromkeys("nas", "runs")


@story
async def test_results_on_the_disk_are_known_after_a_restart(opened: Opening) -> None:
    nodes = graph(p=use("Steps", count=3, seconds=0.01), s=use("Show", value="@p"))
    async with opened(WorkerOptions()) as backend:
        await ran(backend, request(nodes, client="me"))
        await ran(backend, NUMBER)  # what the first has made is on the disk when the second begins
    async with opened(WorkerOptions()) as backend:
        forecast = await asked(backend, nodes)

    assert states(forecast) == {"p": "cached", "s": "runs"}
    seconds, size = forecast.nodes["p"].seconds, forecast.nodes["p"].size
    assert seconds is not None
    assert seconds >= 0.03
    assert size is not None
    assert size > 0


@story
async def test_only_what_is_asked_for_is_wanted(opened: Opening) -> None:
    nodes = sum_of(1, o=use("Number", value=2), t=use("Show", value="@o"))
    async with opened() as backend:
        forecast = await asked(backend, nodes, "t")
        strange = await asked(backend, nodes, "t", "nobody")

    assert states(forecast) == {"n": "idle", "a": "idle", "s": "idle", "o": "runs", "t": "runs"}
    assert strange.problems == (DanglingLink(None, None, "nobody"),)
    assert states(strange) == states(forecast)


@story
async def test_a_graph_with_problems_has_a_forecast_of_what_can_be_planned(opened: Opening) -> None:
    nodes = graph(
        n=use("Number", value=1),
        lone=use("Add"),
        sum=use("Add", a="@n", b="@lone"),
        s=use("Show", value="@sum"),
        fine=use("Show", value="@n"),
        odd=use("Nothing"),
    )
    async with opened() as backend:
        await ran(backend, request(graph(n=use("Number", value=1), s=use("Show", value="@n")), client="me"))
        forecast = await asked(backend, nodes)

    assert [(type(problem), problem.node) for problem in forecast.problems] == [
        (MissingInput, "lone"),
        (UnknownNode, "odd"),
    ]
    assert states(forecast) == {
        "n": "cached",
        "lone": "idle",
        "sum": "idle",
        "s": "idle",
        "fine": "runs",
        "odd": "idle",
    }
    assert whys(forecast)["lone"] == "it has to be put right first"
    assert whys(forecast)["s"] == "needs node lone: it has to be put right first"
    assert forecast.nodes["sum"].outputs == {"value": Fact("number")}


@story
async def test_what_a_faulty_node_would_need_is_foretold(opened: Opening) -> None:
    nodes = graph(n=use("Number", value=1), w=use("Wear"), s=use("Even", value="@n", other="x"))
    async with opened() as backend:
        forecast = await asked(backend, nodes)

    assert states(forecast) == {"n": "runs", "w": "idle", "s": "idle"}


@story
async def test_cycles_and_unreadable_graphs_are_problems(opened: Opening) -> None:
    round = graph(a=use("Add", a="@b"), b=use("Add", a="@a"), s=use("Show", value="@b"), n=use("Number"))
    async with opened() as backend:
        turning = await asked(backend, round)
        nothing = await asked(backend, b'{"weft": 1, "nodes": 7}')
        empty = await asked(backend, b"{}")

    assert [type(problem) for problem in turning.problems] == [Cycle]
    assert set(states(turning).values()) == {"idle"}
    assert [type(problem) for problem in nothing.problems] == [Unreadable]
    assert [type(problem) for problem in empty.problems] == [NoOutputs]


@story
async def test_no_code_of_a_node_is_called_to_see_what_it_reads(opened: Opening, tmp_path: Path) -> None:
    file = tmp_path / "number"
    file.write_text("7")
    nodes = graph(
        r=use("ReadNumber", path=str(file)),
        s=use("Show", value="@r"),
        t=use("Show", value="@u"),
        u=use("Restless"),
    )
    async with opened() as backend:
        before = await asked(backend, nodes)
        assert not Path(f"{file}.asked").exists()
        await ran(backend, request(nodes, client="me"))
        looked = Path(f"{file}.asked").read_text()
        after = await asked(backend, nodes)

    assert states(before) == dict.fromkeys("rstu", "runs")
    assert states(after) == {"r": "cached", "s": "cached", "t": "runs", "u": "runs"}
    assert after.nodes["u"].reason == Reason("always")
    assert Path(f"{file}.asked").read_text() == looked


@story
async def test_what_will_come_out_is_known_beforehand(opened: Opening, tmp_path: Path) -> None:
    (tmp_path / "input").mkdir(exist_ok=True)
    (tmp_path / "input" / "rag.txt").write_text("12345")
    nodes = graph(
        n=use("Number", value=4),
        one=use("Weave", length=3, width=2),
        other=use("Weave", length="@n", width=2),
        both=use("Sew", one="@one", other="@other"),
        long=use("Measure", cloth="@one"),
        third=use("Weave", length="@long", width=2),
        dyed=use("Dye", cloth="@both"),
        found=use("Find", name="rag.txt"),
        w=use("Wear", cloth="@dyed"),
    )
    async with opened() as backend:
        forecast = await asked(backend, nodes)

    facts = {id: node.outputs.get("cloth") for id, node in forecast.nodes.items()}
    assert facts["one"] == Fact("cloth", (3, 2), "linen", 6)
    assert facts["other"] == Fact("cloth", (None, 2), "linen")
    assert facts["both"] == Fact("cloth", (None, 2), "linen")
    assert facts["third"] == Fact("cloth", (3, 2), "linen", 6)
    assert facts["dyed"] == Fact("cloth")
    assert facts["found"] == Fact("cloth", (5, 1))
    assert forecast.nodes["long"].outputs == {"int": Fact("number", value=3)}
    assert forecast.problems == ()


@story
async def test_what_cannot_go_together_is_a_problem(opened: Opening) -> None:
    nodes = graph(
        one=use("Weave", width=2),
        other=use("Weave", width=5),
        both=use("Sew", one="@one", other="@other"),
        w=use("Wear", cloth="@both"),
    )
    async with opened() as backend:
        forecast = await asked(backend, nodes)

    assert forecast.problems == (
        Clashing("both", "other", "it is 5 wide, but 'one' is 2", "Weave both equally wide."),
    )
    assert states(forecast)["both"] == "runs"
    assert forecast.nodes["both"].outputs == {"cloth": Fact("cloth")}


@story
async def test_a_large_graph_is_no_trouble(opened: Opening) -> None:
    nodes = {"0": use("Weave", length=1)}
    for number in range(1, 1000):
        nodes[f"{number}"] = use("Sew", one=f"@{number - 1}", other="@0")
    nodes["end"] = use("Wear", cloth="@999")
    async with opened(MEMORY_ONLY) as backend:
        first = await asked(backend, graph(**nodes))
        start = perf_counter()
        await asked(backend, graph(**nodes))
        print("seconds", perf_counter() - start)

    assert first.nodes["999"].outputs["cloth"].shape == (1000, 2)
