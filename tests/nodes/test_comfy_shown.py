"""What stands beside the latent, as packs know it."""

from typing import Any

import torch

from ldm.diffusion.condition import Condition
from ldm.spec import Beside
from nodes.comfy_values import conditioning_in, conditioning_out
from nodes.port_types import Conditioning

CONTEXT = torch.zeros(1, 2, 3)


def test_what_is_shown_beside_the_latent_has_comfyuis_names_and_comes_out_again() -> None:
    maps: dict[Beside, torch.Tensor] = {
        "mask": torch.ones(1, 1, 4, 4),
        "masked_image": torch.ones(1, 4, 2, 2),
    }
    pairs: Any = conditioning_in(Conditioning((Condition(CONTEXT, beside={**maps, "depth": maps["mask"]}),)))

    assert pairs[0][1]["concat_mask"] is maps["mask"]
    assert pairs[0][1]["concat_latent_image"] is maps["masked_image"]
    (one,) = conditioning_out(pairs).entries
    assert set(one.beside) == {"mask", "masked_image", "depth"}
    said = {"concat_mask": maps["mask"], "concat_latent_image": maps["masked_image"]}
    (theirs,) = conditioning_out([[CONTEXT, said]]).entries
    assert theirs.beside["masked_image"] is theirs.beside["source"] is maps["masked_image"]
    assert theirs.facts == {}
