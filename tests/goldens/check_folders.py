"""Check diffusers folders against diffusers itself: its own tiny pipelines are read here, and ours are run by it.

Run by hand, with diffusers installed beside the project (it is not one of its requirements):
    PYTHONPATH=. python tests/goldens/check_folders.py
"""

import tempfile
from pathlib import Path
from typing import Any

import diffusers
import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from ldm.checkpoint import LatentDiffusion
from ldm.diffusers_folder import load_folder
from ldm.diffusers_saving import save_folder
from ldm.text.bpe import END, tokenizer_files
from ldm.unet.vector import size_vector
from tests.ldm.tiny import randomise

TEXT, SIZES, SCALE = "a red horse, on a hill", (64.0, 64.0, 0.0, 0.0, 64.0, 64.0), 0.3
MOST = 1e-12


def tower(kind: Any, width: int, activation: str, pad: int) -> Any:
    """A text tower of transformers'."""
    config = CLIPTextConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=3,
        num_attention_heads=4,
        hidden_act=activation,
        projection_dim=20,
        vocab_size=END + 1,
        bos_token_id=END - 1,
        eos_token_id=END,
        pad_token_id=pad,
    )
    return kind(config)


def tokenizer(folder: Path, pad: int) -> Any:
    """A tokenizer from the files that we write."""
    folder.mkdir()
    for name, text in tokenizer_files(pad).items():
        (folder / name).write_text(text, "utf-8")
    return CLIPTokenizer.from_pretrained(folder)


def pipeline(folder: Path, *, large: bool) -> Any:
    """A tiny pipeline as diffusers makes it: Stable Diffusion, or SDXL if it is `large`."""
    down = ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"]
    down = ["DownBlock2D", *down[:2]] if large else down
    told = {"addition_embed_type": "text_time", "addition_time_embed_dim": 256}
    told |= {"projection_class_embeddings_input_dim": 20 + 6 * 256}
    unet = diffusers.UNet2DConditionModel(
        block_out_channels=(32, 64, 64),
        layers_per_block=1,
        down_block_types=down,
        up_block_types=[kind.replace("Down", "Up") for kind in reversed(down)],
        cross_attention_dim=80 if large else 32,
        attention_head_dim=(2, 4, 4) if large else 4,
        use_linear_projection=large,
        transformer_layers_per_block=(1, 1, 2) if large else 1,
        **(told if large else {}),
    )
    vae = diffusers.AutoencoderKL(
        block_out_channels=(32, 64),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        scaling_factor=SCALE,
    )
    scheduler = diffusers.DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False
    )
    parts = {"unet": unet, "vae": vae, "scheduler": scheduler}
    parts |= {"text_encoder": tower(CLIPTextModel, 32, "quick_gelu", END)}
    parts |= {"tokenizer": tokenizer(folder / "tokenizer", END)}
    if large:
        parts |= {"text_encoder_2": tower(CLIPTextModelWithProjection, 48, "gelu", 0)}
        parts |= {"tokenizer_2": tokenizer(folder / "tokenizer_2", 0)}
    for part in parts.values():
        if isinstance(part, nn.Module):
            randomise(part)
    if large:
        return diffusers.StableDiffusionXLPipeline(**parts)
    return diffusers.StableDiffusionPipeline(
        **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )


def differences(theirs: Any, ours: LatentDiffusion, *, large: bool) -> dict[str, float]:
    """How far two models are apart: what they hear, guess and encode."""
    heard = ours.text.hear(ours.text.tokenize([TEXT]))
    x, times = torch.randn(2, 4, 16, 16, dtype=torch.float64), torch.tensor([3, 700])
    context = heard.context.double().expand(2, -1, -1)
    more: dict[str, Any] = {}
    vector: Tensor | None = None
    if large:
        assert heard.pooled is not None
        said, _, pooled, _ = theirs.encode_prompt(TEXT, TEXT, "cpu", 1, False)
        sizes = torch.tensor([SIZES], dtype=torch.float64).expand(2, -1)
        more = {"added_cond_kwargs": {"text_embeds": pooled.double().expand(2, -1), "time_ids": sizes}}
        vector = size_vector(heard.pooled.double(), SIZES).expand(2, -1)
    else:
        said, _ = theirs.encode_prompt(TEXT, "cpu", 1, False)
    guess = theirs.unet.double()(x, times, encoder_hidden_states=context, **more).sample
    pixels = torch.rand(1, 3, 32, 32, dtype=torch.float64) * 2 - 1
    latent = theirs.vae.double().encode(pixels).latent_dist.mode() * SCALE
    pairs = {
        "text": (said, heard.context),
        "unet": (guess, ours.unet.double()(x, times, context, vector)),
        "vae": (latent, ours.first_stage.double().encode(pixels)),
    }
    return {name: float((one - other).abs().max()) for name, (one, other) in pairs.items()}


@torch.no_grad()
def main() -> None:
    """Read theirs, write ours, run it with diffusers."""
    with tempfile.TemporaryDirectory() as name:
        for large in (False, True):
            folder = Path(name) / f"large {large}"
            folder.mkdir()
            theirs = pipeline(folder, large=large)
            theirs.save_pretrained(folder / "theirs")
            apart = differences(theirs, load_folder(folder / "theirs"), large=large)
            assert max(apart.values()) < MOST, apart
            save_folder(load_folder(folder / "theirs"), folder / "ours")
            back = diffusers.DiffusionPipeline.from_pretrained(folder / "ours")
            assert type(back) is type(theirs)
            pictures = back(TEXT, num_inference_steps=2, height=32, width=32, output_type="pt").images
            print(f"{type(back).__name__}: {apart}, and it runs: {tuple(pictures.shape)}")


if __name__ == "__main__":
    main()
