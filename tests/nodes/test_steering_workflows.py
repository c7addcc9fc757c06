"""The example graphs of steering and of large pictures, from end to end on tiny models."""

from pathlib import Path

import PIL.Image
import pytest

from engine.graph.edit import with_input
from engine.graph.graph import Graph
from engine.run.events import RunFinished
from ldm.checkpoint import save_model
from tests.nodes.running import House, house, workflow
from tests.nodes.tasks import SPECS, model_of

LITTLE = {"steps": 2, "count": 8, "batch": 4}
TEXT = "a red circle"  # the tiny model reads no long ones


def with_little_to_do(graph: Graph) -> Graph:
    """The same in few steps."""
    for id, node in graph.nodes.items():
        if node.kind == "CLIPTextEncode" and len(str(node.inputs["text"])) > len(TEXT):
            graph = with_input(graph, id, "text", TEXT)
        for input, value in LITTLE.items():
            if input in node.inputs:
                graph = with_input(graph, id, input, value)
    return graph


def run(home: House, graph: Graph) -> None:
    """Run a graph, which must end well."""
    done = home.run(with_little_to_do(graph))
    assert isinstance(done.events[-1], RunFinished)
    assert done.events[-1].status == "done", [
        event for event in done.events if "Failed" in type(event).__name__
    ]


def size(folder: Path, name: str) -> tuple[int, int]:
    """How large a picture is that was saved."""
    with PIL.Image.open(folder / "output" / f"{name}_00001_.png") as picture:
        return picture.size


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("guided_by_picture", {"guided_by_picture": (64, 64)}),
        ("small_guides_large", {"small": (64, 64), "large": (128, 128)}),
        ("large_in_patches", {"large_in_patches": (192, 96)}),
        ("guided_by_classifier", {"guided_by_classifier": (64, 64), "classifier_loss": (640, 360)}),
    ],
)
def test_an_example_paints(tmp_path: Path, name: str, saved: dict[str, tuple[int, int]]) -> None:
    home = house(tmp_path)
    PIL.Image.new("RGB", (128, 64), (2, 90, 200)).save(tmp_path / "input" / "shapes.png")
    run(home, workflow(name))
    assert {picture: size(tmp_path, picture) for picture in saved} == saved


def test_a_sample_of_one_model_is_enlarged_by_another(tmp_path: Path) -> None:
    home, graph = house(tmp_path), workflow("sample_then_enlarge")
    for id, spec in {"model": "class attended to", "upscaler": "low resolution"}.items():
        save_model(model_of(SPECS[spec]), tmp_path / "models" / "checkpoints" / f"{id}.safetensors")
        graph = with_input(graph, id, "ckpt_name", f"{id}.safetensors")
    graph = with_input(graph, "label", "text", "2")
    for side in ("width", "height"):
        graph = with_input(graph, "canvas", side, 32)
    run(home, graph)
    assert (size(tmp_path, "sample"), size(tmp_path, "enlarged")) == ((32, 32), (128, 128))
