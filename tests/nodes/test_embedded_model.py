"""The model that Weft ships: it paints what it is told, and its pictures can be made again."""

import json
import subprocess
import sys
from pathlib import Path

import PIL.Image
import pytest
import torch

from engine.api import Context, Folders
from nodes.first_stage import decode_latent
from nodes.latent import empty_latent
from nodes.loaders import Checkpoint, load_checkpoint
from nodes.measure import Measured, measure_adherence
from nodes.sampling import sample
from nodes.text import encode_text
from tests.nodes.running import ROOT

NAME = "shapeland-nano.safetensors"


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    """The shipped model."""
    return load_checkpoint(NAME, ctx=Context(inputs=Folders(ROOT / "models", ROOT / "input")))


@pytest.fixture(scope="module")
def measured(checkpoint: Checkpoint) -> Measured:
    """What it makes of 256 captions that training never saw."""
    return measure_adherence(checkpoint.model, checkpoint.clip, checkpoint.vae, count=256, ctx=Context())


@pytest.mark.timeout(400)  # 5,120 steps of the sampler
def test_it_paints_captions_that_training_never_saw(measured: Measured) -> None:
    found = dict(part.rsplit(" ", 1) for part in measured.report.partition(": ")[2].split(", "))
    assert float(found["background"]) >= 0.95, measured.report
    assert float(found["colour"]) >= 0.9, measured.report
    assert float(found["strict"]) >= 0.5, measured.report


def test_the_first_of_them_are_shown_on_a_sheet(measured: Measured) -> None:
    assert measured.pictures.pixels.shape == (1, 512, 512, 3)


def test_the_prompt_decides_the_colour(checkpoint: Checkpoint) -> None:
    """Not by the parser, but by the plain mean of the pixels: red, green and blue must each win where asked for."""

    model, clip, vae = checkpoint
    for channel, colour in enumerate(("red", "green", "blue")):
        told = encode_text(f"a large {colour} square in the center on a black background", clip)
        latent = sample(
            model=model,
            positive=told,
            negative=encode_text("", clip),
            latent_image=empty_latent(64, 64, 4),
            cfg=3.0,
            sampler_name="ddim",
            scheduler="ddim",
            ctx=Context(),
        )
        means = decode_latent(latent, vae).pixels.mean(dim=(0, 1, 2))
        assert int(torch.argmax(means)) == channel, (colour, means.tolist())


def run(graph: Path, output: Path) -> list[dict[str, object]]:
    """Run a graph as a user does, in a process of its own; the events that it told."""
    command = [sys.executable, "main.py", "run", str(graph), "--output", str(output), "--json", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", ["text_to_image", "text_to_image_stepwise"])
def test_a_picture_is_its_own_graph_and_running_it_gives_the_same_pixels(tmp_path: Path, name: str) -> None:
    run(ROOT / "workflows" / f"{name}.json", tmp_path / "first")
    (picture,) = (tmp_path / "first").glob("*.png")
    events = run(picture, tmp_path / "second")
    assert events[-1]["status"] == "done"
    (again,) = (tmp_path / "second").glob("*.png")
    with PIL.Image.open(picture) as first, PIL.Image.open(again) as second:
        assert first.tobytes() == second.tobytes()
        assert first.size == (64, 64)
