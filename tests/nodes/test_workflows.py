"""The example graphs on a tiny model: sampling step by step, caching of steps, saving."""

from pathlib import Path

import PIL.Image
import pytest
import torch

from engine.graph.edit import with_input
from engine.graph.graph import Graph, Link, Node
from engine.graph.validate import validate
from engine.packs.folders import listing
from engine.run.events import NodeFinished, RunFinished
from engine.run.folders import Folders
from nodes.port_types import Latent
from tests.nodes.running import ROOT, House, Outcome, house, loaded, workflow

LATENT = Link("sampler", "latent")


def latent(outcome: Outcome) -> torch.Tensor:
    """The sampled latent."""
    found = outcome.values[LATENT]
    assert isinstance(found, Latent)
    return found.samples


def sampling(home: House, name: str, **settings: object) -> Outcome:
    """Run an example's sampler, with some of its inputs changed."""
    graph = workflow(name)
    for input, value in {"steps": 5, **settings}.items():
        graph = with_input(graph, "sampler", input, value)  # type: ignore[arg-type]
    return home.run(graph, LATENT)


def steps_taken(outcome: Outcome) -> int:
    """How many denoise steps were computed."""
    return sum(
        isinstance(event, NodeFinished) and "step " in event.path and not event.from_cache
        for event in outcome.events
    )


EACH_KIND = ["euler", "euler_ancestral", "euler_cfg_pp", "dpm_2", "lms", "ddim"]
SEEING_ALL = ["heunpp2", "dpm_fast", "dpm_adaptive", "dpmpp_2m_sde", "sa_solver", "uni_pc"]


@pytest.mark.parametrize("sampler", EACH_KIND + SEEING_ALL)
@pytest.mark.parametrize("scheduler", ["normal", "ddim"])
def test_step_by_step_gives_the_bits_of_the_fused_sampler(
    tmp_path: Path, sampler: str, scheduler: str
) -> None:
    home, settings = house(tmp_path), {"sampler_name": sampler, "scheduler": scheduler}
    fused = latent(sampling(home, "text_to_image", **settings))
    stepwise = latent(sampling(home, "text_to_image_stepwise", **settings))
    assert torch.equal(fused, stepwise)


def masked(graph: Graph) -> Graph:
    """The same, but only the left half of the latent may change."""
    nodes = {
        **graph.nodes,
        "open": Node("SolidMask", {"value": 1.0, "width": 32, "height": 64}),
        "closed": Node("SolidMask", {"value": 0.0, "width": 64, "height": 64}),
        "mask": Node(
            "MaskComposite",
            {"destination": Link("closed", "mask"), "source": Link("open", "mask"), "operation": "add"},
        ),
        "masked": Node(
            "SetLatentNoiseMask", {"samples": Link("canvas", "latent"), "mask": Link("mask", "mask")}
        ),
    }
    return with_input(Graph(nodes), "sampler", "latent_image", Link("masked", "latent"))


@pytest.mark.parametrize("sampler", ["euler", "ddim", "dpmpp_2m"])
def test_step_by_step_gives_the_same_bits_where_only_a_part_is_painted(tmp_path: Path, sampler: str) -> None:
    home, found = house(tmp_path), []
    for name in ("text_to_image", "text_to_image_stepwise"):
        graph = with_input(masked(workflow(name)), "sampler", "sampler_name", sampler)
        found.append(latent(home.run(with_input(graph, "sampler", "steps", 4), LATENT)))
    assert torch.equal(*found)
    assert not found[0][..., 9:].any()  # the right half of an empty latent stays empty
    assert found[0][..., :7].any()


def test_every_step_is_kept_so_a_longer_run_of_the_same_levels_takes_only_the_new_ones(
    tmp_path: Path,
) -> None:
    home = house(tmp_path)
    # With denoise, 6 steps at 0.6 and 3 at 0.3 are the ends of the same ten levels.
    short = sampling(home, "text_to_image_stepwise", steps=6, denoise=0.6)
    again = sampling(home, "text_to_image_stepwise", steps=6, denoise=0.6)
    other = sampling(home, "text_to_image_stepwise", steps=6, denoise=0.6, seed=1)
    assert (steps_taken(short), steps_taken(again), steps_taken(other)) == (6, 0, 6)


def test_hundreds_of_steps_are_no_deeper_than_one(tmp_path: Path) -> None:
    outcome = sampling(house(tmp_path), "text_to_image_stepwise", steps=300, cfg=1.0)
    assert steps_taken(outcome) == 300
    assert isinstance(outcome.events[-1], RunFinished)
    assert outcome.events[-1].status == "done"


def test_a_saved_picture_has_the_size_of_the_canvas(tmp_path: Path) -> None:
    home = house(tmp_path)
    graph = with_input(with_input(workflow("text_to_image"), "canvas", "width", 48), "sampler", "steps", 2)
    home.run(graph)
    with PIL.Image.open(tmp_path / "output" / "text_to_image_00001_.png") as picture:
        assert picture.size == (48, 64)


def test_a_picture_goes_through_the_first_stage_and_back(tmp_path: Path) -> None:
    home = house(tmp_path)
    PIL.Image.new("RGB", (18, 13), "red").save(tmp_path / "input" / "shapes.png")
    home.run(workflow("reconstruct"))
    with PIL.Image.open(tmp_path / "output" / "reconstruct_00001_.png") as picture:
        assert picture.size == (16, 12)


def shortened(graph: Graph) -> Graph:
    """A training graph with very little to do."""
    for id, node in graph.nodes.items():
        for input, value in {"steps": 2, "batch": 2, "count": 4}.items():
            if input in node.inputs:
                graph = with_input(graph, id, input, value)
    return graph


def test_training_is_a_graph_whose_checkpoint_paints(tmp_path: Path) -> None:
    home = house(tmp_path)
    done = home.run(shortened(workflow("train_text_to_image")))
    assert isinstance(done.events[-1], RunFinished)
    assert done.events[-1].status == "done"
    (trained,) = (tmp_path / "output" / "checkpoints").iterdir()
    trained.rename(tmp_path / "models" / "checkpoints" / "trained.safetensors")
    graph = with_input(workflow("text_to_image"), "model", "ckpt_name", "trained.safetensors")
    painted = home.run(with_input(graph, "sampler", "steps", 2), LATENT)
    assert latent(painted).shape == (1, 4, 16, 16)
    assert bool(latent(painted).isfinite().all())


@pytest.mark.parametrize("path", sorted((ROOT / "workflows").glob("*.json")), ids=lambda path: path.stem)
def test_every_example_graph_is_valid(path: Path) -> None:
    registry = loaded().registry
    files = listing(Folders(ROOT / "models", ROOT / "input"), registry)
    files = {**files, "checkpoints": (*files.get("checkpoints", ()), "tiny.safetensors")}
    assert validate(workflow(path.stem), registry, files) == []
