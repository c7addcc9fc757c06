"""Pictures that a ControlNet makes the model follow, on a part of the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from ldm.diffusion.schedule import Schedule
from ldm.unet.hints import Hint


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """A picture that is followed from `start` to `end`, which are shares of the way from noise to picture.

    `under_negative`: where guidance leads away from something that follows nothing, that follows it as well.
    """

    hint: Hint
    start: float = 0.0
    end: float = 1.0
    under_negative: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """The same for one run: as large as its latent wants it, and between two noise levels."""

    hint: Hint
    highest: float
    lowest: float

    def counts_at(self, sigma: float) -> bool:
        """Whether it has a say at this noise level."""
        return self.lowest <= sigma <= self.highest

    def changed(self, change: Callable[[Tensor], Tensor]) -> Followed:
        """The same with its picture changed."""
        return replace(self, hint=self.hint.changed(change))


def followed(
    controls: Sequence[Control], height: int, width: int, schedule: Schedule
) -> tuple[Followed, ...]:
    """What is followed in a run.

    Args:
        controls: What a condition says.
        height: Of the latent, in cells.
        width: Of the latent, in cells.
        schedule: Says which noise level lies at which share of the way.
    """
    return tuple(
        Followed(one.hint.over(height, width), schedule.sigma_at(one.start), schedule.sigma_at(one.end))
        for one in controls
        if one.hint.strength != 0.0
    )
