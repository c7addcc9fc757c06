"""Graphs that journeys begin with, so small that all of them is in sight."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, TypeAlias

Graph: TypeAlias = Mapping[str, Any]
COLORS = itertools.count(0x102030, 0x010307)
SEEDS = itertools.count(1000)


def node(kind: str, title: str, x: int, y: int, **inputs: object) -> dict[str, Any]:
    """A node of a document; a pair of texts is a link."""
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": title, "position": [x, y]}}


def document(title: str, nodes: Mapping[str, object], **rest: object) -> Graph:
    """A document with these nodes."""
    return {"weft": 2, "title": title, "nodes": nodes, **rest}


def pictures(title: str = "Pictures", **rest: object) -> Graph:
    """A plain picture of a colour that no other test has, inverted: it runs at once, and needs no model."""
    return document(
        title,
        {
            "plain": node("EmptyImage", "Plain", 0, 0, width=64, height=64, batch_size=1, color=next(COLORS)),
            "invert": node("ImageInvert", "Invert", 320, 0, image=["plain", "image"]),
            "show": node("PreviewImage", "Show", 640, 0, images=["invert", "image"]),
        },
        **rest,
    )


def text_to_image(title: str = "Paint", *, steps: int = 3, **rest: object) -> Graph:
    """A prompt becomes a picture, with a seed that no other test has."""
    return document(
        title,
        {
            "model": node("CheckpointLoaderSimple", "Model", 0, 0, ckpt_name="shapeland-nano.safetensors"),
            "canvas": node("EmptyLatentImage", "Canvas", 0, 210, width=64, height=64, batch_size=1),
            "prompt": node("CLIPTextEncode", "Prompt", 270, 0, text="a red circle", clip=["model", "clip"]),
            "negative": node("CLIPTextEncode", "Negative", 270, 210, text="", clip=["model", "clip"]),
            "sampler": node(
                "KSampler",
                "Sampler",
                540,
                0,
                model=["model", "model"],
                positive=["prompt", "conditioning"],
                negative=["negative", "conditioning"],
                latent_image=["canvas", "latent"],
                seed=next(SEEDS),
                steps=steps,
                cfg=3.0,
                sampler_name="ddim",
                scheduler="ddim",
                denoise=1.0,
            ),
            "decode": node(
                "VAEDecode", "Decode", 810, 0, samples=["sampler", "latent"], vae=["model", "vae"]
            ),
            "save": node(
                "SaveImage", "Save", 810, 130, images=["decode", "image"], filename_prefix="journey"
            ),
        },
        **rest,
    )
