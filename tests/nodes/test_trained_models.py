"""Models that were trained here paint: each kind through the nodes that tell it what it listens to."""

import json
from pathlib import Path

import PIL.Image
import pytest
import torch

from engine.api import Context, Files, Folders
from engine.graph.edit import with_input
from ldm.checkpoint import load_model
from ldm.spec import ConcatSpec, RescalerSpec
from nodes.concat import low_resolution
from nodes.data_sets import boxed_pictures, class_folders, mapped_pictures, shapeland_data
from nodes.inpaint import inpaint_conditioning
from nodes.latent import empty_latent
from nodes.layout import class_label, encode_layout, layout_box
from nodes.port_types import Conditioning, FirstStage, Image, Latent, Mask
from nodes.sampling import sample
from nodes.semantic import semantic_map
from nodes.text import encode_text
from nodes.train_diffusion import Encoded, TrainedDiffusion, encode_dataset, train_diffusion_model
from tests.ldm.data.pictures import picture
from tests.ldm.tiny import tiny_model
from tests.nodes.running import house, workflow

SIDE = 32


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    (tmp_path / "input").mkdir()
    return Context(
        inputs=Folders(tmp_path / "models", tmp_path / "input"),
        outputs=Files(tmp_path / "output", tmp_path / "temp", tmp_path / "state"),
    )


@pytest.fixture
def vae() -> FirstStage:
    return FirstStage(tiny_model().first_stage)


def painted(
    trained: TrainedDiffusion, positive: Conditioning, negative: Conditioning, latent: Latent
) -> torch.Tensor:
    """Two steps of the model."""
    done = sample(
        model=trained.model,
        steps=2,
        cfg=2.0,
        positive=positive,
        negative=negative,
        latent_image=latent,
        ctx=Context(),
    )
    assert bool(done.samples.isfinite().all())
    return done.samples


def trained(encoded: Encoded, ctx: Context, **more: object) -> TrainedDiffusion:
    """A model after some steps at a high rate, so that what it is told matters."""
    settings = {"steps": 8, "batch": 2, "rate": 0.05, "decay": 0.1, **more}
    return train_diffusion_model(encoded.encoded, encoded.vae, ctx=ctx, **settings)  # type: ignore[arg-type]


def test_an_inpainting_model_sees_mask_and_picture(ctx: Context, vae: FirstStage) -> None:
    encoded = encode_dataset(vae, shapeland_data(4), "mask", ctx=ctx)
    model, hole = trained(encoded, ctx), torch.zeros(1, SIDE, SIDE)
    hole[:, :16] = 1
    silence, found = encode_text("", model.clip), []
    for grey in (0.2, 0.8):
        seen = Image(torch.full((1, SIDE, SIDE, 3), grey))
        told = inpaint_conditioning(silence, silence, encoded.vae, seen, Mask(hole))
        found.append(painted(model, told.positive, told.negative, empty_latent(SIDE, SIDE)))
    assert found[0].shape == (1, 4, 8, 8)
    assert not torch.equal(*found)


def test_an_upscaling_model_sees_the_small_picture(ctx: Context, vae: FirstStage) -> None:
    model = trained(encode_dataset(vae, shapeland_data(4), "low resolution", ctx=ctx), ctx)
    silence, found = encode_text("", model.clip), []
    for grey in (0.2, 0.8):
        told = low_resolution(silence, silence, Image(torch.full((1, 8, 8, 3), grey)))
        found.append(painted(model, told.positive, told.negative, told.latent))
    assert found[0].shape == (1, 4, 8, 8)
    assert not torch.equal(*found)


@pytest.mark.parametrize("classes_in", ["context", "time"])
def test_a_class_model_paints_another_picture_for_another_class(
    ctx: Context, vae: FirstStage, classes_in: str
) -> None:
    assert ctx.inputs is not None
    for name, colour in (("cat", "red"), ("dog", "blue")):
        picture(ctx.inputs.input / "classes" / name / "a.png", colour)
    encoded = encode_dataset(vae, class_folders(side=SIDE, ctx=ctx), ctx=ctx)
    model = trained(encoded, ctx, classes_in=classes_in)
    none = class_label(model.clip, 2, nothing=classes_in == "context")
    found = [
        painted(model, class_label(model.clip, number), none, empty_latent(SIDE, SIDE)) for number in (0, 1)
    ]
    assert not torch.equal(*found)


def test_a_layout_model_paints_another_picture_for_another_box(ctx: Context, vae: FirstStage) -> None:
    assert ctx.inputs is not None
    home = ctx.inputs.input
    picture(home / "pictures" / "a.png", size=(20, 20))
    said = {
        "images": [{"id": 0, "file_name": "a.png", "width": 20, "height": 20}],
        "annotations": [{"image_id": 0, "category_id": 1, "bbox": [0, 0, 10, 10]}],
        "categories": [{"id": 1, "name": "thing"}],
    }
    (home / "instances.json").write_text(json.dumps(said))
    model = trained(encode_dataset(vae, boxed_pictures(side=SIDE, most=2, ctx=ctx), ctx=ctx), ctx)
    silence = encode_text("", model.clip)
    found = [
        painted(model, encode_layout(layout_box(0, left), model.clip), silence, empty_latent(SIDE, SIDE))
        for left in (0.0, 0.5)
    ]
    assert not torch.equal(*found)


def test_a_learned_variance_is_sampled_with(ctx: Context, vae: FirstStage) -> None:
    model = trained(encode_dataset(vae, shapeland_data(4), ctx=ctx), ctx, learned_variance=True)
    told = encode_text("a red circle", model.clip)
    assert painted(model, told, told, empty_latent(SIDE, SIDE)).shape == (1, 4, 8, 8)


def test_a_model_of_semantic_maps_paints_another_picture_for_another_map(
    ctx: Context, vae: FirstStage
) -> None:
    assert ctx.inputs is not None
    home = ctx.inputs.input
    for index in range(2):
        picture(home / "pictures" / f"{index}.png", size=(20, 20))
        (home / "maps").mkdir(exist_ok=True)
        PIL.Image.new("L", (20, 20), index).save(home / "maps" / f"{index}.png")
    data = mapped_pictures(classes=3, side=SIDE, ctx=ctx)
    model = trained(encode_dataset(vae, data, "semantic map", ctx=ctx), ctx)
    assert model.model.spec.rescaler == RescalerSpec(channels=3, out_channels=3, stages=2)
    silence, found = encode_text("", model.clip), []
    for number in (0, 2):
        labels = Image(torch.full((1, SIDE, SIDE, 3), number / 255))
        told = semantic_map(silence, silence, model.clip, labels)
        found.append(painted(model, told.positive, told.negative, told.latent))
    assert not torch.equal(*found)


def test_a_model_of_semantic_maps_needs_them(ctx: Context, vae: FirstStage) -> None:
    with pytest.raises(ValueError, match="have no semantic maps"):
        encode_dataset(vae, shapeland_data(2), "semantic map", ctx=ctx)


def test_the_example_graph_trains_an_inpainting_model_that_can_be_loaded(tmp_path: Path) -> None:
    home, graph = house(tmp_path), workflow("train_inpainting")
    for id, few in (("pictures", {"count": 4}), ("diffusion", {"steps": 2, "batch": 2})):
        for input, value in few.items():
            graph = with_input(graph, id, input, value)
    home.run(graph)
    (saved,) = (tmp_path / "output" / "checkpoints").iterdir()
    spec = load_model(saved).spec
    assert spec.concat == ConcatSpec(order=("mask", "masked_image"))
    assert (spec.unet.in_channels, spec.conditioning_key) == (9, "hybrid")
