"""The vector that SDXL's UNets are told beside the text: its pooled meaning, and six sizes of the picture."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ldm.unet.blocks import timestep_embedding

SIZE_WIDTH = 256


def size_vector(pooled: Tensor, sizes: Sequence[float]) -> Tensor:
    """Give (b, pooled width + 256 each) of a pooled text (b, width) and sizes.

    Args:
        pooled: From bigG's tower.
        sizes: SDXL base: height, width, top and left of the crop, target height, target width. The refiner: height,
            width, top, left, aesthetic score.
    """
    told = timestep_embedding(torch.tensor(sizes, device=pooled.device), SIZE_WIDTH).flatten()
    return torch.cat([pooled, told.to(pooled).expand(len(pooled), -1)], dim=1)
