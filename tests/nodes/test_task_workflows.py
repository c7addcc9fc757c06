"""The example graphs of the paper's tasks, each on a tiny model of its task."""

from dataclasses import replace
from pathlib import Path

import PIL.Image
import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from engine.formats.read import read_any
from engine.graph.edit import with_input
from engine.graph.graph import Graph
from engine.run.events import RunFinished
from ldm.checkpoint import save_model
from ldm.spec import ClipSpec, ModelSpec
from ldm.text.open_clip import to_open_clip
from tests.ldm.tiny import SPEC
from tests.nodes.running import ROOT, house
from tests.nodes.tasks import SPECS, model_of
from tests.nodes.test_vision import TOWER, UNCLIP, tower

SMALL = ClipSpec(width=16, layers=2, heads=2, skipped=1, normed=False)
LARGE = replace(SMALL, width=24, activation="gelu", pad=0, projection=12, layout="open_clip")
BASE = replace(
    SPEC, text=None, clip=SMALL, second_clip=LARGE,
    unet=replace(SPEC.unet, context_dim=40, vector_dim=12 + 6 * 256),
)  # fmt: skip
REFINER = replace(
    BASE, clip=LARGE, second_clip=None, unet=replace(SPEC.unet, context_dim=24, vector_dim=12 + 5 * 256)
)

TASKS: dict[str, dict[str, ModelSpec]] = {
    "image_to_image": {"model": SPECS["text"]},
    "inpaint": {"model": SPECS["text"]},
    "larger_than_trained": {"model": SPECS["text"]},
    "areas": {"model": SPECS["text"]},
    "unconditional": {"model": SPECS["nothing"]},
    "class_to_image": {"model": SPECS["class attended to"]},
    "layout_to_image": {"model": SPECS["boxes"]},
    "semantic_synthesis": {"model": SPECS["semantic map"]},
    "super_resolution": {"model": SPECS["low resolution"]},
    "remove_object": {"model": SPECS["inpainting, LDM's order"]},
    "inpaint_model": {"model": SPECS["inpainting, Stable Diffusion's order"]},
    "change_by_instruction": {"model": SPECS["source"]},
    "depth_to_image": {"model": SPECS["depth"]},
    "upscale_x4": {"model": SPECS["low resolution, roughened"]},
    "sdxl_with_refiner": {"model": BASE, "refiner": REFINER},
    "image_variations": {"model": UNCLIP},
}
SIDES = {"width", "height", "x", "y", "target_width", "target_height"}
SMALL_ALREADY = {"image_to_image", "inpaint", "larger_than_trained", "areas", "super_resolution"}


def small(graph: Graph, shrunk: bool) -> Graph:
    """The same with little to do, and with the few classes that tiny models know."""
    for id, node in graph.nodes.items():
        for input, value in node.inputs.items():
            if input in SIDES and isinstance(value, int) and shrunk:
                graph = with_input(graph, id, input, value // 8)
            if input == "color" and isinstance(value, int):
                graph = with_input(graph, id, input, (value >> 16) % 6 << 16)
            if input in {"steps", "end_at_step", "start_at_step"} and isinstance(value, int):
                graph = with_input(graph, id, input, min(value, {"steps": 2, "end_at_step": 1}.get(input, 1)))
            if input == "number":
                graph = with_input(graph, id, input, 2)
    return graph


def add_tower(file: Path) -> None:
    """Put an image tower into a checkpoint, where those of unCLIP have it."""
    with safe_open(file, "pt") as opened:
        said = opened.metadata()
    theirs = to_open_clip(tower().state_dict())
    inside = {f"embedder.model.{key}": value.contiguous() for key, value in theirs.items()}
    save_file({**load_file(file), **inside}, file, metadata=said)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_carried_out_by_its_example(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = house(tmp_path)
    monkeypatch.setattr("ldm.vision.files.VIT_H", TOWER)
    PIL.Image.new("RGB", (128, 64), (2, 90, 200)).save(tmp_path / "input" / "shapes.png")
    graph, problems = read_any(ROOT / "workflows" / f"{name}.json")
    assert problems == []
    graph = small(graph, name not in SMALL_ALREADY)
    for id, spec in TASKS[name].items():
        file = tmp_path / "models" / "checkpoints" / f"{id}.safetensors"
        save_model(model_of(spec), file)
        if spec.image_vector is not None:
            add_tower(file)
        graph = with_input(graph, id, "ckpt_name", f"{id}.safetensors")

    done = home.run(graph)

    assert isinstance(done.events[-1], RunFinished)
    assert done.events[-1].status == "done", [
        event for event in done.events if "Failed" in type(event).__name__
    ]
    with PIL.Image.open(tmp_path / "output" / f"{name}_00001_.png") as picture:
        assert min(picture.size) >= 16
