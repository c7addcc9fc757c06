"""Latents in files of ComfyUI's form: safetensors with one tensor, and the graph that made it in the metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from engine.api import Context, ModelFile, Published, node
from nodes.port_types import Latent

TENSOR = "latent_tensor"
FACTOR = "weft.factor"  # how many pixels a cell spans; files of others do not say
UNSCALED = "latent_format_version_0"
# A file without that mark holds latents as diffusion sees them, as ours are. One with it holds them as the first stage
# gives them, and ComfyUI takes the scale between the two to be Stable Diffusion's, whatever the model.
SCALE_OF_THE_FORMAT = 0.18215
FACTOR_OF_THE_FORMAT = 8


@node("SaveLatent", title="Save latent", category="_for_testing")
def save_latent(samples: Latent, filename_prefix: str = "latents/ComfyUI", *, ctx: Context) -> Published:
    """Save latents in the output folder, with the graph that made them.

    Args:
        filename_prefix: How the file's name begins; a slash makes a folder.
    """
    notes = {**ctx.provenance, FACTOR: str(samples.factor)}

    def write(path: Path) -> None:
        save_file({TENSOR: samples.samples.contiguous()}, path, metadata=notes)

    return ctx.files.publish(filename_prefix, ".latent", "application/octet-stream", write)


@node("LoadLatent", title="Load latent", category="_for_testing")
def load_latent(latent: Annotated[str, ModelFile("input")], *, ctx: Context) -> Latent:
    """Load latents from the input folder.

    Args:
        latent: A file that Save latent has made.
    """
    try:
        with safe_open(ctx.input_file(latent), "pt") as file:
            samples: torch.Tensor = file.get_tensor(TENSOR).float()
            unscaled = UNSCALED in file.keys()  # noqa: SIM118
            factor = int((file.metadata() or {}).get(FACTOR, FACTOR_OF_THE_FORMAT))
    except SafetensorError as error:
        raise ValueError(
            f"{latent} holds no latents ({error}). Give a file that Save latent has made."
        ) from error
    return Latent(samples * SCALE_OF_THE_FORMAT if unscaled else samples, factor=factor)
