"""Parameter counts and key names of published models, on the meta device: a wrong block or width shows at once."""

import pytest
import torch

from ldm import published
from ldm.first_stage.autoencoder import Autoencoder, first_stage
from ldm.published import FIRST_STAGES
from ldm.spec import FirstStageSpec, TextSpec, UNetSpec
from ldm.text.transformer import TextEncoder
from ldm.unet.unet import UNet

# LDM, tables 12 to 15: millions of parameters, and how many tensors there are
UNETS = {
    "SD1_UNET": (859.52, 686),
    "SD1_INPAINT_UNET": (859.54, 686),
    "SD1_EDIT_UNET": (859.53, 686),
    "SD2_UNET": (865.91, 686),
    "SD2_INPAINT_UNET": (865.93, 686),
    "SD2_DEPTH_UNET": (865.91, 686),
    "SD2_UNCLIP_H_UNET": (870.17, 690),
    "SD2_UNCLIP_L_UNET": (869.52, 690),
    "SD2_UPSCALE_UNET": (473.40, 687),
    "SDXL_UNET": (2567.46, 1680),
    "SDXL_INPAINT_UNET": (2567.48, 1680),
    "SDXL_REFINER_UNET": (2259.53, 1220),
    "TEXT_LARGE_UNET": (872.30, 686),
    "CLASS_F4_UNET": (400.92, 688),
    "CLASS_F8_UNET": (394.98, 626),
    "FACES_UNET": (274.06, 368),
    "CHURCHES_UNET": (294.97, 520),
    "INPAINT_UNET": (387.25, 416),
    "UPSCALE_UNET": (113.62, 306),
    "SEMANTIC_UNET": (215.23, 216),
    "LAYOUT_UNET": (246.28, 1328),
    "TEXT_F4_UNET": (403.62, 688),
    "RETRIEVAL_UNET": (1335.48, 688),
}

# LDM, table 8: millions of parameters of the encoder, of the decoder and in all
SIZES = {
    "kl-f4": (22.35, 32.96, 55.31),
    "kl-f4 of SD 2's upscaler": (22.36, 32.97, 55.33),
    "kl-f8": (34.16, 49.49, 83.65),
    "kl-f16": (28.27, 41.34, 69.61),
    "kl-f32": (42.62, 61.25, 103.88),
    "vq-f4": (22.34, 32.96, 55.32),
    "vq-f4-noattn": (21.29, 31.91, 53.22),
    "vq-f8": (27.40, 40.25, 67.72),
    "vq-f8-n256": (27.40, 40.25, 67.65),
    "vq-f16": (28.16, 41.31, 69.59),
}


def millions(module: torch.nn.Module) -> float:
    """How many parameters a module has."""
    return sum(parameter.numel() for parameter in module.parameters()) / 1e6


def test_every_published_part_is_counted() -> None:
    assert set(UNETS) == {name for name in vars(published) if name.endswith("_UNET")}
    assert set(SIZES) == set(FIRST_STAGES)


@pytest.mark.parametrize("name", UNETS)
def test_a_unet_has_as_many_parameters_as_the_published_one(name: str) -> None:
    count, tensors = UNETS[name]
    with torch.device("meta"):
        unet = UNet(getattr(published, name))
    assert millions(unet) == pytest.approx(count, abs=0.006)
    assert len(unet.state_dict()) == tensors


@pytest.mark.parametrize("name", SIZES)
def test_a_first_stage_has_as_many_parameters_as_the_published_one(name: str) -> None:
    encoder, decoder, whole = SIZES[name]
    with torch.device("meta"):
        model = first_stage(FIRST_STAGES[name])
    assert isinstance(model, Autoencoder)
    assert millions(model.encoder) == pytest.approx(encoder, abs=0.006)
    assert millions(model.decoder) == pytest.approx(decoder, abs=0.006)
    assert millions(model) == pytest.approx(whole, abs=0.006)


