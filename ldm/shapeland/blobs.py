"""Finds the one-coloured blobs of a batch of pictures: nearest palette colour, then connected components.

What a blob depicts is decided in `parse`. The whole batch is one graph of pixels, so numpy's per-call cost is
paid once per batch and not once per picture.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ldm.shapeland.scene import BACKGROUNDS, COLOURS

Integers: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float32]
Mask: TypeAlias = npt.NDArray[np.bool_]
Box: TypeAlias = tuple[int, int, int, int]

PALETTE = np.array([*COLOURS.values(), *BACKGROUNDS.values()], dtype=np.float32)
# Half of the smallest shape, so a thing that another one partly covers still counts.
LEAST_PIXELS = 24


@dataclass(frozen=True, slots=True)
class Blob:
    """Connected pixels of one colour: `box` is (left, top, right, bottom), right and bottom excluded."""

    picture: int
    colour: int
    pixels: int
    centre: tuple[float, float]
    box: Box
    mask: Mask


def nearest_palette_entry(pictures: Floats) -> Integers:
    """Name every pixel by its nearest palette colour.

    Args:
        pictures: (b, 3, h, w), 0..1.

    Returns:
        (b, h, w): 0..6 the position in `COLOURS`, 7..9 in `BACKGROUNDS`.
    """
    # The nearest entry has the largest dot product less half its squared length.
    scores = np.tensordot(PALETTE, pictures, (1, 1)) - (PALETTE**2).sum(1)[:, None, None, None] / 2
    nearest: Integers = scores.argmax(0)
    return nearest


def find_blobs(names: Integers) -> list[Blob]:
    """Give the blobs of a batch of palette maps, picture by picture, the one with most pixels first.

    Left out are blobs of fewer than 24 pixels, and those with no 2x2 block of pixels (an opening followed by
    propagation): the soft edge between two colours can pass through a third, and makes one-pixel rims of it.

    Args:
        names: (b, h, w) palette entries, as `nearest_palette_entry` gives them.
    """
    picture, y, x = np.nonzero(names < len(COLOURS))
    root = _roots(names, picture, y, x)
    _, first, member, pixels = np.unique(root, return_index=True, return_inverse=True, return_counts=True)
    solid = np.bincount(member, weights=_starts_block(names)[picture, y, x]) > 0
    blobs = []
    order = np.argsort(member, kind="stable")
    ends = np.cumsum(pixels)
    for blob in np.nonzero(solid & (pixels >= LEAST_PIXELS))[0]:
        at = order[ends[blob] - pixels[blob] : ends[blob]]
        start = picture[first[blob]], y[first[blob]], x[first[blob]]
        blobs.append(_blob(int(start[0]), int(names[start]), y[at], x[at]))
    return sorted(blobs, key=lambda blob: (blob.picture, -blob.pixels))


def _blob(picture: int, colour: int, y: Integers, x: Integers) -> Blob:
    left, top, right, bottom = int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1
    mask = np.zeros((bottom - top, right - left), dtype=np.bool_)
    mask[y - top, x - left] = True
    centre = float(x.mean()) + 0.5, float(y.mean()) + 0.5
    return Blob(picture, colour, len(x), centre, (left, top, right, bottom), mask)


def _starts_block(names: Integers) -> Mask:
    """Say for each pixel whether it is the upper left one of a 2x2 block of one colour."""
    block = np.zeros(names.shape, dtype=np.bool_)
    corner = names[:, :-1, :-1]
    right, below, across = names[:, :-1, 1:], names[:, 1:, :-1], names[:, 1:, 1:]
    block[:, :-1, :-1] = (corner == right) & (corner == below) & (corner == across)
    return block


def _roots(names: Integers, picture: Integers, y: Integers, x: Integers) -> Integers:
    """Give each coloured pixel the lowest pixel number of its blob: labels spread, pointers jump."""
    number = np.full(names.shape, -1)
    number[picture, y, x] = np.arange(len(picture))
    pairs = []
    for a, b in ((np.s_[:, :, :-1], np.s_[:, :, 1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        joined = (names[a] == names[b]) & (number[a] >= 0)
        pairs.append(np.stack([number[a][joined], number[b][joined]]))
    low, high = np.concatenate(pairs, axis=1)
    root = np.arange(len(picture))
    while (root[low] != root[high]).any():
        smaller = np.minimum(root[low], root[high])
        # Hooks the roots themselves, not only the pixels: whole trees merge, so few rounds are needed.
        np.minimum.at(root, root[low], smaller)
        np.minimum.at(root, root[high], smaller)
        while (root != root[root]).any():
            root = root[root]
    return root
