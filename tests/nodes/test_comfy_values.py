"""Weft's values at the border of ComfyUI's packs: in, out, and back again."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.graph.graph import Link
from engine.graph.types import Anything, Named
from engine.packs.comfy.places import places_below
from engine.packs.comfy.values import guessed, inward, outward
from engine.packs.discover import discover
from engine.packs.load import load_packs
from engine.run.events import NodeFailed, NodeFinished
from ldm.diffusion.condition import Area, Condition
from nodes import comfy_values
from nodes.comfy_models import ClipAdapter, ModelAdapter, VaeAdapter
from nodes.port_types import (
    Conditioning,
    DiffusionModel,
    FirstStage,
    Image,
    Latent,
    Mask,
    Noise,
    SamplerChoice,
    Sigmas,
    TextModel,
)
from tests.engine.packs.comfy.lab import inputs, pack, v1
from tests.engine.packs.toys import write_packs
from tests.engine.run.lab import graph, use
from tests.ldm.tiny import tiny_model
from tests.nodes.running import House, house, loaded

PIXELS = torch.rand(2, 4, 6, 3)
CONTEXT = torch.rand(1, 5, 8)


IMAGE_IN = comfy_values.image_in  # importing the module is what says how values change


def out(port: str, value: object) -> Any:
    change = outward(Named(port))
    assert change is not None
    return change(value)


def same(one: Any, other: Any) -> bool:
    """Whether two values are of one class and hold the same."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if hasattr(one, "__dataclass_fields__"):
        names = one.__dataclass_fields__
        return type(one) is type(other) and all(
            same(getattr(one, name), getattr(other, name)) for name in names
        )
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def model() -> tuple[DiffusionModel, TextModel, FirstStage]:
    whole = tiny_model()
    return (
        DiffusionModel(whole.unet, whole.schedule, whole.spec),
        TextModel(whole.text),
        FirstStage(whole.first_stage),
    )


EVERYTHING = Condition(
    CONTEXT,
    Area(16, 24, 8, 0),
    0.5,
    torch.rand(1, 8, 8),
    0.75,
    True,
    0.25,
    0.875,
    beside={"mask": torch.rand(1, 1, 8, 8)},
    facts={"pooled_output": CONTEXT[0], "own": 1},
)

