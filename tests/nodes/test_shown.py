"""What a network sees beside the latent, and is told beside the time, for each task."""

from typing import Any

import pytest
import torch
from torch import Tensor

from engine.api import NULL_CONTEXT
from engine.run.codec import Codec
from engine.run.result import Result
from ldm.diffusion.beside import NotShown
from ldm.diffusion.vectors import NotTold
from nodes.concat import instruct, show_depth, upscale_conditioning
from nodes.conditioning import combine, set_area, set_mask
from nodes.first_stage import encode_image
from nodes.guiders import dual_cfg_guider
from nodes.inpaint import encode_for_inpaint, inpaint_conditioning, set_noise_mask
from nodes.latent import empty_latent
from nodes.layout import class_label, layout_box
from nodes.noise import random_noise
from nodes.port_types import (
    FirstStage,
    Image,
    Latent,
    SamplerChoice,
    SeenPictures,
)
from nodes.sampling_custom import sample_custom_advanced
from nodes.schedulers import schedule_levels
from nodes.showing import ToldTwice
from nodes.text import encode_text
from nodes.vision import tell_picture
from tests.nodes.tasks import SPECS, left_half, painted, parts, picture, seen_by, told


def encoded(vae: FirstStage, pixels: Tensor) -> Tensor:
    """Pixels behind the first stage."""
    return encode_image(Image(pixels), vae).samples


def test_stable_diffusions_inpainting_sees_an_open_mask_of_ones_and_a_grey_hole() -> None:
    task = "inpainting, Stable Diffusion's order"
    model, clip, vae = parts(SPECS[task])
    x, _, _ = seen_by(model, told(task, model, clip, vae))
    mask = torch.zeros(4, 6)
    mask[:, :3] = 1
    pixels = picture().pixels.clone()
    pixels[:, :, :12] = 0.5
    assert torch.equal(x[0, 4], mask)
    torch.testing.assert_close(x[:, 5:9], encoded(vae, pixels))


def test_ldms_inpainting_sees_the_picture_first_with_a_black_hole_and_a_mask_of_both_signs() -> None:
    task = "inpainting, LDM's order"
    model, clip, vae = parts(SPECS[task])
    x, _, _ = seen_by(model, told(task, model, clip, vae))
    mask = -torch.ones(4, 6)
    mask[:, :3] = 1
    pixels = picture().pixels.clone()
    pixels[:, :, :12] = 0.0
    torch.testing.assert_close(x[:, 4:8], encoded(vae, pixels))
    assert torch.equal(x[0, 8], mask)


def test_a_hole_of_another_colour_than_the_model_knows_is_refused() -> None:
    model, clip, vae = parts(SPECS["inpainting, LDM's order"])
    silent = encode_text("", clip)
    grey = inpaint_conditioning(silent, silent, vae, picture(), left_half())
    with pytest.raises(NotShown, match=r"knows holes that are black.*filled with grey"):
        painted(model, grey)


def test_an_inpainting_model_without_its_node_sees_what_is_masked_in_the_latent() -> None:
    model, clip, vae = parts(SPECS["inpainting, Stable Diffusion's order"])
    text = encode_text("", clip)
    latent = encode_for_inpaint(picture(), vae, left_half(), grow_mask_by=0)
    x, _, _ = seen_by(model, ToldTwice(text, text, latent))
    torch.testing.assert_close(x[:, 5:9], latent.samples)
    assert x[0, 4].unique().tolist() == [0.0, 1.0]
    bare, _, _ = seen_by(model, ToldTwice(text, text, empty_latent(24, 16)))
    assert bool((bare[:, 4] == 1).all())
    assert bare[0, 5:9, 0, 0].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_a_mask_at_the_border_of_cells_is_rounded() -> None:
    model, clip, vae = parts(SPECS["inpainting, Stable Diffusion's order"])
    text, mask = encode_text("", clip), left_half()
    mask.values[..., 12:13] = 1
    what = inpaint_conditioning(text, text, vae, picture(), mask)
    assert seen_by(model, what)[0][0, 4].unique().tolist() == [0.0, 1.0]
    assert what.latent.noise_mask is not None
    assert inpaint_conditioning(text, text, vae, picture(), mask, noise_mask=False).latent.noise_mask is None


