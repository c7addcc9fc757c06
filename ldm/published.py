"""Every published model that is known here, as specs: the numbers of LDM's tables and of Stable Diffusion.

How many heads there are, the schedule and the parameterization cannot be seen in a file: these tables say them.
"""

from __future__ import annotations

from dataclasses import replace

from ldm.spec import (
    ClassSpec,
    ClipSpec,
    ConcatSpec,
    FirstStageSpec,
    ImageVectorSpec,
    ModelSpec,
    RescalerSpec,
    RoughSpec,
    ScheduleSpec,
    TextSpec,
    UNetSpec,
)

# ---- first stages (LDM, table 8; CompVis' `models/first_stage_models`)

KL_F4 = FirstStageSpec()
KL_F8 = FirstStageSpec(channel_mult=(1, 2, 4, 4), z_channels=4, embed_dim=4, scale_factor=0.18215)
KL_F4_UPSCALER = FirstStageSpec(z_channels=4, embed_dim=4, scale_factor=0.08333)
KL_F16 = FirstStageSpec(
    channel_mult=(1, 1, 2, 2, 4), z_channels=16, embed_dim=16, attention_resolutions=(16,)
)
KL_F32 = FirstStageSpec(
    channel_mult=(1, 1, 2, 2, 4, 4), z_channels=64, embed_dim=64, attention_resolutions=(16, 8)
)
VQ_F4 = FirstStageSpec(kind="vq", codes=8192)
VQ_F4_NOATTN = FirstStageSpec(kind="vq", codes=8192, attention="none")
VQ_F8 = FirstStageSpec(
    kind="vq", codes=16384, channel_mult=(1, 2, 2, 4), z_channels=4, embed_dim=4, attention_resolutions=(32,)
)
VQ_F8_N256 = replace(VQ_F8, codes=256)
VQ_F16 = FirstStageSpec(
    kind="vq",
    codes=16384,
    channel_mult=(1, 1, 2, 2, 4),
    z_channels=8,
    embed_dim=8,
    attention_resolutions=(16,),
)
PIXELS = FirstStageSpec(kind="identity", channel_mult=(1,))

FIRST_STAGES = {
    "kl-f4": KL_F4,
    "kl-f4 of SD 2's upscaler": KL_F4_UPSCALER,
    "kl-f8": KL_F8,
    "kl-f16": KL_F16,
    "kl-f32": KL_F32,
    "vq-f4": VQ_F4,
    "vq-f4-noattn": VQ_F4_NOATTN,
    "vq-f8": VQ_F8,
    "vq-f8-n256": VQ_F8_N256,
    "vq-f16": VQ_F16,
}

# ---- UNets (LDM, tables 12 to 15; CompVis' and Stability's configs)

