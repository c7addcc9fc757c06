"""The patch discriminator that keeps reconstructions sharp (LDM, appendix G; PatchGAN, Isola et al. 2017)."""

from __future__ import annotations

from torch import Tensor, nn

from ldm.training.objectives import adversarial_weight, discriminator_loss, generator_loss
from ldm.training.stepping import Precision, computing

KERNEL = 4


class PatchDiscriminator(nn.Module):
    """Judge patches: pixels (b, 3, h, w) to logits (b, 1, h', w'), high for real.

    GroupNorm takes BatchNorm's place, so that a batch of one picture and a resumed run behave alike.
    """

    def __init__(self, width: int = 32, layers: int = 2) -> None:
        super().__init__()
        parts: list[nn.Module] = [nn.Conv2d(3, width, KERNEL, stride=2, padding=1), nn.LeakyReLU(0.2)]
        channels = width
        for index in range(1, layers + 1):
            wider = min(width * 2**index, width * 8)
            stride = 2 if index < layers else 1
            parts += [
                nn.Conv2d(channels, wider, KERNEL, stride=stride, padding=1, bias=False),
                nn.GroupNorm(8, wider),
                nn.LeakyReLU(0.2),
            ]
            channels = wider
        parts.append(nn.Conv2d(channels, 1, KERNEL, padding=1))
        self.main = nn.Sequential(*parts)
        for module in self.main:
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0.0, 0.02)

    def forward(self, pixels: Tensor) -> Tensor:
        """Give a logit for each patch."""
        logits: Tensor = self.main(pixels)
        return logits


def fooling(critic: PatchDiscriminator, rebuilt: Tensor, loss: Tensor, last_layer: Tensor) -> Tensor:
    """The reconstruction's part in the game: what it loses by not passing for real, balanced with its other loss."""
    fooled = generator_loss(critic(rebuilt))
    return adversarial_weight(loss, fooled, last_layer) * fooled


def critic_loss(critic: PatchDiscriminator, pixels: Tensor, rebuilt: Tensor, precision: Precision) -> Tensor:
    """The critic's part: what it loses by not telling real pictures from reconstructions, which have no gradient."""
    with computing(precision, pixels.device):
        return discriminator_loss(critic(pixels), critic(rebuilt))
