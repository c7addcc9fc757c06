"""Nodes that change a model: LoRA, ControlNet and the patches, through graphs and alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.api import NULL_CONTEXT, Context
from engine.backends.explaining import Explaining
from engine.backends.forecasting import forecast
from engine.formats.comfy_prompt import graph_of
from engine.graph.graph import Link
from engine.graph.problems import Clashing
from engine.graph.spec import OutputSpec
from engine.graph.types import Named
from engine.run.events import NodeFailed, NodeFinished
from engine.run.folders import Folders
from engine.run.peeking import peek_at
from ldm.tensor_file import CheckpointError
from ldm.unet.control import ControlNet
from ldm.unet.union_control import UnionControlNet
from nodes import model_patches as patches
from nodes import peeks
from nodes.conditioning import combine
from nodes.controlnet import apply_controlnet, apply_to_one, load_controlnet, load_difference, tell_task
from nodes.inpaint import set_noise_mask
from nodes.latent import empty_latent
from nodes.lora import load_lora, load_lora_for_model
from nodes.model_patches import guide_between, open_mask_by_level
from nodes.port_types import Conditioning, ControlModel, DiffusionModel, Image, Latent, Mask, TextModel
from nodes.sampling import sample
from nodes.text import encode_text
from tests.ldm.tiny import SPEC, randomise, tiny_model
from tests.nodes.running import TINY, House, house

LOADED = tiny_model()
MODEL = DiffusionModel(LOADED.unet, LOADED.schedule, LOADED.spec)
CLIP = TextModel(LOADED.text)
POSITIVE, NEGATIVE = encode_text("a red circle", CLIP), encode_text("", CLIP)
CANVAS = empty_latent(32, 32)
PICTURE = Image(torch.rand(1, 32, 32, 3, generator=torch.Generator().manual_seed(0)))


def painted(model: DiffusionModel, positive: Conditioning = POSITIVE, **settings: Any) -> Tensor:
    """What a model paints in three steps."""
    usual: dict[str, Any] = {"steps": 3, "cfg": 4.0, "negative": NEGATIVE, "latent_image": CANVAS}
    done = sample(model=model, positive=positive, ctx=NULL_CONTEXT, **{**usual, **settings})
    return done.samples


PLAIN = painted(MODEL)
SHOWN = peeks  # importing the module is what lets values be shown

PATCHES: dict[str, DiffusionModel] = {
    "FreeU": patches.free_u(MODEL, s2=0.0),
    "FreeU_V2": patches.free_u_by_mean(MODEL, s2=0.0),
    "TomePatchModel": patches.merge_tokens(MODEL, 0.5),
    "PatchModelAddDownscale": patches.shrink_deep(MODEL, block_number=1),
    "RescaleCFG": patches.rescale_guidance(MODEL),
    "GuidanceInterval": guide_between(MODEL, 0.0, 0.5),
    "PerpNeg": patches.perpendicular_negative(MODEL, encode_text("a", CLIP)),
    "SelfAttentionGuidance": patches.guide_by_own_attention(MODEL),
    "PerturbedAttentionGuidance": patches.guide_by_perturbed_attention(MODEL),
}


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_changes_the_picture_and_leaves_the_model_as_it_was(name: str) -> None:
    found = painted(PATCHES[name])
    assert bool(found.isfinite().all())
    assert not torch.allclose(found, PLAIN, atol=1e-4)
    assert torch.equal(painted(MODEL), PLAIN)


def test_tiles_change_a_picture_that_is_larger_than_they_are() -> None:
    tiled, large = patches.hyper_tile(MODEL, tile_size=32), empty_latent(64, 32)
    assert not torch.allclose(
        painted(tiled, latent_image=large), painted(MODEL, latent_image=large), atol=1e-4
    )


def test_patches_may_follow_each_other() -> None:
    both = patches.rescale_guidance(patches.free_u(MODEL, s2=0.0))
    assert not torch.allclose(painted(both), painted(PATCHES["FreeU"]), atol=1e-4)
    assert len(patches.free_u(patches.free_u(MODEL)).changes) == 2
    assert len(patches.rescale_guidance(patches.rescale_guidance(MODEL), 0.5).changes) == 1


@pytest.mark.parametrize("name", PATCHES)
def test_step_by_step_is_the_same_bit_for_bit(name: str, tmp_path: Path) -> None:
    """A run of single steps is that of one node, whatever a patch picks by itself."""
    home = house(tmp_path)
    fused, single = (
        outcome(home, {**patched(name), "l": sampling(kind)}, "l")
        for kind in ("KSampler", "KSamplerStepwise")
    )
    assert torch.equal(fused.samples, single.samples)


def use(kind: str, /, **inputs: object) -> dict[str, object]:
    """A node; a text like `@a.1` is a link to that output of node `a`."""

    def given(value: object) -> object:
        if isinstance(value, str) and value.startswith("@"):
            node, _, output = value[1:].partition(".")
            return [node, int(output or 0)]
        return value

    return {"class_type": kind, "inputs": {name: given(value) for name, value in inputs.items()}}


TOLD = {
    "m": use("CheckpointLoaderSimple", ckpt_name=TINY),
    "p": use("CLIPTextEncode", text="a red circle", clip="@m.1"),
    "n": use("CLIPTextEncode", text="", clip="@m.1"),
    "e": use("EmptyLatentImage", width=32, height=32, batch_size=1),
}


def patched(name: str) -> dict[str, object]:
    """A graph with a patch of the tiny model."""
    more = {"empty_conditioning": "@n"} if name == "PerpNeg" else {}
    return {**TOLD, "c": use(name, model="@m", **more)}


def sampling(kind: str = "KSampler", model: str = "@c") -> dict[str, object]:
    """The node that samples."""
    return use(kind, model=model, positive="@p", negative="@n", latent_image="@e", steps=3, cfg=3.0)


def outcome(home: House, nodes: dict[str, object], wanted: str) -> Any:
    """The value that a graph of these nodes gives."""
    graph, problems = graph_of(nodes)
    assert problems == []
    link = Link(wanted, "latent")
    ran = home.run(graph, link)
    assert not [event for event in ran.events if isinstance(event, NodeFailed)]
    assert [event for event in ran.events if isinstance(event, NodeFinished)]
    return ran.values[link]


def context(folder: Path) -> Context:
    """A context whose models lie in a folder."""
    return Context(inputs=Folders(folder / "models", folder / "input"))


# ---- LoRA


def lora_in(folder: Path, *, text_too: bool = True) -> str:
    """The name of a LoRA of the tiny model."""
    stem = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
    tensors = {f"{stem}.lora_up.weight": torch.ones(32, 1), f"{stem}.lora_down.weight": torch.ones(1, 32)}
    if text_too:
        name, weight = next(
            (k, v) for k, v in LOADED.text.state_dict().items() if v.ndim == 2 and "attn" in k
        )
        tensors[f"cond_stage_model.{name.removesuffix('.weight')}.diff"] = torch.ones_like(weight)
    path = folder / "models" / "loras" / "tiny.safetensors"
    path.parent.mkdir(parents=True)
    save_file(tensors, path)
    return path.name


def test_a_lora_changes_the_picture_and_what_the_text_means(tmp_path: Path) -> None:
    name = lora_in(tmp_path)
    model, clip = load_lora(MODEL, CLIP, name, ctx=context(tmp_path))
    assert not torch.allclose(painted(model), PLAIN, atol=1e-4)
    assert not torch.allclose(encode_text("a red circle", clip).context, POSITIVE.context, atol=1e-4)
    assert torch.equal(painted(MODEL), PLAIN)
    assert torch.equal(encode_text("a red circle", CLIP).context, POSITIVE.context)


def test_a_lora_without_strength_gives_back_what_came_in(tmp_path: Path) -> None:
    name = lora_in(tmp_path)
    model, clip = load_lora(MODEL, CLIP, name, 0.0, 0.0, ctx=context(tmp_path))
    assert model is MODEL
    assert clip is CLIP
    model, clip = load_lora(MODEL, CLIP, name, 1.0, 0.0, ctx=context(tmp_path))
    assert clip.encoder is CLIP.encoder
    assert load_lora_for_model(MODEL, name, 0.0, ctx=context(tmp_path)) is MODEL


def test_a_lora_may_change_the_model_alone(tmp_path: Path) -> None:
    name = lora_in(tmp_path)
    alone = load_lora_for_model(MODEL, name, 0.5, ctx=context(tmp_path))
    both, _ = load_lora(MODEL, CLIP, name, 0.5, ctx=context(tmp_path))
    assert torch.equal(painted(alone), painted(both))


def test_a_lora_keeps_what_the_model_carries(tmp_path: Path) -> None:
    model = load_lora_for_model(
        patches.free_u(MODEL), lora_in(tmp_path, text_too=False), ctx=context(tmp_path)
    )
    assert model.changes == patches.free_u(MODEL).changes


def test_a_graph_with_a_lora_runs(tmp_path: Path) -> None:
    home, name = house(tmp_path), lora_in(tmp_path)
    lora = {"r": use("LoraLoader", model="@m", clip="@m.1", lora_name=name)}
    told = {**TOLD, **lora, "p": use("CLIPTextEncode", text="a red circle", clip="@r.1")}
    found = outcome(home, {**told, "l": sampling(model="@r")}, "l")
    plain = outcome(home, {**TOLD, "l": sampling(model="@m")}, "l")
    assert not torch.allclose(found.samples, plain.samples, atol=1e-4)


def test_a_lora_for_a_wider_context_is_known_to_clash_before_anything_runs(tmp_path: Path) -> None:
    home, folder = house(tmp_path), tmp_path / "models" / "loras"
    folder.mkdir(parents=True)
    stem = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k"
    for name, width in (("same", 16), ("wide", 2048)):
        tensors = {
            f"{stem}.lora_up.weight": torch.zeros(64, 1),
            f"{stem}.lora_down.weight": torch.zeros(1, width),
        }
        save_file(tensors, folder / f"{name}.safetensors")
    for kind in ("LoraLoader", "LoraLoaderModelOnly"):
        more = {"clip": "@m.1"} if kind == "LoraLoader" else {}
        said = {}
        for name in ("same", "wide"):
            lora = use(kind, model="@m", lora_name=f"{name}.safetensors", **more)
            graph, _ = graph_of({**TOLD, "r": lora, "l": sampling(model="@r")})
            told = forecast(graph, (), home.backend, Explaining(), "", ())
            said[name] = [problem for problem in told.problems if isinstance(problem, Clashing)]
        assert said["same"] == []
        assert [problem.input for problem in said["wide"]] == ["lora_name"]


# ---- ControlNet


def net_in(folder: Path) -> str:
    """The name of a ControlNet of the tiny model."""
    net = ControlNet(SPEC.unet)
    randomise(net, 5)
    path = folder / "models" / "controlnet" / "tiny.safetensors"
    path.parent.mkdir(parents=True)
    save_file(net.state_dict(), path)
    return path.name


def test_a_model_follows_a_picture(tmp_path: Path) -> None:
    net = load_difference(MODEL, net_in(tmp_path), ctx=context(tmp_path))
    positive, negative = apply_controlnet(POSITIVE, NEGATIVE, net, PICTURE, 0.5)
    found = painted(MODEL, positive, negative=negative)
    assert not torch.allclose(found, PLAIN, atol=1e-4)
    late = apply_controlnet(POSITIVE, NEGATIVE, net, PICTURE, 0.5, start_percent=0.5)
    assert not torch.allclose(painted(MODEL, late[0], negative=late[1]), found, atol=1e-4)
    never = apply_controlnet(POSITIVE, NEGATIVE, net, PICTURE, 0.0)
    assert torch.equal(painted(MODEL, never[0], negative=never[1]), PLAIN)


def test_a_controlnet_may_compute_in_less_than_the_model_does(tmp_path: Path) -> None:
    name, there = net_in(tmp_path), context(tmp_path)
    whole, half = (load_difference(MODEL, name, ctx=one) for one in (there, replace(there, dtype="bf16")))
    assert {weight.dtype for weight in half.net.parameters()} == {torch.bfloat16}
    exact, near = (painted(MODEL, apply_to_one(POSITIVE, net, PICTURE)) for net in (whole, half))
    assert not torch.equal(exact, near)
    assert float((exact - near).norm() / exact.norm()) < 0.05


def test_one_conditioning_alone_may_be_controlled(tmp_path: Path) -> None:
    net = load_difference(MODEL, net_in(tmp_path), ctx=context(tmp_path))
    one = apply_to_one(POSITIVE, net, PICTURE)
    assert not torch.allclose(painted(MODEL, one), PLAIN, atol=1e-4)
    both = combine(one, POSITIVE)
    assert not torch.allclose(painted(MODEL, both), painted(MODEL, one), atol=1e-4)


def test_a_controlnet_of_no_known_model_is_refused(tmp_path: Path) -> None:
    name = net_in(tmp_path)
    with pytest.raises(CheckpointError, match="a ControlNet for no model that is known here"):
        load_controlnet(name, ctx=context(tmp_path))


def test_a_controlnet_of_a_known_model_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ldm.adapters.control_file.MODELS", (SPEC,))
    net = load_controlnet(net_in(tmp_path), ctx=context(tmp_path))
    assert net.net.spec == SPEC.unet


def test_a_controlnet_that_sees_one_colour_sees_grey() -> None:
    net = ControlModel(ControlNet(SPEC.unet, hint_channels=1))
    [entry] = apply_to_one(POSITIVE, net, PICTURE).entries
    assert torch.allclose(entry.control[0].hint.pixels, PICTURE.pixels.mean(dim=-1)[:, None])


def test_a_controlnet_that_sees_more_than_a_picture_has_says_so() -> None:
    net = ControlModel(ControlNet(SPEC.unet, hint_channels=4))
    with pytest.raises(ValueError, match="sees 4 channels, but the picture has 3"):
        apply_to_one(POSITIVE, net, PICTURE)


def test_a_controlnet_for_many_tasks_is_told_one_of_those_that_it_knows() -> None:
    net = ControlModel(UnionControlNet(SPEC.unet, tasks=6))
    [entry] = apply_to_one(POSITIVE, tell_task(net, "canny/lineart/anime_lineart/mlsd"), PICTURE).entries
    assert entry.control[0].hint.task == 3
    assert tell_task(tell_task(net, "depth"), "auto").task is None
    with pytest.raises(
        ValueError, match="knows 6 tasks, from 'openpose' to 'segment', and cannot be told 'tile'"
    ):
        tell_task(net, "tile")
    with pytest.raises(ValueError, match="has one task only"):
        tell_task(ControlModel(ControlNet(SPEC.unet)), "depth")


def test_a_graph_with_a_controlnet_runs(tmp_path: Path) -> None:
    home, name = house(tmp_path), net_in(tmp_path)
    nodes = {
        **TOLD,
        "i": use("EmptyImage", width=40, height=24, batch_size=1, color=255),
        "k": use("DiffControlNetLoader", model="@m", control_net_name=name),
        "a": use("ControlNetApplyAdvanced", positive="@p", negative="@n", control_net="@k", image="@i"),
    }
    controlled = use(
        "KSampler", model="@m", positive="@a.0", negative="@a.1", latent_image="@e", steps=3, cfg=3.0
    )
    found = outcome(home, {**nodes, "l": controlled}, "l")
    plain = outcome(home, {**nodes, "l": sampling(model="@m")}, "l")
    assert not torch.allclose(found.samples, plain.samples, atol=1e-4)


def test_what_is_changed_and_followed_is_seen() -> None:
    net = ControlModel(ControlNet(SPEC.unet))
    assert shown(patches.free_u(MODEL)).endswith("guesses eps, FreeU")
    assert shown(net).startswith("ControlNet: 0.")
    assert shown(apply_to_one(POSITIVE, net, PICTURE, 0.5)).endswith("following a picture with strength 0.5")


def shown(value: object) -> str:
    """How a value shows itself."""
    return peek_at(value, OutputSpec("out", Named("THING"))).text or ""


# ---- a mask that opens bit by bit


def test_a_grey_mask_keeps_more_of_the_picture_the_darker_it_is() -> None:
    known = Latent(torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2)), factor=4)
    grey = torch.linspace(0, 1, 8).repeat_interleave(4).expand(1, 32, 32).contiguous()
    masked = set_noise_mask(known, Mask(grey))
    found = painted(open_mask_by_level(MODEL), latent_image=masked, steps=6)
    changed = (found - known.samples).abs().mean(dim=(0, 1, 2))
    assert float(changed[0]) < 1e-4
    assert float(changed[-1]) > 10 * float(changed[1])
    assert not torch.allclose(found, painted(MODEL, latent_image=masked, steps=6), atol=1e-3)


def test_a_mask_that_opens_bit_by_bit_does_so_step_by_step_as_well(tmp_path: Path) -> None:
    home = house(tmp_path)
    masked = {
        "c": use("DifferentialDiffusion", model="@m"),
        "k": use("SolidMask", value=0.5, width=32, height=32),
        "i": use("EmptyImage", width=32, height=32, batch_size=1, color=65280),
        "v": use("VAEEncode", pixels="@i", vae="@m.2"),
        "e": use("SetLatentNoiseMask", samples="@v", mask="@k"),
    }
    fused, single = (
        outcome(home, {**TOLD, **masked, "l": sampling(kind)}, "l")
        for kind in ("KSampler", "KSamplerStepwise")
    )
    assert torch.equal(fused.samples, single.samples)
