"""What ComfyUI calls the methods of its core nodes, for packs: `nodes.VAEDecode().decode(vae, samples)`."""

from __future__ import annotations

from typing import Any

from engine.api import offer_method

METHODS: dict[str, tuple[str, ...]] = {
    "CLIPSetLastLayer": ("set_last_layer", "clip", "stop_at_clip_layer"),
    "CLIPTextEncode": ("encode", "clip", "text"),
    "CheckpointLoaderSimple": ("load_checkpoint", "ckpt_name"),
    "ConditioningAverage": (
        "addWeighted",
        "conditioning_to",
        "conditioning_from",
        "conditioning_to_strength",
    ),
    "ConditioningCombine": ("combine", "conditioning_1", "conditioning_2"),
    "ConditioningConcat": ("concat", "conditioning_to", "conditioning_from"),
    "ConditioningSetArea": ("append", "conditioning", "width", "height", "x", "y", "strength"),
    "ConditioningSetAreaPercentage": ("append", "conditioning", "width", "height", "x", "y", "strength"),
    "ConditioningSetAreaStrength": ("append", "conditioning", "strength"),
    "ConditioningSetMask": ("append", "conditioning", "mask", "set_cond_area", "strength"),
    "ConditioningSetTimestepRange": ("set_range", "conditioning", "start", "end"),
    "ConditioningZeroOut": ("zero_out", "conditioning"),
    "EmptyImage": ("generate", "width", "height", "batch_size", "color"),
    "EmptyLatentImage": ("generate", "width", "height", "batch_size"),
    "ImageBatch": ("batch", "image1", "image2"),
    "ImageInvert": ("invert", "image"),
    "ImagePadForOutpaint": ("expand_image", "image", "left", "top", "right", "bottom", "feathering"),
    "ImageScale": ("upscale", "image", "upscale_method", "width", "height", "crop"),
    "ImageScaleBy": ("upscale", "image", "upscale_method", "scale_by"),
    "InpaintModelConditioning": ("encode", "positive", "negative", "pixels", "vae", "mask", "noise_mask"),
    "KSampler": (
        *("sample", "model", "seed", "steps", "cfg", "sampler_name", "scheduler"),
        *("positive", "negative", "latent_image", "denoise"),
    ),
    "KSamplerAdvanced": (
        *("sample", "model", "add_noise", "noise_seed", "steps", "cfg", "sampler_name", "scheduler"),
        *(
            "positive",
            "negative",
            "latent_image",
            "start_at_step",
            "end_at_step",
            "return_with_leftover_noise",
        ),
    ),
    "LatentBlend": ("blend", "samples1", "samples2", "blend_factor", "blend_mode"),
    "LatentComposite": ("composite", "samples_to", "samples_from", "x", "y", "composite_method", "feather"),
    "LatentCrop": ("crop", "samples", "width", "height", "x", "y"),
    "LatentFlip": ("flip", "samples", "flip_method"),
    "LatentFromBatch": ("frombatch", "samples", "batch_index", "length"),
    "LatentRotate": ("rotate", "samples", "rotation"),
    "LatentUpscale": ("upscale", "samples", "upscale_method", "width", "height", "crop"),
    "LatentUpscaleBy": ("upscale", "samples", "upscale_method", "scale_by"),
    "LoadImage": ("load_image", "image"),
    "LoadImageMask": ("load_image", "image", "channel"),
    "LoadLatent": ("load", "latent"),
    "PreviewImage": ("save_images", "images", "filename_prefix", "prompt", "extra_pnginfo"),
    "RepeatLatentBatch": ("repeat", "samples", "amount"),
    "SaveImage": ("save_images", "images", "filename_prefix", "prompt", "extra_pnginfo"),
    "SaveLatent": ("save", "samples", "filename_prefix", "prompt", "extra_pnginfo"),
    "SetLatentNoiseMask": ("set_mask", "samples", "mask"),
    "VAEDecode": ("decode", "vae", "samples"),
    "VAEDecodeTiled": (
        *("decode", "vae", "samples", "tile_size", "overlap"),
        *("temporal_size", "temporal_overlap"),
    ),
    "VAEEncode": ("encode", "vae", "pixels"),
    "VAEEncodeForInpaint": ("encode", "vae", "pixels", "mask", "grow_mask_by"),
    "VAEEncodeTiled": (
        *("encode", "vae", "pixels", "tile_size", "overlap"),
        *("temporal_size", "temporal_overlap"),
    ),
    "VAELoader": ("load_vae", "vae_name"),
}

SAVING = {"type": "output", "prefix_append": "", "compress_level": 4}


def saved_as_asked(saver: object, given: dict[str, Any]) -> str:
    """Where a subclass's fields want pictures to go: packs make previews of SaveImage by `self.type = "temp"`."""
    if getattr(saver, "type", "output") == "temp":
        given.pop("filename_prefix", None)
        return "PreviewImage"
    given["filename_prefix"] = given.get("filename_prefix", "ComfyUI") + getattr(saver, "prefix_append", "")
    return "SaveImage"


for _id, (_name, *_arguments) in METHODS.items():
    _saves = _id == "SaveImage"
    offer_method(
        _id,
        _name,
        tuple(_arguments),
        fields=SAVING if _saves else None,
        heeds=saved_as_asked if _saves else None,
    )
