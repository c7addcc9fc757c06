"""ControlNet (Zhang et al. 2023): a copy of a UNet's way down that sees a picture and tells the UNet what to add."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ldm.spec import UNetSpec
from ldm.unet.unet import TimestepEmbedSequential, WayDown

HINT_WIDTHS = (16, 32, 96, 256)


class ControlNet(WayDown):
    """Residuals for a UNet's skips and its middle, in CompVis' key names."""

    def __init__(
        self, spec: UNetSpec, hint_channels: int = 3, hint_widths: Sequence[int] = HINT_WIDTHS
    ) -> None:
        super().__init__(spec)
        self.hint_channels = hint_channels
        self.input_hint_block = _hint_block(hint_channels, hint_widths, spec.model_channels)
        self.zero_convs = nn.ModuleList(
            TimestepEmbedSequential(_zero(width, width)) for width in self.skip_widths
        )
        middle = self.skip_widths[-1]
        self.middle_block_out = TimestepEmbedSequential(_zero(middle, middle))

    def forward(
        self,
        x: Tensor,
        timesteps: Tensor,
        context: Tensor | None,
        vector: Tensor | None,
        hint: Tensor,
        task: int | None = None,
    ) -> list[Tensor]:
        """What is to be added to each skip, from the first, and to the middle.

        Args:
            x: The noisy latent (b, c, h, w).
            timesteps: (b,).
            context: As the UNet's.
            vector: As the UNet's.
            hint: The picture to be followed, (b, 3, 8 h, 8 w), 0..1.
            task: Of those that the net knows, where it knows several.
        """
        time = self.timed(self.embedded(timesteps, context, vector, x.dtype), task)
        seen = self.seen(hint, task)
        found = []
        for place, (block, out) in enumerate(zip(self.input_blocks, self.zero_convs, strict=True)):
            x = block(x, time, context)
            x = x + seen if place == 0 else x
            found.append(out(x, time, context))
        x = self.middle_block(x, time, context)
        return [*found, self.middle_block_out(x, time, context)]

    def seen(self, hint: Tensor, task: int | None) -> Tensor:
        """The features of the picture, one place for each cell; this net has one task."""
        features: Tensor = self.input_hint_block(hint)
        return features

    def timed(self, time: Tensor, task: int | None) -> Tensor:
        """The time embedding; this net has one task."""
        return time


def _hint_block(channels: int, widths: Sequence[int], out: int) -> nn.Sequential:
    """From pixels to features of cells: convolutions, of which each that widens the features halves their map."""
    first, *wider = widths
    layers: list[nn.Module] = [nn.Conv2d(channels, first, 3, padding=1), nn.SiLU()]
    for width, wide in zip(widths, wider, strict=False):
        layers += [nn.Conv2d(width, width, 3, padding=1), nn.SiLU()]
        layers += [nn.Conv2d(width, wide, 3, stride=2, padding=1), nn.SiLU()]
    return nn.Sequential(*layers, _zero(widths[-1], out, 3))


def _zero(channels: int, out: int, size: int = 1) -> nn.Conv2d:
    made = nn.Conv2d(channels, out, size, padding=size // 2)
    nn.init.zeros_(made.weight)
    nn.init.zeros_(made.bias)  # type: ignore[arg-type]
    return made
