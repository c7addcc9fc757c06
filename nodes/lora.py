"""LoRA: small files that change a model's weights. The model that comes in stays as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, NamedTuple

from engine.api import Context, ModelFile, Output, Range, node
from ldm.adapters.lora import check_all_known, layers_of_text, layers_of_unet, with_lora
from ldm.adapters.lora_file import Lora, read_lora
from nodes.facts import changes
from nodes.port_types import DiffusionModel, TextModel

Strength = Annotated[float, Range(-100.0, 100.0, step=0.01)]


class Adapted(NamedTuple):
    """A model and its text encoder, both under the LoRA."""

    model: DiffusionModel
    clip: TextModel


@node(
    "LoraLoader",
    title="Load LoRA",
    category="loaders",
    device=True,
    pinned=True,
    facts=changes.both_under_lora,
)
def load_lora(
    model: DiffusionModel,
    clip: TextModel,
    lora_name: Annotated[str, ModelFile("loras")],
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
    *,
    ctx: Context,
) -> Adapted:
    """Change a model and its text encoder by a LoRA, LoCon, LoHa, LoKr or DoRA. Several may follow each other.

    Args:
        model: The diffusion model.
        clip: The text encoder of the same checkpoint.
        lora_name: A safetensors file below models/loras, under kohya's, CompVis' or diffusers' names.
        strength_model: How much the diffusion model is changed; below 0 the opposite of what was trained.
        strength_clip: How much the text encoder is changed.
    """
    if strength_model == 0.0 and strength_clip == 0.0:
        return Adapted(model, clip)
    lora = read_lora(ctx.model_file("loras", lora_name))
    layers = layers_of_text(clip.encoder)
    check_all_known(lora, layers_of_unet(model.unet).keys() | layers.keys(), text_too=True)
    text = with_lora(clip.encoder, lora, layers, strength_clip) if strength_clip else clip.encoder
    return Adapted(_changed(model, lora, strength_model), replace(clip, encoder=text))


@node(
    "LoraLoaderModelOnly",
    title="Load LoRA (model only)",
    category="loaders",
    device=True,
    pinned=True,
    facts=changes.under_lora,
)
def load_lora_for_model(
    model: DiffusionModel,
    lora_name: Annotated[str, ModelFile("loras")],
    strength_model: Strength = 1.0,
    *,
    ctx: Context,
) -> Annotated[DiffusionModel, Output("model")]:
    """Change a diffusion model by a LoRA. What the file says of a text encoder is left out.

    Args:
        model: The diffusion model.
        lora_name: A safetensors file below models/loras.
        strength_model: How much it is changed; below 0 the opposite of what was trained.
    """
    if strength_model == 0.0:
        return model
    lora = read_lora(ctx.model_file("loras", lora_name))
    check_all_known(lora, layers_of_unet(model.unet).keys(), text_too=False)
    return _changed(model, lora, strength_model)


def _changed(model: DiffusionModel, lora: Lora, strength: float) -> DiffusionModel:
    if strength == 0.0:
        return model
    return replace(model, unet=with_lora(model.unet, lora, layers_of_unet(model.unet), strength))
