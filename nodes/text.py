"""From words to conditioning: tokenize, then tau."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch

from engine.api import Output, Range, node
from ldm.diffusion.condition import Condition
from ldm.diffusion.vectors import POOLED
from ldm.text.clip import ClipPair, stopped_at
from ldm.text.tau import Heard, NotHeard
from ldm.text.tokenizer import Tokens
from nodes.facts import conditioning
from nodes.port_types import Conditioning, TextModel, TokenRows
from nodes.widgets import Prompt, Side


@node("Tokenize", category="conditioning/stages", facts=conditioning.tokens)
def tokenize_text(text: Prompt, clip: TextModel) -> Annotated[TokenRows, Output("tokens")]:
    """Split a text into the tokens that the model knows.

    A small vocabulary takes unknown words for [UNK]; CLIP's knows all, and heeds weights such as (red:1.3).

    Args:
        text: What the picture should show.
        clip: The text encoder whose vocabulary is used.
    """
    tokens = clip.encoder.tokenize([text])
    loud = None if tokens.weights is None else torch.tensor(tokens.weights, dtype=torch.float64)
    return TokenRows(torch.tensor(tokens.ids), loud, tokens.learned)


@node(
    "EncodeTokens",
    title="Encode tokens (tau)",
    category="conditioning/stages",
    device=True,
    facts=conditioning.encoded_tokens,
)
def encode_tokens(tokens: TokenRows, clip: TextModel) -> Conditioning:
    """Turn tokens into the conditioning that the diffusion model attends to.

    Args:
        tokens: From Tokenize, of the same text encoder.
        clip: The text encoder.
    """
    ids = tuple(tuple(row) for row in tokens.ids.tolist())
    weights = None if tokens.weights is None else tuple(tuple(row) for row in tokens.weights.tolist())
    with torch.no_grad():
        heard = clip.encoder.hear(Tokens(ids, weights, tokens.learned))
    return _told(heard, {})


@node(
    "CLIPTextEncode",
    title="Encode text",
    category="conditioning",
    device=True,
    facts=conditioning.encoded,
)
def encode_text(text: Prompt, clip: TextModel) -> Conditioning:
    """Tell the model in words what to paint: tokenize and encode in one node.

    Args:
        text: What the picture should show; as a negative, what it should not.
        clip: The text encoder, from the checkpoint.
    """
    return encode_tokens(tokenize_text(text, clip), clip)


@node(
    "CLIPTextEncodeSDXL",
    title="Encode text (SDXL)",
    category="advanced/conditioning",
    device=True,
    facts=conditioning.encoded,
)
def encode_text_sdxl(
    *,
    clip: TextModel,
    width: Side = 1024,
    height: Side = 1024,
    crop_w: Side = 0,
    crop_h: Side = 0,
    target_width: Side = 1024,
    target_height: Side = 1024,
    text_g: Prompt,
    text_l: Prompt,
) -> Conditioning:
    """Tell SDXL what to paint: a text for each of its two text encoders, and sizes of the picture.

    Args:
        clip: SDXL's two text encoders.
        width: Of the picture as it was before training cropped it; small ones make coarse pictures.
        height: The same, from above to below.
        crop_w: How much was cut off at its left; 0 keeps things in the middle.
        crop_h: How much was cut off above.
        target_width: Of the picture that is wanted.
        target_height: The same, from above to below.
        text_g: For the larger text encoder (OpenCLIP bigG).
        text_l: For the smaller one (CLIP-L).
    """
    if not isinstance(clip.encoder, ClipPair):
        raise NotHeard("SDXL has two text encoders, but this model has one. Use CLIPTextEncode for it.")
    tokens = clip.encoder.tokenize([text_l, text_g])
    with torch.no_grad():
        heard = clip.encoder.hear_apart(_row(tokens, 0), _row(tokens, 1))
    sizes = {"width": width, "height": height, "crop_w": crop_w, "crop_h": crop_h}
    return _told(heard, {**sizes, "target_width": target_width, "target_height": target_height})


@node(
    "CLIPTextEncodeSDXLRefiner",
    title="Encode text (SDXL refiner)",
    category="advanced/conditioning",
    device=True,
    facts=conditioning.encoded,
)
def encode_text_refiner(
    *,
    ascore: Annotated[float, Range(0.0, 1000.0, step=0.01)] = 6.0,
    width: Side = 1024,
    height: Side = 1024,
    text: Prompt,
    clip: TextModel,
) -> Conditioning:
    """Tell SDXL's refiner what to paint, how beautiful it shall be, and how large.

    Args:
        ascore: The aesthetic score, about 6 for what to paint and 2.5 for what not to.
        width: Of the picture.
        height: Of the picture.
        text: What the picture should show.
        clip: The refiner's text encoder.
    """
    tokens = clip.encoder.tokenize([text])
    with torch.no_grad():
        heard = clip.encoder.hear(tokens)
    return _told(heard, {"aesthetic_score": ascore, "width": width, "height": height})


@node(
    "CLIPSetLastLayer", title="Set CLIP's last layer", category="conditioning", facts=conditioning.same_clip
)
def set_last_layer(
    clip: TextModel, stop_at_clip_layer: Annotated[int, Range(-24, -1)] = -1
) -> Annotated[TextModel, Output("clip")]:
    """Listen to a text before CLIP's last layers have rounded it off ("clip skip").

    Args:
        clip: CLIP's text encoder, from the checkpoint.
        stop_at_clip_layer: -1 is the last layer, -2 the one before: many fine-tuned models want that.
    """
    return TextModel(stopped_at(clip.encoder, stop_at_clip_layer))


def _row(tokens: Tokens, number: int) -> Tokens:
    """One of several texts."""
    weights = None if tokens.weights is None else (tokens.weights[number],)
    return Tokens((tokens.ids[number],), weights, tokens.learned)


def _told(heard: Heard, facts: Mapping[str, object]) -> Conditioning:
    pooled = {} if heard.pooled is None else {POOLED: heard.pooled.cpu()}
    return Conditioning((Condition(heard.context.cpu(), facts={**pooled, **facts}),))
