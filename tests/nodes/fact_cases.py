"""Graphs of most kinds of nodes on the tiny model, written shortly."""

from __future__ import annotations

from typing import Any

from engine.formats.comfy_prompt import graph_of
from engine.graph.graph import Graph
from tests.nodes.running import TINY


def use(kind: str, /, **inputs: object) -> dict[str, object]:
    """A node; a text like `@a.1` is a link to that output of node `a`."""

    def given(value: object) -> object:
        if isinstance(value, str) and value.startswith("@"):
            node, _, output = value[1:].partition(".")
            return [node, int(output or 0)]
        return value

    return {"class_type": kind, "inputs": {name: given(value) for name, value in inputs.items()}}


def graph(**nodes: object) -> Graph:
    read, problems = graph_of(nodes)
    assert problems == []
    return read


MODEL = {"m": use("CheckpointLoaderSimple", ckpt_name=TINY)}
TOLD = {**MODEL, "p": use("CLIPTextEncode", text="a red circle", clip="@m.1")}
CANVAS = {"e": use("EmptyLatentImage", width=32, height=16, batch_size=2)}
PICTURE = {"i": use("EmptyImage", width=40, height=24, batch_size=2, color=255)}
MASK = {"k": use("SolidMask", width=40, height=24)}


def sample(model: str = "@m", positive: str = "@p", latent: str = "@e") -> dict[str, object]:
    return use("KSampler", model=model, positive=positive, negative="@p", latent_image=latent, steps=1)


LATENT = {**TOLD, **CANVAS, "l": sample()}