def test_the_text_encoder_has_as_many_parameters_as_the_published_one() -> None:
    with torch.device("meta"):
        tau = TextEncoder(TextSpec(words=tuple(str(n) for n in range(30518))))
    unused_logits = 39.1  # Weft leaves out the published file's `to_logits`, which nothing calls
    assert millions(tau) == pytest.approx(581.99 - unused_logits, abs=0.05)


def test_keys_are_compvis_own() -> None:
    with torch.device("meta"):
        unet, vae = UNet(UNetSpec()), first_stage(FirstStageSpec())
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


VARIANTS = [
    ("FACES_UNET", "input_blocks.4.1.qkv.weight", (1344, 448, 1)),
    ("FACES_UNET", "input_blocks.3.0.op.weight", (224, 224, 3, 3)),
    ("CHURCHES_UNET", "input_blocks.3.0.in_layers.2.weight", (192, 192, 3, 3)),
    ("CHURCHES_UNET", "input_blocks.1.0.emb_layers.1.weight", (384, 768)),
    ("CHURCHES_UNET", "output_blocks.2.1.out_layers.3.weight", (768, 768, 3, 3)),
    ("INPAINT_UNET", "output_blocks.2.2.in_layers.0.weight", (1024,)),
    ("SD2_UNET", "input_blocks.1.1.proj_in.weight", (320, 320)),
    ("SD2_UPSCALE_UNET", "input_blocks.4.1.transformer_blocks.0.attn1.to_k.weight", (512, 1024)),
    ("SD2_UPSCALE_UNET", "input_blocks.10.1.transformer_blocks.0.attn1.to_k.weight", (1024, 1024)),
    ("SD2_UPSCALE_UNET", "label_emb.weight", (1000, 1024)),
    ("SD2_UNCLIP_H_UNET", "label_emb.0.0.weight", (1280, 2048)),
    ("SDXL_REFINER_UNET", "label_emb.0.0.weight", (1536, 2560)),
    ("SDXL_REFINER_UNET", "middle_block.1.transformer_blocks.3.attn2.to_k.weight", (1536, 1280)),
    ("SDXL_UNET", "label_emb.0.0.weight", (1280, 2816)),
    ("SDXL_UNET", "label_emb.0.2.bias", (1280,)),
    ("SDXL_UNET", "input_blocks.8.1.transformer_blocks.9.attn2.to_k.weight", (1280, 2048)),
    ("SDXL_UNET", "output_blocks.2.2.conv.weight", (1280, 1280, 3, 3)),
]


@pytest.mark.parametrize(("name", "key", "shape"), VARIANTS)
def test_what_sets_a_unet_apart_lies_under_its_published_key(
    name: str, key: str, shape: tuple[int, ...]
) -> None:
    with torch.device("meta"):
        unet = UNet(getattr(published, name))
    assert tuple(unet.state_dict()[key].shape) == shape


@pytest.mark.parametrize(
    ("name", "here", "absent"),
    [
        ("vq-f8", {"quantize.embedding.weight", "encoder.down.3.attn.0.q.weight"}, "encoder.down.2.attn.0.q.weight"),
        ("vq-f4-noattn", {"quantize.embedding.weight"}, "encoder.mid.attn_1.q.weight"),
        ("kl-f16", {"encoder.down.4.attn.1.q.weight", "decoder.up.4.attn.2.v.bias"}, "quantize.embedding.weight"),
        ("kl-f32", {"encoder.down.5.attn.0.q.weight", "decoder.up.4.attn.0.k.weight"}, "decoder.up.3.attn.0.q.bias"),
    ],
)  # fmt: skip
def test_what_sets_a_first_stage_apart_lies_under_its_published_key(
    name: str, here: set[str], absent: str
) -> None:
    with torch.device("meta"):
        keys = set(first_stage(FIRST_STAGES[name]).state_dict())
    assert here <= keys
    assert absent not in keys
