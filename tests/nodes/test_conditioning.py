"""Nodes that combine and confine what a model is told."""

import torch

from ldm.diffusion.condition import Area, Condition
from nodes.conditioning import (
    average,
    combine,
    concat,
    set_area,
    set_area_share,
    set_mask,
    set_range,
    set_strength,
    zero_out,
)
from nodes.port_types import Conditioning, Mask


def told(*values: float, tokens: int = 3) -> Conditioning:
    """A conditioning with an entry for each value."""
    return Conditioning(
        tuple(
            Condition(torch.full((1, tokens, 2), value), facts={"pooled_output": torch.full((1, 2), value)})
            for value in values
        )
    )


def test_combined_conditionings_stand_side_by_side() -> None:
    both = combine(told(1.0), told(2.0, 3.0))
    assert [float(one.context.mean()) for one in both.entries] == [1.0, 2.0, 3.0]


def test_an_average_lies_between_and_has_the_length_of_the_first() -> None:
    mixed = average(told(1.0, 2.0), told(5.0, tokens=2), 0.75)
    first, second = mixed.entries
    assert first.context[0, :, 0].tolist() == [2.0, 2.0, 0.75]  # filled up with zeros
    assert second.context[0, :, 0].tolist() == [2.75, 2.75, 1.5]
    assert first.facts["pooled_output"].tolist() == [[2.0, 2.0]]  # type: ignore[attr-defined]
    assert average(told(1.0), told(5.0, tokens=9), 0.5).entries[0].context.shape == (1, 3, 2)


def test_the_words_of_one_conditioning_go_behind_those_of_another() -> None:
    longer = concat(told(1.0, 2.0), told(5.0, tokens=2))
    assert longer.entries[1].context[0, :, 0].tolist() == [2.0, 2.0, 2.0, 5.0, 5.0]


def test_where_when_and_how_strongly_is_kept_with_each_entry() -> None:
    both = told(1.0, 2.0)
    for one in set_area(both, 128, 64, 8, 16, 0.5).entries:
        assert (one.area, one.strength) == (Area(height=64, width=128, top=16, left=8), 0.5)
    for one in set_area_share(both, 0.5, 0.25, 0.1, 0.2, 2.0).entries:
        assert (one.area, one.strength) == (Area(0.25, 0.5, 0.2, 0.1, relative=True), 2.0)
    assert [one.strength for one in set_strength(both, 3.0).entries] == [3.0, 3.0]
    (one,) = set_mask(told(1.0), Mask(torch.ones(4, 4)), 0.7, "mask bounds").entries
    assert one.mask is not None
    assert (one.mask.shape, one.mask_strength, one.mask_box) == ((1, 4, 4), 0.7, True)
    assert [(one.start, one.end) for one in set_range(both, 0.2, 0.6).entries] == [(0.2, 0.6)] * 2


def test_what_was_said_before_stays() -> None:
    (one,) = set_strength(set_range(set_area(told(1.0)), 0.1, 0.9), 2.0).entries
    assert (one.area is not None, one.start, one.strength) == (True, 0.1, 2.0)


def test_zeroed_conditionings_say_nothing() -> None:
    (one,) = zero_out(told(4.0)).entries
    assert not one.context.any()
    assert not one.facts["pooled_output"].any()  # type: ignore[attr-defined]