CASES: dict[str, dict[str, Any]] = {
    "a checkpoint and a text": {**TOLD, "v": use("CLIPTextEncode", text="", clip="@m.1")},
    "tokens": {
        **MODEL,
        "t": use("Tokenize", text="a", clip="@m.1"),
        "p": use("EncodeTokens", tokens="@t", clip="@m.1"),
    },
    "conditionings": {
        **TOLD,
        "c": use("ConditioningCombine", conditioning_1="@p", conditioning_2="@p"),
        "b": use("ConditioningConcat", conditioning_to="@p", conditioning_from="@p"),
        "a": use("ConditioningAverage", conditioning_to="@p", conditioning_from="@p"),
        "s": use("ConditioningSetArea", conditioning="@p"),
        "z": use("ConditioningZeroOut", conditioning="@p"),
    },
    "sampling": {**LATENT, "d": use("VAEDecode", samples="@l", vae="@m.2")},
    "sampling by a guider": {
        **TOLD,
        **CANVAS,
        "g": use("CFGGuider", model="@m", positive="@p", negative="@p"),
        "n": use("RandomNoise"),
        "o": use("KSamplerSelect"),
        "h": use("BasicScheduler", model="@m", steps=1),
        "s": use(
            "SamplerCustomAdvanced", noise="@n", guider="@g", sampler="@o", sigmas="@h", latent_image="@e"
        ),
    },
    "encoding": {
        **MODEL,
        **PICTURE,
        **MASK,
        "l": use("VAEEncode", pixels="@i", vae="@m.2"),
        "t": use("VAEEncodeTiled", pixels="@i", vae="@m.2"),
        "f": use("VAEEncodeForInpaint", pixels="@i", vae="@m.2", mask="@k"),
        "s": use("SetLatentNoiseMask", samples="@l", mask="@k"),
        "u": use("VAEDecodeTiled", samples="@l", vae="@m.2"),
    },
    "what is shown beside the latent": {
        **TOLD,
        **PICTURE,
        **MASK,
        "a": use(
            "InpaintModelConditioning", positive="@p", negative="@p", vae="@m.2", pixels="@i", mask="@k"
        ),
        "b": use("InstructPixToPixConditioning", positive="@p", negative="@p", vae="@m.2", pixels="@i"),
        "c": use("SD_4XUpscale_Conditioning", images="@i", positive="@p", negative="@p", scale_ratio=2.5),
        "d": use("LowResolutionConditioning", positive="@p", negative="@p", image="@i"),
        "e": use("DepthConditioning", positive="@p", negative="@p", depth="@i"),
        "f": use("VAEEncodeSample", pixels="@i", vae="@m.2"),
        "g": use("VAEDecodeCodes", samples="@f", vae="@m.2"),
    },
    "models told how they were trained": {
        **MODEL,
        "a": use("ModelSamplingDiscrete", model="@m", sampling="v_prediction"),
        "b": use("ModelSamplingContinuousEDM", model="@a", sampling="edm"),
        "c": use("ModelSamplingContinuousV", model="@b"),
    },
    "latents in other sizes": {
        **LATENT,
        "a": use("LatentUpscale", samples="@l", width=128, height=0),
        "b": use("LatentUpscale", samples="@e", width=64, height=128),
        "c": use("LatentUpscaleBy", samples="@l", scale_by=1.6),
        "d": use("LatentRotate", samples="@l", rotation="90 degrees"),
        "f": use("LatentFlip", samples="@e"),
        "g": use("LatentCrop", samples="@a", width=64, height=64),
        "h": sample(latent="@b"),
    },
    "batches of latents": {
        **LATENT,
        "a": use("LatentFromBatch", samples="@l", batch_index=1, length=5),
        "b": use("RepeatLatentBatch", samples="@l", amount=3),
        "c": use("LatentBatch", samples1="@e", samples2="@b"),
        "d": use("LatentBlend", samples1="@l", samples2="@b"),
        "f": use("LatentComposite", samples_to="@l", samples_from="@b"),
        "g": use("LatentCompositeMasked", destination="@l", source="@b"),
        "h": use("RebatchLatents", latents="@b", batch_size=2),
        "i": use("LatentMultiply", samples="@e", multiplier=2.0),
    },
    "pictures in other sizes": {
        **PICTURE,
        "a": use("ImageScale", image="@i", width=0, height=33),
        "b": use("ImageScale", image="@i", width=17, height=0),
        "c": use("ImageScaleBy", image="@i", scale_by=1.7),
        "d": use("ImageScaleToTotalPixels", image="@i", megapixels=0.01),
        "e": use("ImageScaleToMaxDimension", image="@i", largest_size=55),
        "f": use("ResizeAndPadImage", image="@i", target_width=64, target_height=32),
        "g": use("ImageCrop", image="@i", width=30, height=30, x=20, y=3),
        "h": use("ImageRotate", image="@i", rotation="270 degrees"),
        "j": use("ImagePadForOutpaint", image="@i", left=8, top=16, right=0, bottom=8),
        "k": use("ImageScale", image="@i", width=0, height=0),
    },
    "pictures as they are": {
        **PICTURE,
        "a": use("ImageInvert", image="@i"),
        "b": use("ImageBlend", image1="@i", image2="@i"),
        "c": use("ImageBatch", image1="@i", image2="@a"),
        "d": use("ImageFromBatch", image="@c", batch_index=1, length=2),
        "e": use("RepeatImageBatch", image="@i", amount=2),
        "f": use("RebatchImages", images="@c", batch_size=3),
        "g": use("ImageQuantize", image="@i", colors=4),
        "h": use("SplitImageWithAlpha", image="@i"),
        "j": use("ImageBlur", image="@i"),
    },
    "masks": {
        **PICTURE,
        **MASK,
        "a": use("MaskToImage", mask="@k"),
        "b": use("ImageToMask", image="@i", channel="red"),
        "c": use("ImageColorToMask", image="@i"),
        "d": use("CropMask", mask="@k", x=35, y=1, width=10, height=10),
        "e": use("MaskComposite", destination="@k", source="@b"),
        "f": use("GrowMask", mask="@k", expand=1),
        "g": use("InvertMask", mask="@b"),
    },
    "numbers that are known": {
        "w": use("PrimitiveInt", value=48),
        "i": use("EmptyImage", width="@w", height=24, batch_size=1),
        "s": use("GetImageSize", image="@i"),
        "j": use("EmptyImage", width="@s.1", height="@s.0", batch_size="@s.2"),
    },
}
