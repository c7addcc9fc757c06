"""Nodes that work on latents."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.api import Context, Files, Folders
from ldm.diffusion.past import Past
from nodes.latent import empty_latent
from nodes.latent_batch import (
    join_latents,
    latent_from_batch,
    rebatch_latents,
    repeat_latent,
    set_seed_behavior,
)
from nodes.latent_files import load_latent, save_latent
from nodes.latent_math import (
    add_latents,
    blend_latents,
    composite_latents,
    composite_latents_masked,
    interpolate_latents,
    multiply_latent,
    subtract_latents,
)
from nodes.latent_size import crop_latent, flip_latent, rotate_latent, upscale_latent, upscale_latent_by
from nodes.port_types import Latent, Mask
from nodes.resize import resized


def latent(batch: int = 1, height: int = 16, width: int = 24, seed: int = 0, factor: int = 8) -> Latent:
    """A latent of random numbers, with something beside its samples that must not be lost."""
    generator = torch.Generator().manual_seed(seed)
    samples = torch.randn(batch, 4, height, width, generator=generator)
    return Latent(samples, factor=factor, extra={"type": "toy"})


CHANGES = [
    lambda one: upscale_latent(one, width=256, height=128),
    upscale_latent_by,
    crop_latent,
    rotate_latent,
    flip_latent,
    latent_from_batch,
    repeat_latent,
    multiply_latent,
    set_seed_behavior,
    lambda one: add_latents(one, one),
    lambda one: subtract_latents(one, one),
    lambda one: interpolate_latents(one, one),
    lambda one: blend_latents(one, one),
    lambda one: join_latents(one, one),
    lambda one: composite_latents(one, one),
    lambda one: composite_latents_masked(one, one),
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_stands_beside_the_samples_stays(change: object) -> None:
    assert callable(change)
    changed = change(latent())
    assert changed.extra == {"type": "toy"}


@pytest.mark.parametrize("change", CHANGES)
def test_a_latent_that_has_changed_remembers_no_steps(change: object) -> None:
    assert callable(change)
    one = replace(latent(), past=(Past(1.0, latent().samples, latent().samples),))
    changed = change(one)
    assert (changed.past == ()) == (changed.samples is not one.samples)


# --- sizes


@pytest.mark.parametrize(
    ("width", "height", "cells"),
    [(256, 128, (16, 32)), (0, 256, (32, 48)), (384, 0, (32, 48)), (8, 8, (8, 8)), (0, 0, (16, 24))],
)
def test_a_size_of_zero_keeps_the_proportions_and_64_pixels_are_the_least(
    width: int, height: int, cells: tuple[int, int]
) -> None:
    assert upscale_latent(latent(), "bilinear", width, height).samples.shape[-2:] == cells


def test_sizes_in_pixels_go_by_the_latents_own_factor() -> None:
    assert upscale_latent(latent(factor=4), "area", 256, 128).samples.shape[-2:] == (32, 64)


def test_an_empty_latent_stays_empty_when_it_grows() -> None:
    assert upscale_latent(empty_latent(64, 64), "bilinear", 128, 192).canvas == (128, 192)
    assert upscale_latent_by(empty_latent(64, 64)).canvas == (96, 96)
    assert multiply_latent(empty_latent(64, 64), 2.0).canvas == (64, 64)


@pytest.mark.parametrize(
    ("together", "share"),
    [
        (add_latents, 1.0),
        (blend_latents, 0.5),
        (composite_latents, 1.0),
        (composite_latents_masked, 1.0),
        (lambda empty, full: latent_from_batch(join_latents(empty, full), 1), 1.0),
    ],
)
def test_what_is_put_on_an_empty_latent_is_not_lost(together: object, share: float) -> None:
    assert callable(together)
    full = latent(1, 8, 16, factor=4)
    done = together(empty_latent(64, 32), full)  # of the same size in pixels
    assert (done.canvas, done.factor) == (None, 4)
    assert torch.allclose(done.samples, full.samples * share)


def test_at_least_one_cell_remains() -> None:
    assert upscale_latent_by(latent(), scale_by=0.01).samples.shape[-2:] == (1, 1)
    assert resized(torch.ones(1, 1, 1, 40), 1, 40, "bilinear", "center").shape[-2:] == (40, 1)


def test_cropping_keeps_the_proportions_of_what_remains() -> None:
    wide = torch.arange(8.0).expand(1, 1, 2, 8)
    assert resized(wide, 2, 2, "nearest-exact", "center")[0, 0, 0].tolist() == [3.0, 4.0]
    assert resized(wide, 2, 2, "nearest-exact")[0, 0, 0].tolist() == [2.0, 6.0]


def test_bislerp_keeps_the_length_between_cells_of_one_length() -> None:
    corner = torch.tensor([[1.0, 0.0], [0.0, 1.0]])[None, :, None]  # two cells at right angles
    found = resized(corner, 4, 1, "bislerp")
    assert torch.allclose(found.norm(dim=1), torch.ones(1, 1, 4), atol=1e-6)
    angles = torch.atan2(found[0, 1, 0], found[0, 0, 0]) * 180 / torch.pi
    assert angles.tolist() == pytest.approx([0, 22.5, 67.5, 90], abs=1e-3)


def test_bislerp_of_an_even_latent_changes_nothing() -> None:
    even = torch.full((1, 4, 3, 3), 0.7)
    assert torch.allclose(resized(even, 9, 5, "bislerp"), torch.full((1, 4, 5, 9), 0.7))


def test_a_crop_begins_where_it_is_told_and_stays_inside() -> None:
    one = latent()
    assert torch.equal(crop_latent(one, 64, 64, 16, 24).samples, one.samples[..., 3:11, 2:10])
    assert crop_latent(one, 64, 64, 16000, 16000).samples.shape[-2:] == (8, 8)


def test_turning_and_mirroring_go_back_to_where_they_began() -> None:
    one = latent()
    turned = rotate_latent(rotate_latent(one, "90 degrees"), "270 degrees")
    assert torch.equal(turned.samples, one.samples)
    assert torch.equal(flip_latent(flip_latent(one)).samples, one.samples)
    # Clockwise: what was on top is on the right.
    assert torch.equal(rotate_latent(one, "90 degrees").samples[0, 0, :, -1], one.samples[0, 0, 0])
    assert torch.equal(flip_latent(one, "x-axis: vertically").samples[0, 0, 0], one.samples[0, 0, -1])


# --- batches


def test_latents_taken_out_of_a_batch_keep_their_place_in_the_noise() -> None:
    taken = latent_from_batch(latent(4), 2, 2)
    assert taken.batch_index == (2, 3)
    assert latent_from_batch(taken, 1, 5).batch_index == (3,)
    assert latent_from_batch(latent(2), 60, 9).samples.shape[0] == 1


def test_a_mask_for_each_latent_goes_with_it() -> None:
    masks = torch.arange(4.0)[:, None, None, None].expand(4, 1, 8, 8)
    masked = Latent(latent(4).samples, noise_mask=masks)
    assert latent_from_batch(masked, 2, 2).noise_mask[:, 0, 0, 0].tolist() == [2, 3]  # type: ignore[index]
    assert repeat_latent(masked, 2).noise_mask[:, 0, 0, 0].tolist() == [0, 1, 2, 3] * 2  # type: ignore[index]
    single = Latent(latent(4).samples, noise_mask=masks[:1])
    assert len(repeat_latent(single, 2).noise_mask) == 1  # type: ignore[arg-type]


def test_copies_get_noise_of_their_own() -> None:
    assert repeat_latent(latent(2), 3).batch_index is None
    placed = Latent(latent(2).samples, batch_index=(4, 6))
    assert repeat_latent(placed, 2).batch_index == (4, 6, 7, 9)


def test_joined_latents_have_the_size_of_the_first_and_each_its_own_noise() -> None:
    joined = join_latents(latent(2), latent(1, 8, 8))
    assert joined.samples.shape == (3, 4, 16, 24)
    assert joined.batch_index == (0, 1, 0)


def test_a_batch_may_share_one_noise() -> None:
    assert set_seed_behavior(latent(3)).batch_index == (0, 0, 0)
    assert set_seed_behavior(set_seed_behavior(latent(3)), "random").batch_index is None


def test_batches_are_cut_and_joined_anew_where_the_shapes_agree() -> None:
    batches = rebatch_latents([latent(3), latent(2), latent(1, 8, 8)], 2)
    assert [tuple(batch.samples.shape[:1]) for batch in batches] == [(2,), (2,), (1,), (1,)]
    assert batches[1].batch_index == (2, 0)


def test_empty_and_painted_latents_are_not_mixed_in_a_batch() -> None:
    empty, painted = empty_latent(64, 64), latent(1, 8, 8)
    assert [batch.canvas for batch in rebatch_latents([empty, painted, painted], 4)] == [(64, 64), None]


def test_in_a_batch_made_anew_latents_without_a_mask_are_open() -> None:
    masked = replace(latent(1, 8, 8), noise_mask=torch.zeros(1, 1, 64, 64))
    (batch,) = rebatch_latents([masked, latent(1, 8, 8)], 2)
    assert batch.noise_mask is not None
    assert batch.noise_mask.mean(dim=(1, 2, 3)).tolist() == [0.0, 1.0]


# --- arithmetic


def test_sums_and_differences_take_on_the_size_of_the_first() -> None:
    one, other = latent(2), latent(1, seed=1)
    assert torch.equal(add_latents(one, other).samples, one.samples + other.samples)
    assert torch.equal(subtract_latents(one, other).samples, one.samples - other.samples)
    assert add_latents(one, latent(1, 4, 4)).samples.shape == one.samples.shape
    assert torch.equal(multiply_latent(one, -2.0).samples, -2 * one.samples)
    assert torch.allclose(blend_latents(one, one, 0.3).samples, one.samples)


def test_a_mixture_by_direction_is_as_long_as_its_parts() -> None:
    one, other = latent(), latent(seed=1)
    mixed = interpolate_latents(one, other, 0.25).samples
    lengths = 0.25 * one.samples.norm(dim=1) + 0.75 * other.samples.norm(dim=1)
    assert torch.allclose(mixed.norm(dim=1), lengths, atol=1e-5)
    assert torch.allclose(interpolate_latents(one, other, 1.0).samples, one.samples, atol=1e-6)


def test_a_latent_is_laid_over_another_and_cut_at_its_edge() -> None:
    below, above = Latent(torch.zeros(1, 4, 8, 8)), Latent(torch.ones(1, 4, 4, 4))
    done = composite_latents(below, above, x=48, y=16).samples[0, 0]
    assert done[2:6, 6:8].eq(1).all()
    assert float(done.sum()) == 8
    for x, y in ((64, 0), (0, 640)):
        assert not composite_latents(below, above, x=x, y=y, feather=16).samples.any()


def test_feathering_fades_the_edges_that_lie_inside() -> None:
    below, above = Latent(torch.zeros(1, 4, 8, 8)), Latent(torch.ones(1, 4, 4, 8))
    done = composite_latents(below, above, x=0, y=16, feather=16).samples[0, 0]
    assert done[2:6, 0].tolist() == [0.5, 1.0, 1.0, 0.5]
    assert done[3].tolist() == [1.0] * 8  # left and right are the picture's own edges


def test_a_mask_says_where_the_upper_latent_shows() -> None:
    below, above = Latent(torch.zeros(2, 4, 8, 8)), Latent(torch.ones(1, 4, 4, 4))
    half = Mask(torch.tensor([[[1.0, 0.0], [1.0, 0.0]]]))
    done = composite_latents_masked(below, above, x=8, y=8, mask=half).samples
    assert done[1, 0, 1, 1:5].tolist() == [1.0, 0.75, 0.25, 0.0]
    stretched = composite_latents_masked(below, above, resize_source=True).samples
    assert stretched.eq(1).all()


# --- files


def context(folder: Path) -> Context:
    """A context whose folders all lie in one."""
    return Context(
        provenance={"prompt": "{}"},
        outputs=Files(folder / "output", folder / "temp"),
        inputs=Folders(folder / "models", folder / "input"),
    )


def test_a_saved_latent_is_loaded_as_it_was(tmp_path: Path) -> None:
    (file,) = save_latent(latent(), ctx=context(tmp_path)).files
    assert file.name == "latents/ComfyUI_00001_.latent"
    (tmp_path / "input").mkdir()
    Path(file.path).rename(tmp_path / "input" / "one.latent")
    assert torch.equal(load_latent("one.latent", ctx=context(tmp_path)).samples, latent().samples)


@pytest.mark.parametrize("factor", [4, 8])
def test_a_saved_latent_tells_how_many_pixels_a_cell_spans(tmp_path: Path, factor: int) -> None:
    (file,) = save_latent(latent(factor=factor), ctx=context(tmp_path)).files
    (tmp_path / "input").mkdir()
    Path(file.path).rename(tmp_path / "input" / "one.latent")
    assert load_latent("one.latent", ctx=context(tmp_path)).factor == factor


def test_a_latent_of_comfyui_is_brought_to_the_scale_of_diffusion(tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    theirs = {"latent_tensor": latent().samples, "latent_format_version_0": torch.tensor([])}
    save_file(theirs, tmp_path / "input" / "theirs.latent")
    loaded = load_latent("theirs.latent", ctx=context(tmp_path))
    assert torch.allclose(loaded.samples, latent().samples * 0.18215)
    # What we save has no such mark, which ComfyUI reads as scaled by just that number.
    (file,) = save_latent(loaded, ctx=context(tmp_path)).files
    assert list(load_file(file.path)) == ["latent_tensor"]


def test_a_file_without_latents_says_so(tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "no.latent").write_text("nothing")
    with pytest.raises(ValueError, match=r"no\.latent holds no latents"):
        load_latent("no.latent", ctx=context(tmp_path))
