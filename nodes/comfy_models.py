"""Our models as packs know ComfyUI's: objects with the methods that packs use most. Each has ours as `weft`.

Patches are not carried out: a pack that sets one fails, since a picture without it would only look right.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from engine.api import offer_module
from ldm.diffusion.noise import noise_from_seed
from ldm.diffusion.vectors import POOLED
from ldm.text.tokenizer import Tokens
from nodes import first_stage
from nodes.port_types import (
    DiffusionModel,
    FirstStage,
    Guider,
    Image,
    Latent,
    Noise,
    SamplerChoice,
    TextModel,
)


class NoPatches(NotImplementedError):
    """A pack wants to change how a model computes."""

    def __init__(self, what: str) -> None:
        super().__init__(f"It patches the model with {what}, which Weft's models do not carry out.")
        self.hint = "Use a node of Weft's that does the same, or run this workflow in ComfyUI."


class ModelSampling:
    """The schedule of a model."""

    def __init__(self, model: DiffusionModel) -> None:
        self._schedule = model.schedule
        self.sigmas = model.schedule.sigmas
        self.num_timesteps = len(self.sigmas)

    @property
    def sigma_min(self) -> Tensor:
        """The lowest level."""
        return self.sigmas[0]

    @property
    def sigma_max(self) -> Tensor:
        """The highest level."""
        return self.sigmas[-1]

    def timestep(self, sigma: Tensor) -> Tensor:
        """The timestep of a level."""
        return self._schedule.timestep(sigma)

    def sigma(self, timestep: Tensor) -> Tensor:
        """The level of a timestep."""
        return self._schedule.sigma(timestep)

    def percent_to_sigma(self, percent: float) -> float:
        """The level at a share of the way."""
        return self._schedule.sigma_at(percent)


class LatentFormat:
    """What is known of a model's latents. They are scaled already, so that scaling them does nothing."""

    scale_factor = 1.0
    latent_rgb_factors = None
    taesd_decoder_name = None

    def __init__(self, model: DiffusionModel) -> None:
        self.latent_channels = model.spec.first_stage.embed_dim
        self.spacial_downscale_ratio = model.spec.first_stage.factor

    def process_in(self, latent: Tensor) -> Tensor:
        """As it is."""
        return latent

    process_out = process_in


class InnerModel:
    """What packs look at inside of a model."""

    def __init__(self, model: DiffusionModel) -> None:
        self.diffusion_model = model.unet
        self.model_sampling = ModelSampling(model)
        self.latent_format = LatentFormat(model)


class ModelAdapter:
    """MODEL."""

    def __init__(self, weft: DiffusionModel) -> None:
        self.weft = weft
        self.model = InnerModel(weft)
        self.model_options: dict[str, Any] = {"transformer_options": {}}
        self.patches: dict[str, Any] = {}
        self.load_device = next(weft.unet.parameters()).device
        self.offload_device = torch.device("cpu")

    def clone(self) -> ModelAdapter:
        """The same model once more, with options of its own."""
        made = ModelAdapter(self.weft)
        made.model_options = copy.deepcopy(self.model_options)
        return made

    def is_clone(self, other: object) -> bool:
        """Whether it is the same model."""
        return isinstance(other, ModelAdapter) and other.weft is self.weft

    def get_model_object(self, name: str) -> Any:
        """A part of it: "model_sampling", "latent_format", "diffusion_model"."""
        found: Any = self.model
        for part in name.split("."):
            found = getattr(found, part)
        return found

    def model_size(self) -> int:
        """The bytes of its weights."""
        return sum(weights.nbytes for weights in self.weft.unet.parameters())

    def model_dtype(self) -> torch.dtype:
        """The kind of its weights."""
        return next(self.weft.unet.parameters()).dtype

    def model_state_dict(self, filter_prefix: str | None = None) -> dict[str, Tensor]:
        """Its weights by name."""
        weights = self.weft.unet.state_dict(prefix="diffusion_model.")
        return {name: value for name, value in weights.items() if name.startswith(filter_prefix or "")}

    def __getattr__(self, name: str) -> Any:
        if name.startswith(
            ("set_model_", "add_patches", "add_object_patch", "set_injections", "add_wrapper")
        ):

            def refuse(*_: Any, **__: Any) -> None:
                raise NoPatches(name)

            return refuse
        raise AttributeError(f"Weft's MODEL has no '{name}'")


