"""A node is tested like any function: call it."""

import torch

from custom_nodes.example_pack import posterize
from nodes.port_types import Image


def test_a_picture_keeps_only_the_levels_asked_for() -> None:
    ramp = torch.linspace(0, 1, 11)[None, None, :, None].expand(1, 1, 11, 3)
    assert posterize(Image(ramp), levels=3).pixels.unique().tolist() == [0.0, 0.5, 1.0]


def test_all_levels_change_nothing_that_can_be_seen() -> None:
    picture = torch.arange(256)[None, None, :, None].expand(1, 1, 256, 3) / 255
    assert torch.allclose(posterize(Image(picture), levels=256).pixels, picture)
