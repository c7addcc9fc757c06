"""The UNet in patches that fade into each other."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.diffusion.control import Followed
from ldm.diffusion.denoiser import Given, Network
from ldm.diffusion.patches import Patches, in_patches
from ldm.diffusion.told import network_of
from ldm.spec import UNetSpec
from ldm.unet.control import ControlNet
from ldm.unet.hints import Hint
from tests.ldm.tiny import tiny_model

Z = torch.randn(2, 4, 24, 40, generator=torch.Generator().manual_seed(0))
TIME = torch.tensor([100, 700])
TOLD = Given(torch.randn(2, 3, 16, generator=torch.Generator().manual_seed(1)))


def local(z: Tensor, time: Tensor, given: Given) -> Tensor:
    """A network that sees no further than a cell."""
    beside = 0.0 if given.beside is None else given.beside[:, :1]
    return z * time[:, None, None, None] + given.context.mean(dim=(1, 2))[:, None, None, None] + beside


def test_a_network_without_a_view_guesses_in_patches_what_it_guesses_at_once() -> None:
    found = in_patches(local, Patches(16, 4))(Z, TIME, TOLD)
    assert torch.allclose(found, local(Z, TIME, TOLD), atol=1e-3)


def test_what_stands_beside_the_latent_is_cut_with_it() -> None:
    beside = torch.arange(24.0 * 40).reshape(1, 1, 24, 40).expand(2, -1, -1, -1)
    told = Given(TOLD.context, None, beside)
    assert torch.allclose(in_patches(local, Patches(16, 4))(Z, TIME, told), local(Z, TIME, told), atol=1e-3)


def test_a_latent_that_is_one_patch_is_guessed_at_once() -> None:
    network = network_of(tiny_model().unet)
    whole = network(Z, TIME, TOLD)
    assert torch.equal(in_patches(network, Patches(40, 8))(Z, TIME, TOLD), whole)


def unet() -> Network:
    """The tiny model's."""
    return network_of(tiny_model().unet)


def test_no_patch_is_larger_than_asked_for_and_all_are_of_one_size() -> None:
    seen, network = set(), unet()

    def watched(z: Tensor, time: Tensor, given: Given) -> Tensor:
        seen.add(tuple(z.shape[-2:]))
        return network(z, time, given)

    in_patches(watched, Patches(16, 4))(Z, TIME, TOLD)
    assert seen == {(16, 16)}


def test_between_patches_the_guess_goes_over_from_one_to_the_other() -> None:
    numbers = iter([0.0, 1.0])

    def numbered(z: Tensor, time: Tensor, given: Given) -> Tensor:
        return torch.full_like(z, next(numbers))

    row = in_patches(numbered, Patches(16, 4))(Z[:, :, :16, :28], TIME, TOLD)[0, 0, 0]
    assert row.tolist() == pytest.approx([0.0] * 12 + [0.2, 0.4, 0.6, 0.8] + [1.0] * 12)


def test_what_a_controlnet_follows_is_cut_with_the_latent() -> None:
    pixels = torch.rand(1, 3, 24 * 8, 40 * 8, generator=torch.Generator().manual_seed(3))
    net = ControlNet(
        UNetSpec(model_channels=32, channel_mult=(1,), res_blocks=1, head_channels=32, heads=None)
    )
    told = Given(TOLD.context, control=(Followed(Hint(net, pixels), 100.0, 0.0),))

    def seeing(z: Tensor, time: Tensor, given: Given) -> Tensor:
        (followed,) = given.control
        return z + F.avg_pool2d(followed.hint.pixels[:, :1], 8)

    assert torch.allclose(in_patches(seeing, Patches(16, 4))(Z, TIME, told), seeing(Z, TIME, told), atol=1e-5)