class ClipAdapter:
    """CLIP."""

    def __init__(self, weft: TextModel) -> None:
        self.weft = weft

    def clone(self) -> ClipAdapter:
        """The same once more."""
        return ClipAdapter(self.weft)

    def tokenize(self, text: str, return_word_ids: bool = False, **_: Any) -> Tokens:
        """The text in tokens, for `encode_from_tokens`."""
        return self.weft.encoder.tokenize([text])

    def encode_from_tokens(
        self, tokens: Tokens, return_pooled: bool = False, return_dict: bool = False
    ) -> Any:
        """The context (1, n, d) of tokens, with what ComfyUI calls pooled: None for encoders that pool nothing."""
        heard = self.weft.encoder.hear(tokens)
        context, pooled = heard.context.cpu(), None if heard.pooled is None else heard.pooled.cpu()
        if return_dict:
            return {"cond": context, POOLED: pooled}
        return (context, pooled) if return_pooled else context

    def encode_from_tokens_scheduled(
        self, tokens: Tokens, add_dict: Mapping[str, Any] | None = None, **_: Any
    ) -> Any:
        """The conditioning of tokens."""
        context, pooled = self.encode_from_tokens(tokens, return_pooled=True)
        told = {} if pooled is None else {POOLED: pooled}
        return [[context, {**told, **(add_dict or {})}]]

    def encode(self, text: str) -> Tensor:
        """The context of a text."""
        context: Tensor = self.encode_from_tokens(self.tokenize(text))
        return context

    def __getattr__(self, name: str) -> Any:
        if name in ("clip_layer", "add_patches", "add_hooks_to_dict"):
            raise NoPatches(name)
        raise AttributeError(f"Weft's CLIP has no '{name}'")


class VaeAdapter:
    """VAE. It takes and gives latents as they flow along links, which are scaled in Weft."""

    def __init__(self, weft: FirstStage) -> None:
        self.weft = weft
        self.first_stage_model = weft.autoencoder
        self.latent_channels = weft.autoencoder.spec.embed_dim
        self.downscale_ratio = self.upscale_ratio = weft.autoencoder.spec.factor
        self.device = weft.autoencoder.device
        self.output_device = torch.device("cpu")
        self.vae_dtype = torch.float32

    def decode(self, samples_in: Tensor, **_: Any) -> Tensor:
        """Pictures (b, h, w, 3) of latents."""
        return first_stage.decode_latent(Latent(samples_in), self.weft).pixels

    def encode(self, pixel_samples: Tensor) -> Tensor:
        """Latents of pictures (b, h, w, 3)."""
        return first_stage.encode_image(Image(pixel_samples), self.weft).samples

    def decode_tiled(
        self, samples: Tensor, tile_x: int = 64, tile_y: int = 64, overlap: int = 16, **_: Any
    ) -> Tensor:
        """The same in tiles; sizes are in cells."""
        side, reach = (int(cells) * self.downscale_ratio for cells in (min(tile_x, tile_y), overlap))
        return first_stage.decode_latent_tiled(Latent(samples), self.weft, side, reach).pixels

    def encode_tiled(
        self, pixel_samples: Tensor, tile_x: int = 512, tile_y: int = 512, overlap: int = 64, **_: Any
    ) -> Tensor:
        """The same in tiles; sizes are in pixels."""
        return first_stage.encode_image_tiled(
            Image(pixel_samples), self.weft, min(tile_x, tile_y), overlap
        ).samples

    def spacial_compression_decode(self) -> int:
        """How many pixels a cell spans."""
        return int(self.downscale_ratio)

    spacial_compression_encode = spacial_compression_decode

    def temporal_compression_decode(self) -> None:
        """Pictures have no time."""

    def get_sd(self) -> dict[str, Tensor]:
        """Its weights by name."""
        return self.weft.autoencoder.state_dict()


class NoiseAdapter:
    """NOISE."""

    def __init__(self, weft: Noise) -> None:
        self.weft = weft
        self.seed = weft.seed or 0

    def generate_noise(self, input_latent: Mapping[str, Any]) -> Tensor:
        """The noise for a latent."""
        samples = input_latent["samples"]
        if self.weft.seed is None:
            return torch.zeros_like(samples, device="cpu")
        return noise_from_seed(samples.shape, self.weft.seed, input_latent.get("batch_index"))


class SamplerAdapter:
    """SAMPLER."""

    def __init__(self, weft: SamplerChoice) -> None:
        self.weft = weft
        self.extra_options = dict(weft.settings)

    def max_denoise(self, model_wrap: Any, sigmas: Tensor) -> bool:
        """Whether these levels begin with pure noise."""
        highest = float(model_wrap.inner_model.model_sampling.sigma_max)
        return bool(sigmas[0] >= highest * (1 - 1e-5))


class Sampling:
    """What every GUIDER can do, whoever made it; `weft` is the same as Weft's nodes know it."""

    @property
    def weft(self) -> Guider:
        """The model and how it is led."""
        raise NotImplementedError

    def sample(
        self,
        noise: Tensor,
        latent_image: Tensor,
        sampler: SamplerAdapter,
        sigmas: Tensor,
        denoise_mask: Tensor | None = None,
        callback: Any = None,
        disable_pbar: bool = False,
        seed: int | None = None,
    ) -> Tensor:
        """Sample with it."""
        from nodes.comfy_sampling import sampled_with  # noqa: PLC0415  (which makes guiders itself)

        return sampled_with(
            self.weft, sampler.weft, noise, latent_image, sigmas, denoise_mask, callback, seed
        )


class GuiderAdapter(Sampling):
    """GUIDER."""

    def __init__(self, weft: Guider) -> None:
        self._weft = weft
        self.model_patcher = ModelAdapter(weft.model)
        self.model_options = self.model_patcher.model_options

    @property
    def weft(self) -> Guider:
        """The model and how it is led."""
        return self._weft


ModelPatcher, CLIP, VAE = ModelAdapter, ClipAdapter, VaeAdapter
offer_module("comfy.model_patcher", __name__)
offer_module("comfy.sd", __name__)
