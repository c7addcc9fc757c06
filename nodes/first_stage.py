"""Between pixels and latents: the first stage's E and D, at once or in tiles."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from engine.api import Range, node
from ldm.first_stage.pieces import Pieces, Tiles, at_once
from nodes.facts import latents
from nodes.port_types import FirstStage, Image, Latent

TILE, OVERLAP = 512, 64  # pixels

TileSize = Annotated[int, Range(64, 4096, step=32)]
EncodedTileSize = Annotated[int, Range(64, 4096, step=64)]
Overlap = Annotated[int, Range(0, 4096, step=32)]
Frames = Annotated[int, Range(8, 4096, step=4)]
OverlappingFrames = Annotated[int, Range(4, 4096, step=4)]


def _encode_in_tiles(pixels: Image, vae: FirstStage) -> Latent:
    return encode_image_tiled(pixels, vae)


def _decode_in_tiles(samples: Latent, vae: FirstStage) -> Image:
    return decode_latent_tiled(samples, vae)


@node(
    "VAEEncode",
    title="Encode image",
    category="latent",
    device=True,
    version=2,
    tiled=_encode_in_tiles,
    facts=latents.encoded,
)
def encode_image(pixels: Image, vae: FirstStage) -> Latent:
    """Encode pictures to latents (the mode of q(z | x)).

    Sides that are no multiple of the first stage's factor are cropped evenly.

    Args:
        pixels: The pictures.
        vae: The first stage, from the checkpoint.
    """
    return encoded(vae, _encode(vae, cropped(pixels.pixels, vae)))


@node(
    "VAEEncodeTiled",
    title="Encode image (tiled)",
    category="_for_testing",
    device=True,
    facts=latents.encoded,
)
def encode_image_tiled(
    pixels: Image,
    vae: FirstStage,
    tile_size: EncodedTileSize = TILE,
    overlap: Overlap = OVERLAP,
    temporal_size: Frames = 64,
    temporal_overlap: OverlappingFrames = 8,
) -> Latent:
    """Encode pictures that are too large for the memory, in tiles that share their contrast and fade into each other.

    Args:
        pixels: The pictures.
        vae: The first stage, from the checkpoint.
        tile_size: Side of a tile, in pixels.
        overlap: How far tiles reach into each other, in pixels.
        temporal_size: For first stages of videos; pictures have no time.
        temporal_overlap: For first stages of videos.
    """
    tiles = Tiles(tile_size, min(overlap, tile_size // 4))
    return encoded(vae, _encode(vae, cropped(pixels.pixels, vae), tiles))


@node(
    "VAEDecode",
    title="Decode latent",
    category="latent",
    device=True,
    tiled=_decode_in_tiles,
    facts=latents.decoded,
)
def decode_latent(samples: Latent, vae: FirstStage) -> Image:
    """Decode latents to pictures with the first stage's decoder D(z).

    Args:
        samples: The latents.
        vae: The first stage, from the checkpoint.
    """
    return _as_image(_decode(vae, samples.samples))


@node(
    "VAEDecodeTiled",
    title="Decode latent (tiled)",
    category="_for_testing",
    device=True,
    facts=latents.decoded,
)
def decode_latent_tiled(
    samples: Latent,
    vae: FirstStage,
    tile_size: TileSize = TILE,
    overlap: Overlap = OVERLAP,
    temporal_size: Frames = 64,
    temporal_overlap: OverlappingFrames = 8,
) -> Image:
    """Decode latents that are too large for the memory, in tiles that share their contrast and fade into each other.

    Args:
        samples: The latents.
        vae: The first stage, from the checkpoint.
        tile_size: Side of a tile, in pixels.
        overlap: How far tiles reach into each other, in pixels.
        temporal_size: For first stages of videos; pictures have no time.
        temporal_overlap: For first stages of videos.
    """
    return _as_image(_decode(vae, samples.samples, Tiles(tile_size, min(overlap, tile_size // 4))))


def cropped(pixels: Tensor, vae: FirstStage) -> Tensor:
    """Red, green and blue (b, h, w, 3), cropped evenly to multiples of the first stage's factor.

    Raises:
        ValueError: a side is shorter than one cell.
    """
    factor = vae.autoencoder.spec.factor
    if min(pixels.shape[1:3]) < factor:
        raise ValueError(
            f"The picture has {pixels.shape[2]} x {pixels.shape[1]} pixels, but one cell of the latent spans "
            f"{factor} x {factor}. Enlarge the picture first."
        )
    top, left = (side % factor // 2 for side in pixels.shape[1:3])
    height, width = (side - side % factor for side in pixels.shape[1:3])
    return pixels[:, top : top + height, left : left + width, :3]


def encoded(vae: FirstStage, samples: Tensor, noise_mask: Tensor | None = None) -> Latent:
    """A latent of this first stage."""
    return Latent(samples, noise_mask=noise_mask, factor=vae.autoencoder.spec.factor)


def _encode(vae: FirstStage, pixels: Tensor, pieces: Pieces = at_once) -> Tensor:
    with torch.no_grad():
        shown = _placed(vae, pixels.movedim(-1, 1)) * 2 - 1
        return vae.autoencoder.encode(shown, pieces=pieces).float().cpu()


def _decode(vae: FirstStage, samples: Tensor, pieces: Pieces = at_once) -> Tensor:
    with torch.no_grad():
        return vae.autoencoder.decode(_placed(vae, samples), pieces=pieces).float().cpu()


def _as_image(pixels: Tensor) -> Image:
    return Image(((pixels + 1) / 2).clamp(0, 1).movedim(1, -1).contiguous())


def _placed(vae: FirstStage, values: Tensor) -> Tensor:
    return values.to(vae.autoencoder.device, vae.autoencoder.dtype)
