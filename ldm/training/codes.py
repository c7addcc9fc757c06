"""Codes that nobody uses are moved to where latents are (random restarts; Dhariwal et al. 2020, Jukebox, section 3.1).

Without that, most codes of a young codebook lie where no latent ever comes, and learn nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ldm.first_stage.codebook import Codebook


class CodeUse(nn.Module):
    """Notes which codes were used since the last restart; that is saved with a training."""

    used: Tensor

    def __init__(self, codes: int) -> None:
        super().__init__()
        self.register_buffer("used", torch.zeros(codes, dtype=torch.bool))
        self._seen: Tensor | None = None

    def note(self, numbers: Tensor, latents: Tensor) -> None:
        """Codes of these numbers (b, h, w) were used for latents (b, c, h, w)."""
        self.used[numbers.flatten()] = True
        self._seen = latents.detach().movedim(1, -1).flatten(0, 2)

    @torch.no_grad()
    def restart(self, codebook: Codebook, generator: torch.Generator) -> None:
        """Move each code that was not used to one of the latents that were seen last."""
        if self._seen is None:
            return
        idle = ~self.used
        chosen = torch.randint(len(self._seen), (int(idle.sum()),), generator=generator)
        codebook.embedding.weight[idle] = self._seen[chosen.to(self._seen.device)]
        self.used.zero_()
