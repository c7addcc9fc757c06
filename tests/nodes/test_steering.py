"""Steering nodes: with the model that Weft ships, and through whole graphs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.api import NULL_CONTEXT, Clash, Context, Fact, Folders
from engine.graph.edit import with_input
from engine.graph.graph import Graph, Link, Node
from engine.run.events import RunFinished
from ldm.diffusion.patches import Patches
from ldm.diffusion.samplers import SAMPLERS
from ldm.diffusion.steering.steer import TowardsClass
from ldm.first_stage.features import FeatureNet, perceptual_distance
from ldm.shapeland.render import render
from ldm.shapeland.scene import Scene, Thing
from ldm.unet.classifier_file import load_classifier, save_classifier
from nodes.facts.steering import steered_by_picture
from nodes.first_stage import decode_latent
from nodes.latent import empty_latent
from nodes.loaders import Checkpoint, load_checkpoint
from nodes.peeks import peek_at_classifier, peek_at_model, peek_at_transform
from nodes.picture_transforms import seen_blurred, seen_grey, seen_smaller, seen_through_mask
from nodes.port_types import (
    DiffusionModel,
    Features,
    FirstStage,
    Image,
    Latent,
    Mask,
    NoisyClassifier,
    PictureTransform,
    TextModel,
)
from nodes.samplers import choose_ddim, choose_ddpm
from nodes.sampling import sample
from nodes.schedulers import schedule_levels
from nodes.sigmas import start_at_timestep
from nodes.steering import (
    apply_transform,
    as_seen,
    sample_in_patches,
    steer_by_classifier,
    steer_by_look,
    steer_by_picture,
)
from nodes.text import encode_text
from tests.ldm.tiny import SPEC, randomise, tiny_model
from tests.ldm.unet.test_classifier import tiny as tiny_classifier
from tests.nodes.running import ROOT, TINY, house, workflow

NAME = "shapeland-nano.safetensors"


@pytest.fixture(scope="module")
def shapeland() -> Checkpoint:
    """The shipped model."""
    return load_checkpoint(NAME, ctx=Context(inputs=Folders(ROOT / "models", ROOT / "input")))


def wanted() -> Image:
    """A large red circle at the top left, on white."""
    scene = Scene("white", (Thing("circle", "red", "large", 0, 0, 10.0, 0.0, 0.0),))
    return Image((render([scene]).movedim(1, -1) + 1) / 2)


def painted(model: DiffusionModel, shapeland: Checkpoint, side: int = 64) -> Image:
    """What the model paints when it is told nothing."""
    nothing = encode_text("", shapeland.clip)
    latent = sample(
        model=model,
        positive=nothing,
        negative=nothing,
        latent_image=empty_latent(side, side, 1),
        steps=12,
        cfg=1.0,
        sampler_name="ddim",
        scheduler="ddim",
        ctx=NULL_CONTEXT,
    )
    return decode_latent(latent, shapeland.vae)


def away(one: Image, other: Image) -> float:
    """The mean squared difference of two pictures."""
    return float((one.pixels - other.pixels).square().mean())


TRANSFORMS = {
    "as it is": None,
    "blurred": seen_blurred(2.0),
    "grey and smaller": seen_smaller(2, after=seen_grey()),
    "its left part": seen_through_mask(Mask((torch.arange(64) < 48).float().expand(1, 64, 64))),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS.keys())
def test_a_picture_guides_what_is_painted(shapeland: Checkpoint, transform: PictureTransform | None) -> None:
    def through(image: Image) -> Image:
        return image if transform is None else apply_transform(image, transform)

    seen = through(wanted())
    guided = steer_by_picture(shapeland.model, shapeland.vae, seen, 4.0, transform=transform)
    free, found = (through(painted(model, shapeland)) for model in (shapeland.model, guided))
    assert away(found, seen) < 0.2 * away(free, seen)


def test_a_small_picture_guides_a_large_one(shapeland: Checkpoint) -> None:
    small = seen_smaller(2)
    guided = steer_by_picture(shapeland.model, shapeland.vae, wanted(), 4.0, transform=small)
    free, found = (painted(model, shapeland, 128) for model in (shapeland.model, guided))
    assert found.pixels.shape == (1, 128, 128, 3)
    assert away(apply_transform(found, small), wanted()) < 0.4 * away(apply_transform(free, small), wanted())


def test_a_picture_guides_by_its_look(shapeland: Checkpoint) -> None:
    net = FeatureNet().requires_grad_(requires_grad=False)
    randomise(net)
    guided = steer_by_look(shapeland.model, shapeland.vae, wanted(), Features(net))
    free, found = (
        float(
            perceptual_distance(net, *(as_seen(one.pixels) for one in (painted(model, shapeland), wanted())))
        )
        for model in (shapeland.model, guided)
    )
    assert found < 0.7 * free


# ---- on a tiny model


LOADED = tiny_model()
MODEL = DiffusionModel(LOADED.unet, LOADED.schedule, LOADED.spec)


def tiny_sample(model: DiffusionModel, cells: int = 8, **settings: Any) -> Latent:
    """What a tiny model samples."""
    told = encode_text("a red circle", TextModel(LOADED.text))
    latent = Latent(torch.zeros(2, 4, cells, cells), factor=4)
    usual = {"positive": told, "negative": told, "steps": 6, "cfg": 1.0, "ctx": NULL_CONTEXT}
    return sample(model=model, latent_image=latent, **{**usual, **settings})


def test_a_classifier_guides_what_is_painted() -> None:
    net = tiny_classifier("adaptive")
    guided = steer_by_classifier(MODEL, NoisyClassifier(net), 3, 50.0, 0.2, 0.8)
    assert guided.steering == (TowardsClass(net, 3, 50.0, 0.2, 0.8),)
    towards, away_from = (
        replace(MODEL, steering=(replace(guided.steering[0], scale=scale),)) for scale in (50.0, -50.0)
    )
    time = torch.full((2,), 100.0)
    one, other = (net(tiny_sample(model).samples, time).log_softmax(dim=1) for model in (towards, away_from))
    assert float((one - other)[:, 3].mean()) > 0


def test_every_sampler_takes_a_model_that_is_steered() -> None:
    guided = steer_by_picture(MODEL, FirstStage(LOADED.first_stage), Image(torch.rand(1, 16, 16, 3)))
    for name in SAMPLERS:
        free, found = (tiny_sample(model, 4, steps=2, sampler_name=name).samples for model in (MODEL, guided))
        assert not torch.allclose(free, found), name


def test_what_a_mask_keeps_is_kept_where_the_model_is_steered() -> None:
    guided = steer_by_picture(MODEL, FirstStage(LOADED.first_stage), Image(torch.rand(1, 32, 32, 3)))
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 4:] = 1
    known = Latent(torch.ones(1, 4, 8, 8), noise_mask=mask, factor=4)
    told = encode_text("", TextModel(LOADED.text))
    found = sample(
        model=guided, positive=told, negative=told, latent_image=known, steps=3, cfg=1.0, ctx=NULL_CONTEXT
    )
    assert torch.allclose(found.samples[..., :4], known.samples[..., :4], atol=1e-6)


def test_a_large_latent_is_sampled_in_patches_of_the_size_that_is_asked_for() -> None:
    patched = sample_in_patches(MODEL, 64, 16)
    assert patched.patches == Patches(16, 4)
    whole, small = tiny_sample(patched, 24), tiny_sample(patched, 16)
    assert whole.samples.shape == (2, 4, 24, 24)
    assert torch.equal(small.samples, tiny_sample(MODEL, 16).samples)  # it is one patch
    assert not torch.equal(whole.samples, tiny_sample(MODEL, 24).samples)


def test_steering_that_does_not_fit_the_model_says_so() -> None:
    net = NoisyClassifier(tiny_classifier())
    with pytest.raises(ValueError, match=r"knows the classes 0 to 4, but 5 is asked for"):
        steer_by_classifier(MODEL, net, 5)
    other = replace(MODEL, spec=replace(SPEC, first_stage=replace(SPEC.first_stage, embed_dim=3)))
    with pytest.raises(ValueError, match=r"looks at latents of 4 channels, but the model samples 3"):
        steer_by_classifier(other, net)
    with pytest.raises(ValueError, match=r"decodes latents of 4 channels, but the model samples 3"):
        steer_by_picture(other, FirstStage(LOADED.first_stage), Image(torch.rand(1, 32, 32, 3)))


# ---- as graphs


def steering(kind: str) -> Graph:
    """The example, a small picture that guides a large one, in a few steps of this sampler node."""
    graph = workflow("small_guides_large")
    for name in ("small", "large"):
        graph = with_input(graph, name, "steps", 3)
    large = graph.nodes["large"]
    return Graph({**graph.nodes, "large": replace(large, kind=kind)})


def test_step_by_step_a_steered_model_gives_the_bits_of_the_fused_sampler(tmp_path: Path) -> None:
    home = house(tmp_path)
    found = []
    for kind in ("KSampler", "KSamplerStepwise"):
        latent = home.run(steering(kind), Link("large", "latent")).values[Link("large", "latent")]
        assert isinstance(latent, Latent)
        found.append(latent.samples)
    assert torch.equal(*found)


def test_a_classifier_is_loaded_from_a_file_and_guides(tmp_path: Path) -> None:
    home = house(tmp_path)
    (tmp_path / "models" / "classifiers").mkdir()
    save_classifier(tiny_classifier("adaptive"), tmp_path / "models" / "classifiers" / "tiny.safetensors")
    graph = with_input(workflow("text_to_image"), "sampler", "steps", 2)
    nodes = {
        **graph.nodes,
        "classifier": Node("ClassifierLoader", {"classifier_name": "tiny.safetensors"}),
        "guided": Node(
            "ClassifierGuidance",
            {"model": Link("model", "model"), "classifier": Link("classifier", "classifier"), "label": 2},
        ),
    }
    guided = with_input(Graph(nodes), "sampler", "model", Link("guided", "model"))
    target = Link("sampler", "latent")
    free, found = (home.run(one, target).values[target] for one in (graph, guided))
    assert isinstance(free, Latent)
    assert isinstance(found, Latent)
    assert not torch.equal(free.samples, found.samples)


def test_a_classifier_is_trained_on_captions_and_saved(tmp_path: Path) -> None:
    home = house(tmp_path)
    nodes = {
        "model": Node("CheckpointLoaderSimple", {"ckpt_name": TINY}),
        "data": Node("ShapelandData", {"count": 8}),
        "encoded": Node("EncodeDataset", {"vae": Link("model", "vae"), "data": Link("data", "data")}),
        "classifier": Node(
            "TrainClassifier",
            {
                "encoded": Link("encoded", "encoded"),
                "model": Link("model", "model"),
                "vae": Link("model", "vae"),
                "words": "circle, square, triangle",
                "steps": 2,
                "batch": 4,
            },
        ),
        "save": Node("ClassifierSave", {"classifier": Link("classifier", "classifier")}),
    }
    done = home.run(Graph(nodes))
    assert isinstance(done.events[-1], RunFinished)
    assert done.events[-1].status == "done", done.events[-3:]
    (saved,) = (tmp_path / "output" / "classifiers").iterdir()
    assert load_classifier(saved).classifier_spec.classes == 3


def test_what_steers_shows_itself_to_whoever_looks() -> None:
    assert peek_at_transform(seen_smaller(2, after=seen_grey())).text == "Grey, Shrunk"
    net = NoisyClassifier(tiny_classifier())
    assert str(peek_at_classifier(net).text).endswith("million weights, 5 classes")
    assert str(peek_at_model(steer_by_classifier(MODEL, net)).text).endswith("guesses eps, TowardsClass")


def test_a_first_stage_of_another_model_is_told_before_anything_runs() -> None:
    model, other = Fact("model", more={"channels": 4}), Fact("vae", more={"channels": 3})
    clash = steered_by_picture(model, other)
    assert isinstance(clash, Clash)
    assert (clash.input, clash.reason) == ("vae", "it decodes latents of 3 channels, but the model samples 4")
    assert steered_by_picture(model, Fact("vae", more={"channels": 4})) is model


def test_sampling_may_begin_at_a_timestep() -> None:
    every = schedule_levels(MODEL, "simple", 1000)
    later = start_at_timestep(MODEL, every, 249)
    assert len(later.levels) == 251
    assert float(later.levels[0]) == pytest.approx(float(MODEL.schedule.sigmas[249]))
    with pytest.raises(ValueError, match=r"timesteps are 0 to 999, but 1000 is asked for"):
        start_at_timestep(MODEL, every, 1000)


def test_how_warm_and_how_thin_the_noise_is_goes_to_the_sampler() -> None:
    assert choose_ddpm("large", 0.5, 0.1).settings == {
        "variance": "large",
        "s_noise": 0.5,
        "noise_dropout": 0.1,
    }
    assert choose_ddim(1.0, 0.5).settings == {"eta": 1.0, "s_noise": 0.5, "noise_dropout": 0.0}
