"""Parameter counts of published models, on the meta device: a wrong block or width shows at once."""

import pytest
import torch

from ldm.first_stage.autoencoder import AutoencoderKL
from ldm.spec import FirstStageSpec, TextSpec, UNetSpec
from ldm.text.transformer import TextEncoder
from ldm.unet.unet import UNet

CONTEXT_MODELS = [
    ("stable diffusion 1.4", UNetSpec(), 859.52),
    ("text2img-large, 1.45B", UNetSpec(context_dim=1280), 872.30),
    (
        "cin256-v2",
        UNetSpec(
            in_channels=3,
            out_channels=3,
            model_channels=192,
            channel_mult=(1, 2, 3, 5),
            attention_factors=(8, 4, 2),
            heads=1,
            context_dim=512,
        ),
        400.92,
    ),
    (
        "layout2img",
        UNetSpec(
            in_channels=3,
            out_channels=3,
            model_channels=128,
            channel_mult=(1, 2, 3, 4),
            attention_factors=(8, 4, 2),
            heads=None,
            head_channels=32,
            context_dim=512,
            depth=3,
        ),
        246.28,
    ),
]

FIRST_STAGES = [
    ("kl-f4", FirstStageSpec(), 22.35, 32.96),
    ("kl-f8", FirstStageSpec(channel_mult=(1, 2, 4, 4), z_channels=4, embed_dim=4), 34.16, 49.49),
    (
        "kl-f16",
        FirstStageSpec(
            channel_mult=(1, 1, 2, 2, 4), z_channels=16, embed_dim=16, attention_resolutions=(16,)
        ),
        28.27,
        41.34,
    ),
    (
        "kl-f32",
        FirstStageSpec(
            channel_mult=(1, 1, 2, 2, 4, 4), z_channels=64, embed_dim=64, attention_resolutions=(16, 8)
        ),
        42.62,
        61.25,
    ),
]


def millions(module: torch.nn.Module) -> float:
    """How many parameters a module has."""
    return sum(parameter.numel() for parameter in module.parameters()) / 1e6


@pytest.mark.parametrize(("name", "spec", "count"), CONTEXT_MODELS)
def test_a_unet_has_as_many_parameters_as_the_published_one(name: str, spec: UNetSpec, count: float) -> None:
    with torch.device("meta"):
        unet = UNet(spec)
    assert millions(unet) == pytest.approx(count, abs=0.006)
    if name == "stable diffusion 1.4":
        assert len(unet.state_dict()) == 686


@pytest.mark.parametrize(("name", "spec", "encoder", "decoder"), FIRST_STAGES)
def test_a_first_stage_has_as_many_parameters_as_the_published_one(
    name: str, spec: FirstStageSpec, encoder: float, decoder: float
) -> None:
    with torch.device("meta"):
        model = AutoencoderKL(spec)
    assert millions(model.encoder) == pytest.approx(encoder, abs=0.02)
    assert millions(model.decoder) == pytest.approx(decoder, abs=0.02)


def test_the_text_encoder_has_as_many_parameters_as_the_published_one() -> None:
    with torch.device("meta"):
        tau = TextEncoder(TextSpec(words=tuple(str(n) for n in range(30518))))
    unused_logits = 39.1  # Weft leaves out the published file's `to_logits`, which nothing calls
    assert millions(tau) == pytest.approx(581.99 - unused_logits, abs=0.05)


def test_keys_are_compvis_own() -> None:
    with torch.device("meta"):
        unet, vae = UNet(UNetSpec()), AutoencoderKL(FirstStageSpec())
        tau = TextEncoder(TextSpec(words=("red",), layers=1))
    assert {
        "time_embed.0.weight",
        "input_blocks.0.0.weight",
        "input_blocks.1.0.in_layers.0.weight",
        "input_blocks.1.0.emb_layers.1.weight",
        "input_blocks.1.0.out_layers.3.weight",
        "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight",
        "input_blocks.1.1.transformer_blocks.0.attn1.to_out.0.bias",
        "input_blocks.1.1.transformer_blocks.0.ff.net.0.proj.weight",
        "input_blocks.1.1.transformer_blocks.0.ff.net.2.weight",
        "input_blocks.3.0.op.weight",
        "middle_block.1.proj_in.weight",
        "output_blocks.2.1.conv.weight",
        "output_blocks.5.2.conv.weight",
        "out.2.bias",
    } <= set(unet.state_dict())
    assert {
        "encoder.down.0.downsample.conv.weight",
        "encoder.down.1.block.0.nin_shortcut.weight",
        "encoder.mid.attn_1.q.weight",
        "decoder.up.1.upsample.conv.weight",
        "decoder.up.0.block.2.conv2.weight",
        "decoder.mid.block_2.norm1.weight",
        "quant_conv.weight",
        "post_quant_conv.weight",
    } <= set(vae.state_dict())
    assert {
        "transformer.token_emb.weight",
        "transformer.pos_emb.emb.weight",
        "transformer.attn_layers.layers.0.0.weight",
        "transformer.attn_layers.layers.0.1.to_q.weight",
        "transformer.attn_layers.layers.0.1.to_out.bias",
        "transformer.attn_layers.layers.1.1.net.0.0.weight",
        "transformer.attn_layers.layers.1.1.net.2.weight",
        "transformer.norm.weight",
    } <= set(tau.state_dict())