SD1_UNET = UNetSpec()
SD1_INPAINT_UNET = UNetSpec(in_channels=9)
SD1_EDIT_UNET = UNetSpec(in_channels=8)
SD2_UNET = UNetSpec(heads=None, head_channels=64, context_dim=1024, linear_projection=True)
SD2_INPAINT_UNET = replace(SD2_UNET, in_channels=9)
SD2_DEPTH_UNET = replace(SD2_UNET, in_channels=5)
SD2_UNCLIP_H_UNET = replace(SD2_UNET, vector_dim=2048)
SD2_UNCLIP_L_UNET = replace(SD2_UNET, vector_dim=1536)
SD2_UPSCALE_UNET = UNetSpec(
    in_channels=7,
    model_channels=256,
    channel_mult=(1, 2, 2, 4),
    attention_factors=(2, 4, 8),
    context_dim=1024,
    linear_projection=True,
    crossed=(1, 2),
    classes=1000,
)
SDXL_UNET = UNetSpec(
    channel_mult=(1, 2, 4),
    attention_factors=(4, 2),
    heads=None,
    head_channels=64,
    context_dim=2048,
    depth=(0, 2, 10),
    linear_projection=True,
    vector_dim=2816,
)
SDXL_INPAINT_UNET = replace(SDXL_UNET, in_channels=9)
SDXL_REFINER_UNET = UNetSpec(
    model_channels=384,
    attention_factors=(4, 2),
    heads=None,
    head_channels=64,
    context_dim=1280,
    depth=4,
    linear_projection=True,
    vector_dim=2560,
)
TEXT_LARGE_UNET = UNetSpec(context_dim=1280)
CLASS_F4_UNET = UNetSpec(
    in_channels=3,
    out_channels=3,
    model_channels=192,
    channel_mult=(1, 2, 3, 5),
    attention_factors=(8, 4, 2),
    heads=1,
    context_dim=512,
)
CLASS_F8_UNET = UNetSpec(
    model_channels=256, channel_mult=(1, 2, 4), heads=None, head_channels=32, context_dim=512
)
FACES_UNET = UNetSpec(
    in_channels=3,
    out_channels=3,
    model_channels=224,
    channel_mult=(1, 2, 3, 4),
    attention_factors=(8, 4, 2),
    heads=None,
    head_channels=32,
    context_dim=None,
)
CHURCHES_UNET = UNetSpec(
    model_channels=192,
    channel_mult=(1, 2, 2, 4, 4),
    attention_factors=(1, 2, 4, 8),
    context_dim=None,
    resize_in_blocks=True,
    scale_shift_norm=True,
)
INPAINT_UNET = UNetSpec(
    in_channels=7,
    out_channels=3,
    model_channels=256,
    channel_mult=(1, 2, 3, 4),
    attention_factors=(8, 4, 2),
    context_dim=None,
    resize_in_blocks=True,
)
UPSCALE_UNET = UNetSpec(
    in_channels=6,
    out_channels=3,
    model_channels=160,
    channel_mult=(1, 2, 2, 4),
    attention_factors=(16, 8),
    heads=None,
    head_channels=32,
    context_dim=None,
)
SEMANTIC_UNET = UNetSpec(
    in_channels=6,
    out_channels=3,
    model_channels=128,
    channel_mult=(1, 4, 8),
    attention_factors=(32, 16, 8),
    context_dim=None,
)
LAYOUT_UNET = UNetSpec(
    in_channels=3,
    out_channels=3,
    model_channels=128,
    channel_mult=(1, 2, 3, 4),
    attention_factors=(8, 4, 2),
    heads=None,
    head_channels=32,
    context_dim=512,
    depth=3,
)
TEXT_F4_UNET = replace(CLASS_F4_UNET, heads=None, head_channels=32, context_dim=640)
RETRIEVAL_UNET = UNetSpec(
    in_channels=16,
    out_channels=16,
    model_channels=448,
    channel_mult=(1, 2, 3, 4),
    heads=None,
    head_channels=32,
)

# ---- text encoders

CLIP_L = ClipSpec()
OPEN_CLIP_H = ClipSpec(
    width=1024, layers=24, heads=16, activation="gelu", pad=0, skipped=1, layout="open_clip"
)
SDXL_CLIP_L = ClipSpec(skipped=1, normed=False)
OPEN_CLIP_BIGG = ClipSpec(
    width=1280,
    layers=32,
    heads=20,
    activation="gelu",
    pad=0,
    skipped=1,
    normed=False,
    projection=1280,
    layout="open_clip",
)
BERT_LARGE = TextSpec(tokens="wordpiece", entries=30522)
BERT_640 = TextSpec(tokens="wordpiece", entries=30522, width=640)
LAYOUT = TextSpec(tokens="boxes", entries=8192, length=92, width=512, layers=16)

# ---- whole models

SD_SCHEDULE = ScheduleSpec(first=0.00085, last=0.012)
TO_200 = ScheduleSpec(first=0.0001, last=0.02)
_TO_155, _TO_195, _TO_205 = (ScheduleSpec(first=0.0015, last=last) for last in (0.0155, 0.0195, 0.0205))

# A grey picture behind Stable Diffusion's first stage
INPAINTING = ConcatSpec(order=("mask", "masked_image"), blank=(0.8223, -0.6876, 0.6364, 0.1380))

SD1 = ModelSpec(
    name="Stable Diffusion 1", first_stage=KL_F8, unet=SD1_UNET, clip=CLIP_L, schedule=SD_SCHEDULE
)
SD2 = replace(SD1, name="Stable Diffusion 2", unet=SD2_UNET, clip=OPEN_CLIP_H)
SDXL = replace(
    SD1,
    name="Stable Diffusion XL",
    first_stage=replace(KL_F8, scale_factor=0.13025),
    unet=SDXL_UNET,
    clip=SDXL_CLIP_L,
    second_clip=OPEN_CLIP_BIGG,
)
UNCLIP = replace(
    SD2,
    name="Stable Diffusion 2 unCLIP, H",
    unet=SD2_UNCLIP_H_UNET,
    image_vector=ImageVectorSpec(width=1024),
    roughened=RoughSpec(schedule=ScheduleSpec(kind="cosine"), most=999),
)

