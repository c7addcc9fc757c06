"""T2I adapter (Mou et al. 2023): a small net that sees a picture once, and adds features to a UNet's way down."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from ldm.unet.skips import NOT_MADE_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterSpec:
    """One width for each map that features are made for, each through `blocks` residual blocks.

    `pixels` is how many along each side become one place: 8, or 16 for SDXL, where only the third map is a half of the
    one before it.
    """

    widths: tuple[int, ...] = (320, 640, 1280, 1280)
    blocks: int = 2
    pixels: int = 8
    hint_channels: int = 3

    @property
    def large(self) -> bool:
        """Whether it is made for SDXL."""
        return self.pixels == 16

    def halves(self, level: int) -> bool:
        """Whether a map is a half of the one before it."""
        return level == 2 if self.large else level > 0

    def places(self, input_blocks: int) -> tuple[int, ...]:
        """The input blocks of a UNet behind which its features are added; behind the last one is the middle.

        Raises:
            ValueError: the UNet has another number of maps.
        """
        maps = 3 if self.large else len(self.widths)
        each, over = divmod(input_blocks, maps)
        if over:
            raise ValueError(NOT_MADE_FOR)
        ends = tuple(each * (level + 1) - 1 for level in range(maps))
        return (each, *ends[1:], input_blocks) if self.large else ends


class AdapterBlock(nn.Module):
    """Two convolutions with a residual path; the map may be halved, and widened, in front of them."""

    def __init__(self, channels: int, out_channels: int, *, halve: bool) -> None:
        super().__init__()
        self.halve = halve
        self.in_conv = nn.Identity() if channels == out_channels else nn.Conv2d(channels, out_channels, 1)
        self.block1 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.block2 = nn.Conv2d(out_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(b, in, h, w) to (b, out, h, w), or half of the sides."""
        x = F.avg_pool2d(x, 2, ceil_mode=True) if self.halve else x
        x = self.in_conv(x)
        x = x + self.block2(F.relu(self.block1(x)))
        return x


class PictureAdapter(nn.Module):
    """Features for a UNet's way down, in the key names of the published files."""

    def __init__(self, spec: AdapterSpec) -> None:
        super().__init__()
        self.spec, self.hint_channels = spec, spec.hint_channels
        channels = spec.widths[0]
        self.conv_in = nn.Conv2d(spec.hint_channels * spec.pixels**2, channels, 3, padding=1)
        self.body = nn.ModuleList()
        for level, width in enumerate(spec.widths):
            for block in range(spec.blocks):
                halve = block == 0 and spec.halves(level)
                self.body.append(AdapterBlock(channels, width, halve=halve))
                channels = width

    def forward(self, hint: Tensor) -> list[Tensor]:
        """The features for each map, of a picture (b, c, h, w), 0..1."""
        rows, columns = (-side % self.spec.pixels for side in hint.shape[-2:])
        whole = F.pad(hint, (0, columns, 0, rows), mode="replicate")
        x, found = self.conv_in(F.pixel_unshuffle(whole, self.spec.pixels)), []
        for number, block in enumerate(self.body, 1):
            x = block(x)
            if number % self.spec.blocks == 0:
                found.append(x)
        return found