def test_a_picture_that_is_no_whole_cells_is_cropped_with_its_mask() -> None:
    model, clip, vae = parts(SPECS["inpainting, Stable Diffusion's order"])
    text = encode_text("", clip)
    what = inpaint_conditioning(text, text, vae, picture(18, 25), left_half(18, 25))
    assert what.latent.samples.shape[-2:] == (4, 6)
    assert what.latent.noise_mask is not None
    assert what.latent.noise_mask.shape[-2:] == (16, 24)
    assert painted(model, what).shape[-2:] == (4, 6)


def test_outside_of_the_mask_nothing_changes() -> None:
    task = "inpainting, Stable Diffusion's order"
    model, clip, vae = parts(SPECS[task])
    what = told(task, model, clip, vae)
    after = painted(model, what)
    torch.testing.assert_close(after[..., 4:], what.latent.samples[..., 4:])
    assert not torch.allclose(after[..., :3], what.latent.samples[..., :3])


def test_a_source_is_shown_without_the_scale_of_the_first_stage_and_else_nothing_is() -> None:
    model, clip, vae = parts(SPECS["source"])
    text = encode_text("a red circle", clip)
    what = instruct(text, text, vae, picture())
    x, _, _ = seen_by(model, what)
    torch.testing.assert_close(x[:, 4:8], encoded(vae, picture().pixels) / 0.5)
    bare, _, _ = seen_by(model, ToldTwice(text, text, what.latent))
    assert not bare[:, 4:8].any()


def test_a_source_is_changed_under_guidance_by_text_and_by_picture() -> None:
    model, clip, vae = parts(SPECS["source"])
    text, silence = encode_text("a red circle", clip), encode_text("", clip)
    both, picture_alone, empty = instruct(text, silence, vae, picture())
    guider = dual_cfg_guider(model, both, picture_alone, silence, 7.0, 1.5)
    levels = schedule_levels(model, "normal", 2)
    done = sample_custom_advanced(
        random_noise(0), guider, SamplerChoice("euler"), levels, empty, ctx=NULL_CONTEXT
    )
    assert bool(done.output.samples.isfinite().all())


def test_depth_goes_from_minus_one_to_one() -> None:
    model, clip, vae = parts(SPECS["depth"])
    x, _, _ = seen_by(model, told("depth", model, clip, vae))
    assert (float(x[:, 4].min()), float(x[:, 4].max())) == pytest.approx((-1.0, 1.0))


def test_each_pixel_of_a_small_picture_stands_beside_a_cell() -> None:
    model, clip, vae = parts(SPECS["low resolution"])
    x, _, _ = seen_by(model, told("low resolution", model, clip, vae))
    torch.testing.assert_close(x[:, 4:], picture(4, 6).pixels.movedim(-1, 1) * 2 - 1)


def test_an_upscaler_is_told_how_rough_its_picture_was_made() -> None:
    model, clip, _ = parts(SPECS["low resolution, roughened"])
    text = encode_text("", clip)

    def seen(roughness: float) -> tuple[Tensor, Tensor]:
        what = upscale_conditioning(picture(4, 6), text, text, 4.0, roughness)
        x, _, vector = seen_by(model, what)
        return x[:, 4:], vector

    smooth, level = seen(0.0)
    torch.testing.assert_close(smooth, picture(4, 6).pixels.movedim(-1, 1) * 2 - 1)
    assert level.tolist() == [0]
    rough, level = seen(0.5)
    assert level.tolist() == [175]
    assert not torch.allclose(rough, smooth, atol=0.1)
    assert torch.equal(seen(0.5)[0], rough)


def test_an_upscaled_latent_is_a_quarter_of_the_wanted_picture() -> None:
    model, clip, _ = parts(SPECS["low resolution, roughened"])
    text = encode_text("", clip)
    what = upscale_conditioning(picture(4, 6), text, text, 2.0)
    assert what.latent.samples.shape[-2:] == (2, 3)
    assert painted(model, what).shape == (1, 4, 2, 3)


def test_a_semantic_map_is_counted_out_and_rescaled() -> None:
    model, clip, vae = parts(SPECS["semantic map"])
    x, _, _ = seen_by(model, told("semantic map", model, clip, vae))
    weights: Any = clip.encoder.channel_mapper.weight  # type: ignore[union-attr]
    torch.testing.assert_close(x[0, 4:, 0, 0], weights[:, 0, 0, 0])
    torch.testing.assert_close(x[0, 4:, 0, 5], weights[:, 5, 0, 0])


