"""ComfyUI's folders of models: their names in its order, where each lies, and what a model's file is called.

Existing installations and `extra_model_paths.yaml` use these names. A folder that is not listed here has the place
of its name below `models/` and takes files of any kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ENDINGS = (".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """Where models of a kind lie below `models/` (the first place is for new ones), and how their names end.

    `in_output`: the folder below the output folder where nodes that save such models put them.
    `whole`: a model of this kind is a folder, and has a file of this name in it.
    """

    places: tuple[str, ...]
    endings: tuple[str, ...] = ENDINGS
    in_output: str | None = None
    whole: str | None = None


def _plain(*names: str) -> dict[str, ModelFolder]:
    return {name: ModelFolder((name,)) for name in names}


MODEL_FOLDERS: Mapping[str, ModelFolder] = {
    "checkpoints": ModelFolder(("checkpoints",), in_output="checkpoints"),
    "configs": ModelFolder(("configs",), (".yaml",)),
    "loras": ModelFolder(("loras",), in_output="loras"),
    "vae": ModelFolder(("vae",), in_output="vae"),
    "text_encoders": ModelFolder(("text_encoders", "clip"), in_output="clip"),
    "diffusion_models": ModelFolder(("unet", "diffusion_models"), in_output="diffusion_models"),
    **_plain("clip_vision", "style_models", "embeddings"),
    "diffusers": ModelFolder(("diffusers",), (), in_output="diffusers", whole="model_index.json"),
    "vae_approx": ModelFolder(("vae_approx",)),
    "controlnet": ModelFolder(("controlnet", "t2i_adapter")),
    **_plain("gligen", "upscale_models"),
    "custom_nodes": ModelFolder((), ()),
    **_plain("hypernetworks", "photomaker"),
    "classifiers": ModelFolder(("classifiers",), ("",)),
    **_plain("model_patches", "audio_encoders"),
}

ALIASES: Mapping[str, str] = {"unet": "diffusion_models", "clip": "text_encoders"}