VALUES = {
    "IMAGE": Image(PIXELS),
    "MASK": Mask(PIXELS[..., 0]),
    "LATENT": Latent(torch.rand(2, 4, 3, 3), None, torch.rand(2, 1, 3, 3), (0, 3), extra={"type": "audio"}),
    "an empty LATENT": Latent(torch.zeros(1, 4, 8, 8), (64, 64)),
    "a LATENT of another factor": Latent(torch.rand(1, 4, 8, 8), factor=4),
    "CONDITIONING": Conditioning((Condition(CONTEXT), EVERYTHING)),
    "a CONDITIONING in shares": Conditioning(
        (Condition(CONTEXT, Area(0.5, 0.25, 0.0, 0.75, relative=True)),)
    ),
    "SIGMAS": Sigmas(torch.tensor([3.0, 1.0, 0.0])),
    "NOISE": Noise(7),
    "SAMPLER": SamplerChoice("euler", {"eta": 0.5}),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_that_goes_in_and_out_is_the_same(name: str) -> None:
    value = VALUES[name]

    assert same(
        value,
        out(
            name.rsplit(maxsplit=1)[-1] if name.isupper() else next(w for w in name.split() if w.isupper()),
            inward(value),
        ),
    )


@pytest.mark.parametrize("name", VALUES)
def test_it_is_also_known_by_itself_where_a_port_takes_anything(name: str) -> None:
    value = VALUES[name]

    assert same(value, guessed(inward(value)))


def test_models_go_in_as_objects_with_methods_and_come_out_as_they_were() -> None:
    for ours, port in zip(model(), ("MODEL", "CLIP", "VAE"), strict=True):
        assert out(port, inward(ours)) is ours
        assert out(port, inward(ours).clone() if port != "VAE" else inward(ours)) is ours  # type: ignore[attr-defined]


def test_packs_see_comfyuis_shapes() -> None:
    latent: Any = inward(VALUES["LATENT"])
    conditioning: Any = inward(VALUES["CONDITIONING"])
    pair, told = conditioning

    assert inward(VALUES["IMAGE"]) is PIXELS
    assert set(latent) == {"samples", "noise_mask", "batch_index", "type"}
    assert latent["batch_index"] == [0, 3]
    assert (pair[0] is CONTEXT, pair[1]) == (True, {})
    assert {
        key: told[1][key]
        for key in (
            "area",
            "strength",
            "mask_strength",
            "set_area_to_bounds",
            "start_percent",
            "end_percent",
            "own",
        )
    } == {
        "area": (2, 3, 1, 0),
        "strength": 0.5,
        "mask_strength": 0.75,
        "set_area_to_bounds": True,
        "start_percent": 0.25,
        "end_percent": 0.875,
        "own": 1,
    }


def test_shapes_that_packs_are_careless_about_are_put_right() -> None:
    assert out("IMAGE", PIXELS[0]).pixels.shape == (1, 4, 6, 3)
    assert out("MASK", PIXELS[0, ..., 0]).values.shape == (1, 4, 6)
    assert out("MASK", PIXELS[:, None, ..., 0]).values.shape == (2, 4, 6)


def test_an_empty_latent_that_a_pack_fills_has_a_size_of_its_own() -> None:
    latent: Any = dict(inward(VALUES["an empty LATENT"]))  # type: ignore[call-overload]
    filled = out("LATENT", {**latent, "samples": torch.ones(1, 4, 2, 2)})

    assert (filled.canvas, filled.samples.shape) == (None, (1, 4, 2, 2))


def test_an_empty_latent_that_a_pack_copies_keeps_the_size_that_was_asked_for() -> None:
    latent: Any = dict(inward(VALUES["an empty LATENT"]))  # type: ignore[call-overload]

    assert out("LATENT", {**latent, "samples": latent["samples"].clone()}).canvas == (64, 64)
    assert out("LATENT", {**latent, "samples": latent["samples"] + 1}).canvas is None


def test_a_packs_noise_mask_has_a_channel_whatever_shape_it_had() -> None:
    for mask in (torch.ones(8, 8), torch.ones(2, 8, 8), torch.ones(2, 1, 8, 8)):
        latent = out("LATENT", {"samples": torch.zeros(2, 4, 8, 8), "noise_mask": mask})
        assert latent.noise_mask.shape == (mask.numel() // 64, 1, 8, 8)


@pytest.mark.parametrize("value", ["text", 3, None, {"a": 1}, [1, 2], object])
def test_what_is_no_value_of_ours_goes_through_as_it_is(value: object) -> None:
    assert inward(value) is value
    assert guessed(value) is value
    assert out("IMAGE", value) is value
    assert outward(Named("OWN")) is None
    assert outward(Anything()) is guessed


# ---- what packs call


def test_a_vae_and_a_clip_do_what_our_nodes_do() -> None:
    unet, text, stage = model()
    vae, clip = VaeAdapter(stage), ClipAdapter(text)
    pixels = torch.rand(1, 16, 16, 3)
    latent = vae.encode(pixels)

    assert latent.shape == (1, 4, 4, 4)
    assert vae.decode(latent).shape == (1, 16, 16, 3)
    assert clip.encode_from_tokens(clip.tokenize("a red circle")).shape == (1, 16, 16)
    context, pooled = clip.encode_from_tokens(clip.tokenize("a"), return_pooled=True)
    assert (context.shape, pooled) == ((1, 16, 16), None)
    assert ModelAdapter(unet).get_model_object("model_sampling").sigma_max == unet.schedule.sigma_max


def test_a_patch_that_would_not_be_carried_out_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="set_model_sampler_cfg_function"):
        ModelAdapter(model()[0]).set_model_sampler_cfg_function(print)


# ---- through the engine


def with_pack(root: Path, code: str) -> House:
    """The house of our nodes, with a pack."""
    home = house(root)
    folder = write_packs(root, {"toys/__init__.py": code})
    packs = load_packs(discover(folder), places_below(root))
    assert packs.failures == ()
    workers = home.backend.workers
    both = replace(
        workers,
        registry=type(workers.registry)({**loaded().registry.specs, **packs.registry.specs}),
        functions={**loaded().functions, **packs.functions},
    )
    return House(root, replace(home.backend, workers=both))


INVERT = v1(
    "Invert",
    inputs("'image': ('IMAGE',)") + "def run(self, image): return (1 - image,)",
    RETURN_TYPES=("IMAGE",),
)
PASS = v1("Pass", inputs("'any': ('*',)") + "def run(self, any): return (any,)")


def test_pictures_flow_from_native_nodes_through_packs_and_back(tmp_path: Path) -> None:
    home = with_pack(tmp_path, pack(INVERT, PASS))
    nodes = graph(
        e=use("EmptyImage", width=16, height=8, batch_size=1, color=0),
        i=use("Invert", image="@e.0"),
        p=use("Pass", any="@i.0"),
        n=use("ImageInvert", image="@p.0"),
    )
    outcome = home.run(nodes, Link("n", 0))

    (image,) = outcome.values.values()
    assert isinstance(image, Image)
    assert not image.pixels.any()


SAMPLED = """
'model': ('MODEL',), 'positive': ('CONDITIONING',), 'negative': ('CONDITIONING',), 'latent': ('LATENT',)
"""

SAMPLE = v1("Sampling", inputs(SAMPLED) + """
def run(self, model, positive, negative, latent):
    assert not torch.is_grad_enabled()
    return nodes.common_ksampler(model, 5, 3, 2.0, 'euler', 'normal', positive, negative, latent)
""", RETURN_TYPES=("LATENT",))  # fmt: skip

CORE = v1("Core", inputs(SAMPLED) + """
def run(self, model, positive, negative, latent):
    return nodes.KSampler().sample(model, 5, 3, 2.0, 'euler', 'normal', positive, negative, latent)
""", RETURN_TYPES=("LATENT",))  # fmt: skip


def test_a_pack_that_samples_gets_the_same_latent_as_our_node(tmp_path: Path) -> None:
    home = with_pack(tmp_path, pack(SAMPLE, CORE, head="import nodes, torch\n"))
    shared = {"model": "@c.model", "positive": "@p.0", "negative": "@p.0"}
    nodes = graph(
        c=use("CheckpointLoaderSimple", ckpt_name="tiny.safetensors"),
        p=use("CLIPTextEncode", text="a red circle", clip="@c.clip"),
        e=use("EmptyLatentImage", width=32, height=32, batch_size=1),
        ours=use(
            "KSampler",
            seed=5,
            steps=3,
            cfg=2.0,
            sampler_name="euler",
            scheduler="normal",
            latent_image="@e.0",
            denoise=1.0,
            **shared,
        ),
        theirs=use("Sampling", latent="@e.0", **shared),
        core=use("Core", latent="@e.0", **shared),
    )
    outcome = home.run(nodes, Link("ours", 0), Link("theirs", 0), Link("core", 0))

    assert [event for event in outcome.events if isinstance(event, NodeFailed)] == []
    ours, theirs, core = outcome.values.values()
    assert isinstance(ours, Latent)
    assert isinstance(theirs, Latent)
    assert isinstance(core, Latent)
    assert torch.equal(ours.samples, core.samples)
    assert torch.equal(ours.samples, theirs.samples)
    assert ours.factor == theirs.factor == core.factor


UI = """
from comfy_api.latest import ComfyExtension, io, ui
class Look(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(node_id='Look', inputs=[io.Image.Input('image')], outputs=[], is_output_node=True)
    @classmethod
    def execute(cls, image):
        return io.NodeOutput(ui=ui.PreviewImage(image, cls=cls))
class Extension(ComfyExtension):
    async def get_node_list(self): return [Look]
async def comfy_entrypoint(): return Extension()
"""


def test_a_v3_node_shows_pictures(tmp_path: Path) -> None:
    home = with_pack(tmp_path, UI)
    nodes = graph(e=use("EmptyImage", width=16, height=8, batch_size=2, color=0), l=use("Look", image="@e.0"))
    outcome = home.run(nodes)
    (published,) = [
        event.published for event in outcome.events if isinstance(event, NodeFinished) and event.published
    ]
    images: Any = published.shown["images"]

    assert [image["type"] for image in images] == ["temp", "temp"]
    assert all((tmp_path / "temp" / image["filename"]).is_file() for image in images)


SURFACE = """
import comfy.samplers, comfy.sample, comfy.sd, comfy.model_patcher, comfy.utils, latent_preview, node_helpers, torch
NAMES = (comfy.samplers.KSampler.SAMPLERS, comfy.samplers.KSampler.SCHEDULERS)
UPSCALED = comfy.utils.common_upscale(torch.zeros(1, 3, 4, 4), 8, 8, 'bilinear', 'disabled').shape
def twice(part): return part.repeat_interleave(2, 2).repeat_interleave(2, 3)
TILED = comfy.utils.tiled_scale(torch.ones(1, 3, 20, 12), twice, 8, 8, 2, 2, 3)
SET = node_helpers.conditioning_set_values([[torch.zeros(1), {'a': 1}]], {'b': 2})
"""


def test_the_python_names_that_packs_import_most_are_there(tmp_path: Path) -> None:
    with_pack(tmp_path, SURFACE)
    found = vars(sys.modules["custom_nodes.toys"])

    assert found["NAMES"][0][0] == "euler"
    assert found["NAMES"][1][0] == "simple"
    assert found["UPSCALED"] == (1, 3, 8, 8)
    assert found["TILED"].shape == (1, 3, 40, 24)
    assert torch.allclose(found["TILED"], torch.ones(1, 3, 40, 24))
    assert found["SET"][0][1] == {"a": 1, "b": 2}


MY_PREVIEW = """
class MyPreview(nodes.SaveImage):
    def __init__(self):
        super().__init__()
        self.type = "temp"
        self.prefix_append = "_mine"
"""
MY_SAVER = """
class MySaver(nodes.SaveImage):
    def __init__(self):
        super().__init__()
        self.prefix_append = "_mine"
"""


def test_a_subclass_of_save_image_saves_where_its_fields_say(tmp_path: Path) -> None:
    home = with_pack(tmp_path, pack(MY_PREVIEW, MY_SAVER, head="import nodes\n"))
    nodes = graph(
        e=use("EmptyImage", width=16, height=8, batch_size=1, color=0),
        p=use("MyPreview", images="@e.0", filename_prefix="a"),
        s=use("MySaver", images="@e.0", filename_prefix="a"),
    )
    home.run(nodes)

    assert [path.name for path in (tmp_path / "output").rglob("*.png")] == ["a_mine_00001_.png"]
    assert len(list((tmp_path / "temp").rglob("*.png"))) == 1