def test_a_class_beside_the_time_is_its_number() -> None:
    model, clip, vae = parts(SPECS["class beside the time"])
    _, _, vector = seen_by(model, told("class beside the time", model, clip, vae))
    assert vector.tolist() == [2]
    silent = encode_text("", clip)
    with pytest.raises(NotTold, match=r"classes 0 to 4, but the conditioning says none.*ClassLabel"):
        painted(model, ToldTwice(silent, silent, empty_latent(24, 16)))
    with pytest.raises(NotTold, match="says 9"):
        painted(model, ToldTwice(class_label(clip, 9), silent, empty_latent(24, 16)), cfg=1.0)


def test_a_class_that_is_attended_to_is_its_vector_and_none_is_the_last() -> None:
    _, clip, _ = parts(SPECS["class attended to"])
    vectors: Any = clip.encoder.embedding.weight  # type: ignore[union-attr]
    assert torch.equal(class_label(clip, 3).context[0, 0], vectors[3])
    assert torch.equal(class_label(clip, 3, nothing=True).context[0, 0], vectors[4])


# ---- areas and masks


def test_an_area_cuts_what_is_shown_beside_the_latent_too() -> None:
    model, clip, _ = parts(SPECS["depth"])
    text = encode_text("a red circle", clip)
    positive, negative = show_depth(text, text, picture(128, 128))
    _, whole, _ = ToldTwice(positive, negative, empty_latent(128, 128))
    seen: list[Any] = []
    handle = model.unet.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    both = combine(positive, set_area(positive, 64, 64, 32, 16))
    painted(model, ToldTwice(both, whole, empty_latent(128, 128)), cfg=1.0, steps=1)
    handle.remove()
    full, part = sorted(seen, key=lambda x: -x.shape[-1])
    assert part.shape[-2:] == (16, 16)
    assert torch.equal(part[:, 4:], full[:, 4:, 4:20, 8:24])


def test_masked_conditions_of_a_hybrid_model_stay_in_their_places() -> None:
    task = "inpainting, Stable Diffusion's order"
    model, clip, vae = parts(SPECS[task])
    what = told(task, model, clip, vae)
    masked = set_mask(what.positive, left_half(), 1.0, "mask bounds")
    assert bool(painted(model, what._replace(positive=combine(what.positive, masked))).isfinite().all())


def test_a_batch_of_latents_is_shown_as_many_maps() -> None:
    model, clip, vae = parts(SPECS["inpainting, Stable Diffusion's order"])
    text = encode_text("a red circle", clip)
    two = inpaint_conditioning(text, text, vae, picture(batch=2), left_half())
    assert painted(model, two).shape[0] == 2
    one = inpaint_conditioning(text, text, vae, picture(), left_half())
    four = Latent(one.latent.samples.repeat(4, 1, 1, 1), factor=4)
    masked = set_noise_mask(four, left_half())
    assert painted(model, one._replace(latent=masked)).shape[0] == 4


# ---- on the disk


def test_what_is_shown_and_told_is_kept_on_the_disk() -> None:
    _, clip, vae = parts(SPECS["inpainting, Stable Diffusion's order"])
    text = encode_text("a red circle", clip)
    positive, negative, latent = inpaint_conditioning(text, text, vae, picture(), left_half())
    seen = SeenPictures(torch.ones(1, 4), torch.zeros(1, 2, 3), torch.zeros(1, 2, 3))
    told = tell_picture(positive, seen, 0.5, 0.25)
    codec = Codec([inpaint_conditioning, tell_picture, layout_box])
    values = {"told": told, "negative": negative, "latent": latent, "layout": layout_box(3), "seen": seen}

    back: Any = codec.decode(codec.encode(Result(values))).outputs

    (one,) = back["told"].entries
    assert torch.equal(one.beside["masked_image"], told.entries[0].beside["masked_image"])
    assert (one.images[0].strength, one.images[0].roughness) == (0.5, 0.25)
    assert one.facts["hole"] == 0.0
    assert back["layout"] == layout_box(3)
