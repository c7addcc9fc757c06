"""Putting a LoRA into a UNet and into what it listens through: new modules that share what is not changed.

Files name layers as kohya's scripts, CompVis or diffusers do. All these names lead to the same weights here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeVar

from torch import Tensor, nn

from ldm.adapters.lora_file import Lora
from ldm.adapters.sharing import with_weights
from ldm.adapters.weight_change import changed
from ldm.diffusers_names import unet_name
from ldm.tensor_file import CheckpointError
from ldm.text.clip import ClipPair, ClipTextEncoder
from ldm.text.tau import Tau
from ldm.unet.unet import UNet

Module = TypeVar("Module", bound=nn.Module)
OF_TEXT = ("lora_te_", "lora_te1_", "lora_te2_", "text_encoder.", "text_encoder_2.", "cond_stage_model.")
"""How the names of a text encoder's layers begin."""


def layers_of_unet(unet: UNet) -> dict[str, str]:
    """The key of each weight by every name that files have for its layer."""
    found = {}
    for key, layer in _weights(unet):
        for name in {layer, unet_name(key, unet.spec).removesuffix(".weight")}:
            flat = name.replace(".", "_")
            for called in (name, f"unet.{name}", f"diffusion_model.{name}", f"model.diffusion_model.{name}"):
                found[called] = key
            found[f"lora_unet_{flat}"] = key
    return found


def layers_of_text(text: Tau) -> dict[str, str]:
    """The same for a text encoder; of SDXL's two, each has names of its own."""
    found = {}
    for key, layer in _weights(text):
        found[f"cond_stage_model.{layer}"] = key
        for below, kohya, diffusers in _towers(text):
            if not layer.startswith(below):
                continue
            name = layer.removeprefix(below)
            found[kohya + name.replace(".", "_")] = key
            found[diffusers + name] = found[diffusers + name.removeprefix("text_model.")] = key
    return found


def _towers(text: Tau) -> tuple[tuple[str, str, str], ...]:
    """Where each tower lies in a text encoder, and how its layers' names begin for kohya and for diffusers."""
    match text:
        case ClipPair():
            first = ("embedders.0.transformer.", "lora_te1_", "text_encoder.")
            return first, ("embedders.1.transformer.", "lora_te2_", "text_encoder_2.")
        case ClipTextEncoder():
            begins = ("lora_te_", "lora_te1_")
            return tuple(("transformer.", kohya, "text_encoder.") for kohya in begins)
    return (("", "lora_te_", "text_encoder."),)


def with_lora(module: Module, lora: Lora, layers: Mapping[str, str], strength: float) -> Module:
    """The module under a LoRA.

    Args:
        module: A UNet or a text encoder.
        lora: What changes it; layers of other modules are left out.
        layers: From `layers_of_unet` or `layers_of_text`.
        strength: How much of the change: 1 is all of it, below 0 the opposite.

    Raises:
        CheckpointError: a layer is of another size: the LoRA was made for another model.
    """
    state, found = module.state_dict(), dict[str, Tensor]()
    for name, change in lora.layers.items():
        key = layers.get(name)
        if key is None:
            continue
        try:
            found[key] = changed(found.get(key, state[key]), change, strength)
        except ValueError as error:
            raise CheckpointError(f"{lora.name} was made for another model: of {name}, {error}.") from error
        if change.bias is not None:
            bias = key.removesuffix("weight") + "bias"
            if bias not in state or state[bias].shape != change.bias.shape:
                raise CheckpointError(
                    f"{lora.name} was made for another model: {name} has no such bias here."
                )
            found[bias] = state[bias] + (strength * change.bias).to(state[bias])
    return with_weights(module, found)


def check_all_known(lora: Lora, known: Collection[str], *, text_too: bool) -> None:
    """Let nothing of a LoRA be left out silently.

    Args:
        lora: To be put into a model.
        known: Every name that the model's layers have.
        text_too: Whether its changes of the text encoder are wanted.

    Raises:
        CheckpointError: it changes a layer that the model does not have.
    """
    for name in lora.layers:
        of_text = name.startswith(OF_TEXT)
        if name not in known and (text_too or not of_text):
            whose = "text encoder" if of_text else "diffusion model"
            raise CheckpointError(
                f"{lora.name} was made for another model: it changes {name}, which this {whose} does not have."
            )


def _weights(module: nn.Module) -> Iterator[tuple[str, str]]:
    """The key of each weight, and the name of its layer."""
    for key in module.state_dict():
        if key.endswith(".weight"):
            yield key, key.removesuffix(".weight")
