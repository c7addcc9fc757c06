"""Models written by nodes and loaded again; models out of two."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.api import Context, Published
from engine.run.files import Files
from engine.run.folders import Folders
from ldm.checkpoint import build, save_model
from ldm.merging import NotAlike
from ldm.spec import ClassSpec, ModelSpec
from nodes.loaders import (
    Checkpoint,
    load_checkpoint,
    load_clip,
    load_diffusers_folder,
    load_diffusion_model,
    load_two_clips,
    load_vae,
)
from nodes.merging import (
    add_models,
    merge_models,
    merge_models_by_blocks,
    merge_text_encoders,
    subtract_models,
)
from nodes.model_files import (
    save_checkpoint,
    save_diffusion_model,
    save_text_encoder,
    save_vae,
)
from nodes.text import encode_text
from tests.ldm.test_diffusers_folder import SD1, SDXL
from tests.ldm.test_published_layouts import CLIP, OPEN_CLIP, model, same
from tests.ldm.tiny import SPEC, tiny_model


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    """A place for models, in which what was saved is found too."""
    kinds = {
        "diffusers": "diffusers",
        "text_encoders": "clip",
        "vae": "vae",
        "diffusion_models": "diffusion_models",
    }
    output = tmp_path / "output"
    elsewhere = {kind: (output / name,) for kind, name in {**kinds, "checkpoints": "checkpoints"}.items()}
    return Context(
        inputs=Folders(tmp_path / "models", tmp_path / "input", elsewhere),
        outputs=Files(output, tmp_path / "temp"),
        provenance={"weft": "{}"},
    )


def loaded(spec: ModelSpec, ctx: Context, seed: int | None = None) -> Checkpoint:
    """A model through its loader."""
    assert ctx.inputs is not None
    made = model(spec) if seed is None else tiny_model(seed)
    save_model(made, ctx.inputs.models / "checkpoints" / f"{spec.name}{seed}.safetensors")
    return load_checkpoint(f"{spec.name}{seed}.safetensors", ctx=ctx)


def names(published: Published) -> list[str]:
    """The files that were published."""
    return [file.name for file in published.files]


def test_a_checkpoint_is_saved_and_loaded_again(ctx: Context) -> None:
    first = loaded(SPEC, ctx, 0)
    published = save_checkpoint(*first, ctx=ctx)

    again = load_checkpoint("ComfyUI_00001_.safetensors", ctx=ctx)

    assert names(published) == ["checkpoints/ComfyUI_00001_.safetensors"]
    assert again.model.spec == first.model.spec
    assert same(again.model.unet, first.model.unet)


@pytest.mark.parametrize("spec", [SD1, SDXL], ids=["one tower", "two towers"])
def test_a_checkpoint_is_saved_as_a_diffusers_folder_and_loaded_again(spec: ModelSpec, ctx: Context) -> None:
    first = loaded(spec, ctx)
    published = save_checkpoint(*first, filename_prefix="diffusers/mine", layout="diffusers", ctx=ctx)

    again = load_diffusers_folder("mine_00001_", ctx=ctx)

    assert "diffusers/mine_00001_/model_index.json" in names(published)
    assert same(again.model.unet, first.model.unet)
    assert same(again.vae.autoencoder, first.vae.autoencoder)
    assert torch.equal(encode_text("a horse", again.clip).context, encode_text("a horse", first.clip).context)


@pytest.mark.parametrize("layout", ["CompVis", "diffusers"])
def test_parts_are_saved_alone_under_either_names(layout: Any, ctx: Context) -> None:
    first = loaded(SPEC, ctx, 0)
    save_diffusion_model(first.model, layout=layout, ctx=ctx)
    save_vae(first.vae, layout=layout, ctx=ctx)

    unet = load_diffusion_model("ComfyUI_00001_.safetensors", ctx=ctx)
    vae = load_vae("ComfyUI_vae_00001_.safetensors", ctx=ctx)

    assert unet.spec == first.model.spec
    assert same(unet.unet, first.model.unet)
    assert vae.autoencoder.spec == first.vae.autoencoder.spec
    assert same(vae.autoencoder, first.vae.autoencoder)


def test_two_text_encoders_are_saved_to_two_files(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ldm.text.files.CLIP_L", CLIP)
    monkeypatch.setattr("ldm.text.files.SDXL_CLIP_L", SDXL.clip)
    monkeypatch.setattr("ldm.text.files.OPEN_CLIP_BIGG", replace(OPEN_CLIP, normed=False))
    first = loaded(SDXL, ctx)

    published = save_text_encoder(first.clip, ctx=ctx)

    assert names(published) == [
        "clip/ComfyUI_clip_16_00001_.safetensors",
        "clip/ComfyUI_clip_24_00001_.safetensors",
    ]
    files = [name.removeprefix("clip/") for name in names(published)]
    again = load_two_clips(files[1], files[0], ctx=ctx)
    assert torch.equal(encode_text("a horse", again).context, encode_text("a horse", first.clip).context)


def test_a_text_encoder_of_our_own_says_what_it_is(ctx: Context) -> None:
    words = loaded(SPEC, ctx, 0).clip
    save_text_encoder(words, ctx=ctx)
    again = load_clip("ComfyUI_00001_.safetensors", ctx=ctx)
    assert torch.equal(encode_text("a red circle", again).context, encode_text("a red circle", words).context)

    classes = replace(SPEC, name="classes", text=None, classes=ClassSpec(classes=5, width=16))
    save_text_encoder(loaded(classes, ctx).clip, ctx=ctx)
    assert encode_text("3", load_clip("ComfyUI_00002_.safetensors", ctx=ctx)).context.shape == (1, 1, 16)


# ---- two models


def test_models_are_mixed_and_the_first_is_what_is_beside_the_weights(ctx: Context) -> None:
    one, other = loaded(SPEC, ctx, 0).model, loaded(SPEC, ctx, 7).model

    half = merge_models(one, other, 0.5)

    middle = (one.unet.out[2].weight + other.unet.out[2].weight) / 2  # type: ignore[operator]
    assert torch.allclose(half.unet.out[2].weight, middle)  # type: ignore[arg-type]
    assert (half.spec, half.colours is one.colours) == (one.spec, True)
    assert same(merge_models(one, other, 1.0).unet, one.unet)
    assert same(merge_models(one, other, 0.0).unet, other.unet)


def test_blocks_are_mixed_by_where_they_are(ctx: Context) -> None:
    first_model, second_model = loaded(SPEC, ctx, 0).model, loaded(SPEC, ctx, 7).model
    one, other = first_model.unet.state_dict(), second_model.unet.state_dict()

    made = merge_models_by_blocks(first_model, second_model, input=1.0, middle=0.0, out=0.5)

    for key, value in made.unet.state_dict().items():
        first, second = one[key], other[key]
        if key.startswith(("input_blocks.", "time_embed.")):
            assert torch.equal(value, first), key
        elif key.startswith("middle_block."):
            assert torch.equal(value, second), key
        else:
            assert torch.allclose(value, (first + second) / 2), key


def test_what_a_model_learned_is_taken_and_added_elsewhere(ctx: Context) -> None:
    one, other = loaded(SPEC, ctx, 0).model, loaded(SPEC, ctx, 7).model

    learned = subtract_models(other, one, 2.0)
    added = add_models(one, learned)

    weight = [each.unet.out[2].weight for each in (one, other, added)]
    assert torch.allclose(weight[2], 2 * weight[1] - weight[0], atol=1e-6)  # type: ignore[operator,arg-type]


def test_text_encoders_are_mixed(ctx: Context) -> None:
    one, other = loaded(SPEC, ctx, 0).clip, loaded(SPEC, ctx, 7).clip

    contexts = [
        encode_text("red", merge_text_encoders(one, other, share)).context for share in (1.0, 0.5, 0.0)
    ]

    assert torch.equal(contexts[0], encode_text("red", one).context)
    assert torch.equal(contexts[2], encode_text("red", other).context)
    assert not torch.allclose(contexts[1], contexts[0])


def test_models_of_two_families_are_not_merged(ctx: Context) -> None:
    wider = replace(
        SPEC, name="wider", unet=replace(SPEC.unet, context_dim=24), text=None, classes=ClassSpec(width=24)
    )
    with pytest.raises(NotAlike, match=r"attn2\.to_k\.weight is \(32, 16\) in the first and \(32, 24\)"):
        merge_models(loaded(SPEC, ctx, 0).model, loaded(wider, ctx).model, 0.5)


# ---- precision


@pytest.mark.parametrize(
    ("asked", "unet", "vae"),
    [
        ("fp32", torch.float32, torch.float32),
        ("bf16", torch.bfloat16, torch.bfloat16),
        ("fp16", torch.float16, torch.float32),
    ],
)
def test_weights_are_kept_as_weft_was_started(
    asked: str, unet: torch.dtype, vae: torch.dtype, ctx: Context
) -> None:
    save_model(build(SPEC), Path(str(ctx.inputs and ctx.inputs.models)) / "checkpoints" / "tiny.safetensors")

    parts = load_checkpoint("tiny.safetensors", ctx=replace(ctx, dtype=asked))

    assert next(parts.model.unet.parameters()).dtype == unet
    assert next(parts.vae.autoencoder.parameters()).dtype == vae
    assert next(parts.clip.encoder.parameters()).dtype == torch.float32
