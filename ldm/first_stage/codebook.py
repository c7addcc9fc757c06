"""The codebook of VQ-regularised first stages (van den Oord et al. 2017), with the key name of taming-transformers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

CELLS = 4096


class Codebook(nn.Module):
    """`codes` vectors; every cell of a latent becomes the one nearest to it."""

    def __init__(self, codes: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(codes, width)
        nn.init.uniform_(self.embedding.weight, -1 / max(codes, 1), 1 / max(codes, 1))

    def nearest(self, z: Tensor) -> Tensor:
        """Which code is nearest to each cell of z (b, c, h, w): (b, h, w), whole numbers."""
        cells, codes = z.movedim(1, -1), self.embedding.weight
        lengths = codes.square().sum(dim=1)
        # |z - e|^2 without |z|^2, which is the same for all codes; not of all cells at once, which may be many
        found = [(lengths - 2 * some @ codes.T).argmin(dim=-1) for some in cells.flatten(0, 2).split(CELLS)]
        return torch.cat(found).reshape(cells.shape[:3])

    def vectors(self, numbers: Tensor) -> Tensor:
        """The codes of these numbers (b, h, w): (b, c, h, w)."""
        found: Tensor = self.embedding(numbers).movedim(-1, 1)
        return found

    def forward(self, z: Tensor) -> Tensor:
        """Give z with each cell at its nearest code; gradients pass straight through to z."""
        return z + (self.vectors(self.nearest(z)) - z).detach()