MODELS = (
    SD1,
    replace(SD1, name="Stable Diffusion 1 inpainting", unet=SD1_INPAINT_UNET, concat=INPAINTING),
    replace(
        SD1,
        name="InstructPix2Pix",
        unet=SD1_EDIT_UNET,
        concat=ConcatSpec(order=("source",), unscaled=True),
    ),
    SD2,
    replace(SD2, name="Stable Diffusion 2 inpainting", unet=SD2_INPAINT_UNET, concat=INPAINTING),
    replace(SD2, name="Stable Diffusion 2 depth", unet=SD2_DEPTH_UNET, concat=ConcatSpec(order=("depth",))),
    replace(
        SD2,
        name="Stable Diffusion 2 upscaler",
        first_stage=KL_F4_UPSCALER,
        unet=SD2_UPSCALE_UNET,
        concat=ConcatSpec(order=("low_resolution",)),
        roughened=RoughSpec(schedule=TO_200, most=350),
        schedule=TO_200,
        parameterization="v",
    ),
    UNCLIP,
    replace(
        UNCLIP,
        name="Stable Diffusion 2 unCLIP, L",
        unet=SD2_UNCLIP_L_UNET,
        image_vector=ImageVectorSpec(width=768),
    ),
    SDXL,
    replace(SDXL, name="Stable Diffusion XL inpainting", unet=SDXL_INPAINT_UNET, concat=INPAINTING),
    replace(
        SDXL,
        name="Stable Diffusion XL refiner",
        unet=SDXL_REFINER_UNET,
        clip=OPEN_CLIP_BIGG,
        second_clip=None,
    ),
    ModelSpec(
        name="LDM text2img-large",
        first_stage=KL_F8,
        unet=TEXT_LARGE_UNET,
        text=BERT_LARGE,
        schedule=SD_SCHEDULE,
    ),
    ModelSpec(name="LDM text2img256", first_stage=VQ_F4, unet=TEXT_F4_UNET, text=BERT_640, schedule=_TO_195),
    ModelSpec(
        name="LDM cin256-v2", first_stage=VQ_F4, unet=CLASS_F4_UNET, classes=ClassSpec(), schedule=_TO_195
    ),
    ModelSpec(
        name="LDM cin256",
        first_stage=VQ_F8,
        unet=CLASS_F8_UNET,
        classes=ClassSpec(classes=1000, null=False),
        schedule=_TO_195,
    ),
    ModelSpec(name="LDM faces or bedrooms", first_stage=VQ_F4, unet=FACES_UNET, schedule=_TO_195),
    ModelSpec(
        name="LDM churches",
        first_stage=replace(KL_F8, scale_factor=1.0),
        unet=CHURCHES_UNET,
        schedule=_TO_155,
    ),
    ModelSpec(
        name="LDM inpainting_big",
        first_stage=VQ_F4_NOATTN,
        unet=INPAINT_UNET,
        concat=ConcatSpec(order=("masked_image", "mask"), signed=True, hole=-1.0),
        schedule=_TO_205,
    ),
    ModelSpec(
        name="LDM bsr_sr",
        first_stage=VQ_F4,
        unet=UPSCALE_UNET,
        concat=ConcatSpec(order=("low_resolution",)),
        schedule=_TO_155,
    ),
    ModelSpec(
        name="LDM semantic_synthesis",
        first_stage=VQ_F4,
        unet=SEMANTIC_UNET,
        rescaler=RescalerSpec(),
        concat=ConcatSpec(order=("semantic_map",)),
        schedule=_TO_205,
    ),
    ModelSpec(name="LDM layout2img", first_stage=VQ_F4, unet=LAYOUT_UNET, text=LAYOUT, schedule=_TO_205),
    ModelSpec(
        name="RDM",
        first_stage=replace(KL_F16, scale_factor=0.22765929),
        unet=RETRIEVAL_UNET,
        schedule=ScheduleSpec(first=0.0015, last=0.015),
    ),
)
