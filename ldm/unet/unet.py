"""The time-conditional UNet (LDM, section 3.3) in CompVis' layout and key names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import torch
from torch import Tensor, nn

from ldm.spec import UNetSpec
from ldm.unet.attention import AttentionBlock, SpatialTransformer
from ldm.unet.blocks import Downsample, ResBlock, Upsample, timestep_embedding
from ldm.unet.changes import UNetChange, Way
from ldm.unet.skips import NOTHING_ADDED, Added, grown, shrunk, weighed

TIME_MULT = 4


class TimestepEmbedSequential(nn.Sequential):
    """Layers in a row, each given what it takes of x, time and context."""

    def forward(  # type: ignore[override]
        self,
        x: Tensor,
        time: Tensor,
        context: Tensor | None,
        size: tuple[int, int] = (0, 0),
        way: Way | None = None,
    ) -> Tensor:
        """Pass x through; `size` is what a layer that doubles the map ends with, `way` says what is changed."""
        for layer in self:
            match layer:
                case ResBlock():
                    x = layer(x, time, size)
                case SpatialTransformer():
                    x = layer(x, context, way)
                case AttentionBlock():
                    x = layer(x, way)
                case Upsample():
                    x = layer(x, size)
                case _:
                    x = layer(x)
        return x


class WayDown(nn.Module):
    """The half of a UNet that goes down, and its middle."""

    def __init__(self, spec: UNetSpec) -> None:
        super().__init__()
        self.spec = spec
        width = spec.model_channels
        self.time_width = TIME_MULT * width
        self.time_embed = self._to_time(width)
        added = spec.context_dim if spec.pooled else spec.vector_dim
        if spec.classes is not None:
            self.label_emb: nn.Module = nn.Embedding(spec.classes, self.time_width)
        elif added is not None:
            self.label_emb = nn.Sequential(self._to_time(added))
        self.skip_widths = tuple(self._add_inputs())
        channels = self.skip_widths[-1]
        self.middle_block = TimestepEmbedSequential(
            self._res_block(channels, channels),
            self._attention(channels, level=-1),
            self._res_block(channels, channels),
        )

    def _to_time(self, width: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Linear(width, self.time_width), nn.SiLU(), nn.Linear(self.time_width, self.time_width)
        )

    def _res_block(
        self, channels: int, out_channels: int, resize: Literal["down", "up"] | None = None
    ) -> ResBlock:
        scale_shift = self.spec.scale_shift_norm
        return ResBlock(channels, out_channels, self.time_width, scale_shift=scale_shift, resize=resize)

    def _attention(self, channels: int, level: int) -> AttentionBlock | SpatialTransformer:
        spec = self.spec
        heads = spec.heads_for(channels)
        if spec.context_dim is None:
            return AttentionBlock(channels, heads)
        return SpatialTransformer(
            channels,
            spec.context_dim,
            heads,
            spec.depth_at(level),
            linear=spec.linear_projection,
            crossed=level in spec.crossed,
        )

    def _add_inputs(self) -> Iterator[int]:
        """Build the way down; yield the width that each block leaves for its skip connection."""
        spec, width = self.spec, self.spec.model_channels
        self.input_blocks = nn.ModuleList(
            [TimestepEmbedSequential(nn.Conv2d(spec.in_channels, width, 3, padding=1))]
        )
        channels, factor = width, 1
        yield channels
        for level, mult in enumerate(spec.channel_mult):
            for _ in range(spec.res_blocks):
                layers: list[nn.Module] = [self._res_block(channels, width * mult)]
                channels = width * mult
                if factor in spec.attention_factors:
                    layers.append(self._attention(channels, level))
                self.input_blocks.append(TimestepEmbedSequential(*layers))
                yield channels
            if level < len(spec.channel_mult) - 1:
                down = self._res_block(channels, channels, "down") if spec.resize_in_blocks else None
                self.input_blocks.append(TimestepEmbedSequential(down or Downsample(channels)))
                factor *= 2
                yield channels

    def embedded(
        self, timesteps: Tensor, context: Tensor | None, vector: Tensor | None, dtype: torch.dtype
    ) -> Tensor:
        """What every residual block is told: the time, with what the model is told beside it.

        Raises:
            ValueError: the model needs a context or a vector, and none is given.
        """
        time: Tensor = self.time_embed(timestep_embedding(timesteps, self.spec.model_channels).to(dtype))
        told = self._told(context, vector)
        if told is not None:
            time = time + self.label_emb(told)
        return time

    def _told(self, context: Tensor | None, vector: Tensor | None) -> Tensor | None:
        """What is added to the time embedding."""
        spec = self.spec
        if spec.context_dim is not None and context is None:
            raise ValueError(
                f"This UNet attends to a context of width {spec.context_dim}, but is given none."
            )
        if spec.pooled and context is not None:
            return context.mean(dim=1)
        if spec.classes is None and spec.vector_dim is None:
            return None
        if vector is None:
            wanted = (
                f"a vector of {spec.vector_dim} numbers" if spec.classes is None else "the number of a class"
            )
            raise ValueError(f"This UNet is told {wanted} beside the time, but is given none.")
        return vector


class UNet(WayDown):
    """epsilon_theta(z_t, t, tau(y)): guess the noise in a noisy latent."""

    def __init__(self, spec: UNetSpec) -> None:
        super().__init__(spec)
        channels = self._add_outputs(self.skip_widths[-1], list(self.skip_widths))
        last = nn.Conv2d(channels, spec.out_channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]
        self.out = nn.Sequential(nn.GroupNorm(32, channels), nn.SiLU(), last)

    def _add_outputs(self, channels: int, skips: list[int]) -> int:
        """Build the way up, which takes the skips in reverse order; give the last width."""
        spec, width = self.spec, self.spec.model_channels
        self.output_blocks = nn.ModuleList()
        factor = 2 ** (len(spec.channel_mult) - 1)
        for level, mult in reversed(list(enumerate(spec.channel_mult))):
            for index in range(spec.res_blocks + 1):
                layers: list[nn.Module] = [self._res_block(channels + skips.pop(), width * mult)]
                channels = width * mult
                if factor in spec.attention_factors:
                    layers.append(self._attention(channels, level))
                if level > 0 and index == spec.res_blocks:
                    up = self._res_block(channels, channels, "up") if spec.resize_in_blocks else None
                    layers.append(up or Upsample(channels))
                    factor //= 2
                self.output_blocks.append(TimestepEmbedSequential(*layers))
        return channels

    def forward(
        self,
        x: Tensor,
        timesteps: Tensor,
        context: Tensor | None = None,
        vector: Tensor | None = None,
        *,
        changes: tuple[UNetChange, ...] = (),
        control: Added = NOTHING_ADDED,
        watch: Callable[[Tensor], None] | None = None,
    ) -> Tensor:
        """Guess the noise in x.

        Args:
            x: (b, in_channels, h, w): the noisy latent, with what is concatenated to it.
            timesteps: (b,), 0 to T - 1, also between whole numbers.
            context: tau(y), (b, m, context_dim), for a model that attends to one.
            vector: class numbers (b,), or (b, vector_dim), for a model that is told so.
            changes: How it computes otherwise than it was trained to.
            control: What ControlNets and T2I adapters add.
            watch: Is shown who looks at whom, (b, heads, n, n), in the middle's first self-attention.

        Raises:
            ValueError: the model needs a context or a vector, and none is given; or something else does not fit to it.
        """
        time = self.embedded(timesteps, context, vector, x.dtype)
        control.check(len(self.input_blocks))
        if changes or watch is not None:
            height, width = x.shape[-2:]
            way = Way(changes, (height, width), float(timesteps[0]), watch=watch)
            x = self._changed(x, time, context, control, way)
        else:
            x = self._unchanged(x, time, context, control)
        x = self.out(x)
        return x

    def _unchanged(self, x: Tensor, time: Tensor, context: Tensor | None, control: Added) -> Tensor:
        """All blocks, as the model was trained."""
        skips = []
        for place, block in enumerate(self.input_blocks):
            x = control.to_input(block(x, time, context), place)
            skips.append(x)
        x = control.to_middle(self.middle_block(x, time, context), len(skips))
        for block in self.output_blocks:
            x = torch.cat([x, control.to_skip(skips.pop(), len(skips))], dim=1)
            x = block(x, time, context, skips[-1].shape[-2:] if skips else (0, 0))
        return x

    def _changed(self, x: Tensor, time: Tensor, context: Tensor | None, control: Added, way: Way) -> Tensor:
        """The same under changes."""
        skips, whole, end = [], x.shape[-2:], len(self.input_blocks)
        for place, block in enumerate(self.input_blocks):
            here = way.at(place)
            x = control.to_input(block(x, time, context, way=here), place)
            x = shrunk(x, here, after_skip=False)
            skips.append(x)
            x = shrunk(x, here, after_skip=True)
        x = control.to_middle(self.middle_block(x, time, context, way=way.at(end, middle=True)), end)
        for place, block in enumerate(self.output_blocks, end + 1):
            skip = control.to_skip(skips.pop(), len(skips))
            x, skip = weighed(x, skip, way, self.spec.model_channels)
            x = torch.cat([grown(x, skip, way), skip], dim=1)
            x = block(x, time, context, skips[-1].shape[-2:] if skips else whole, way.at(place))
        return x
