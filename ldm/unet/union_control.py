"""ControlNets for many tasks at once (ControlNet++ for SDXL): it sees edges, depths or poses, and is told which."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ldm.spec import UNetSpec
from ldm.text.clip import quick_gelu
from ldm.unet.blocks import timestep_embedding
from ldm.unet.control import HINT_WIDTHS, ControlNet

TASK_WIDTH = 256
TASKS = (
    "openpose",
    "depth",
    "hed/pidi/scribble/ted",
    "canny/lineart/anime_lineart/mlsd",
    "normal",
    "segment",
    "tile",
    "repaint",
)
"""What the published nets can be told to follow, in their order; the first ones know six of them, later ones all."""


class OneToken(nn.Module):
    """Attention among tokens of which there is one only, so that its value passes through unchanged."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.zeros(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Keep (b, width)."""
        x = self.out_proj(F.linear(x, self.in_proj_weight.chunk(3)[2], self.in_proj_bias.chunk(3)[2]))
        return x


class TaskFeedForward(nn.Module):
    """Linear, CLIP's cheap GELU, linear."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.c_fc, self.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Keep (b, width)."""
        x = self.c_proj(quick_gelu(self.c_fc(x)))
        return x


class TaskLayer(nn.Module):
    """Attention and feed-forward, each behind a norm and with a residual."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attn, self.ln_1 = OneToken(width), nn.LayerNorm(width)
        self.mlp, self.ln_2 = TaskFeedForward(width), nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Keep (b, width)."""
        x = x + self.attn(self.ln_1(x))
        x = x + self.mlp(self.ln_2(x))
        return x


class TaskEmbedding(nn.Module):
    """Which tasks there are, for the time embedding."""

    def __init__(self, tasks: int, time_width: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(tasks * TASK_WIDTH, time_width)
        self.linear_2 = nn.Linear(time_width, time_width)

    def forward(self, marks: Tensor) -> Tensor:
        """(tasks,), 1 for the one that is meant, to (1, time_width)."""
        told = timestep_embedding(marks, TASK_WIDTH).flatten().to(self.linear_1.weight)
        out: Tensor = self.linear_2(F.silu(self.linear_1(told)))[None]
        return out


class UnionControlNet(ControlNet):
    """A ControlNet that is told its task; the names are those of its published files."""

    def __init__(
        self,
        spec: UNetSpec,
        hint_channels: int = 3,
        hint_widths: Sequence[int] = HINT_WIDTHS,
        *,
        tasks: int = 8,
        layers: int = 1,
    ) -> None:
        super().__init__(spec, hint_channels, hint_widths)
        width = spec.model_channels
        self.task_embedding = nn.Parameter(torch.zeros(tasks, width))
        self.transformer_layes = nn.ModuleList(TaskLayer(width) for _ in range(layers))
        self.spatial_ch_projs = nn.Linear(width, width)
        self.control_add_embedding = TaskEmbedding(tasks, self.time_width)

    def seen(self, hint: Tensor, task: int | None) -> Tensor:
        """The features of the picture, each channel moved by what the task makes of all of them."""
        features = super().seen(hint, task)
        if task is None:
            return features
        token = features.mean(dim=(2, 3)) + self.task_embedding[task]
        for layer in self.transformer_layes:
            token = layer(token)
        moved: Tensor = self.spatial_ch_projs(token)[..., None, None]
        return features + moved

    def timed(self, time: Tensor, task: int | None) -> Tensor:
        """The time embedding, with the task told in it."""
        marks = torch.zeros(len(self.task_embedding), device=time.device)
        if task is not None:
            marks[task] = 1.0
        told: Tensor = self.control_add_embedding(marks)
        return time + told
