"""The time-conditional UNet with cross-attention (LDM, section 3.3), in CompVis' layout and key names."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ldm.spec import UNetSpec
from ldm.unet.attention import SpatialTransformer
from ldm.unet.blocks import Downsample, ResBlock, Upsample, timestep_embedding

TIME_MULT = 4


class TimestepEmbedSequential(nn.Sequential):
    """Layers in a row, each given what it takes of x, time and context."""

    def forward(  # type: ignore[override]
        self, x: Tensor, time: Tensor, context: Tensor, size: tuple[int, int] = (0, 0)
    ) -> Tensor:
        """Pass x through; `size` is what an upsampling layer ends with."""
        for layer in self:
            match layer:
                case ResBlock():
                    x = layer(x, time)
                case SpatialTransformer():
                    x = layer(x, context)
                case Upsample():
                    x = layer(x, size)
                case _:
                    x = layer(x)
        return x


class UNet(nn.Module):
    """epsilon_theta(z_t, t, tau(y)): guess the noise in a noisy latent."""

    def __init__(self, spec: UNetSpec) -> None:
        super().__init__()
        self.spec = spec
        width = spec.model_channels
        time_width = TIME_MULT * width
        self.time_embed = nn.Sequential(
            nn.Linear(width, time_width), nn.SiLU(), nn.Linear(time_width, time_width)
        )
        if spec.pooled:
            to_time = nn.Sequential(
                nn.Linear(spec.context_dim, time_width), nn.SiLU(), nn.Linear(time_width, time_width)
            )
            self.label_emb = nn.Sequential(to_time)
        skips = list(self._add_inputs(time_width))
        channels = skips[-1]
        self.middle_block = TimestepEmbedSequential(
            ResBlock(channels, channels, time_width),
            self._transformer(channels),
            ResBlock(channels, channels, time_width),
        )
        channels = self._add_outputs(channels, skips, time_width)
        last = nn.Conv2d(channels, spec.out_channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]
        self.out = nn.Sequential(nn.GroupNorm(32, channels), nn.SiLU(), last)

    def _transformer(self, channels: int) -> SpatialTransformer:
        return SpatialTransformer(
            channels, self.spec.context_dim, self.spec.heads_for(channels), self.spec.depth
        )

    def _add_inputs(self, time_width: int) -> Iterator[int]:
        """Build the way down; yield the width that each block leaves for its skip connection."""
        spec, width = self.spec, self.spec.model_channels
        self.input_blocks = nn.ModuleList(
            [TimestepEmbedSequential(nn.Conv2d(spec.in_channels, width, 3, padding=1))]
        )
        channels, factor = width, 1
        yield channels
        for level, mult in enumerate(spec.channel_mult):
            for _ in range(spec.res_blocks):
                layers: list[nn.Module] = [ResBlock(channels, width * mult, time_width)]
                channels = width * mult
                if factor in spec.attention_factors:
                    layers.append(self._transformer(channels))
                self.input_blocks.append(TimestepEmbedSequential(*layers))
                yield channels
            if level < len(spec.channel_mult) - 1:
                self.input_blocks.append(TimestepEmbedSequential(Downsample(channels)))
                factor *= 2
                yield channels

    def _add_outputs(self, channels: int, skips: list[int], time_width: int) -> int:
        """Build the way up, which takes the skips in reverse order; give the last width."""
        spec, width = self.spec, self.spec.model_channels
        self.output_blocks = nn.ModuleList()
        factor = 2 ** (len(spec.channel_mult) - 1)
        for level, mult in reversed(list(enumerate(spec.channel_mult))):
            for index in range(spec.res_blocks + 1):
                layers: list[nn.Module] = [ResBlock(channels + skips.pop(), width * mult, time_width)]
                channels = width * mult
                if factor in spec.attention_factors:
                    layers.append(self._transformer(channels))
                if level > 0 and index == spec.res_blocks:
                    layers.append(Upsample(channels))
                    factor //= 2
                self.output_blocks.append(TimestepEmbedSequential(*layers))
        return channels

    def forward(self, x: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
        """Guess the noise in x.

        Args:
            x: (b, in_channels, h, w).
            timesteps: (b,), 0 to T - 1, also between whole numbers.
            context: tau(y), (b, m, context_dim).
        """
        time = self.time_embed(timestep_embedding(timesteps, self.spec.model_channels).to(x.dtype))
        if self.spec.pooled:
            time = time + self.label_emb(context.mean(dim=1))
        skips = []
        for block in self.input_blocks:
            x = block(x, time, context)
            skips.append(x)
        x = self.middle_block(x, time, context)
        for block in self.output_blocks:
            x = torch.cat([x, skips.pop()], dim=1)
            x = block(x, time, context, skips[-1].shape[-2:] if skips else (0, 0))
        x = self.out(x)
        return x
