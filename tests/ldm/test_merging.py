"""Weighted sums of networks: the sums are right, and what is not changed is shared."""

import pytest
import torch
from torch import nn

from ldm.merging import NotAlike, mixed, summed


class Two(nn.Module):
    """Two layers with random weights."""

    def __init__(self, seed: int, last: int = 2) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.a = nn.Linear(3, 4)
        self.b = nn.Linear(4, last)


ONE, OTHER = Two(0), Two(1)


def lacking() -> Two:
    """One without its second layer."""
    made = Two(0)
    del made.b
    return made


def test_a_mixture_lies_between_the_two() -> None:
    half = mixed(ONE, OTHER, lambda _: 0.25)

    assert torch.allclose(half.a.weight, 0.25 * ONE.a.weight + 0.75 * OTHER.a.weight)
    assert not half.a.weight.requires_grad


def test_each_weight_has_a_share_of_its_own_and_what_is_not_changed_is_shared() -> None:
    made = mixed(ONE, OTHER, lambda key: 1.0 if key.startswith("a.") else 0.0)

    assert made.a.weight.data_ptr() == ONE.a.weight.data_ptr()
    assert made.b.weight.data_ptr() == OTHER.b.weight.data_ptr()


def test_a_difference_that_is_added_again_gives_the_first_back() -> None:
    difference = summed(ONE, OTHER, lambda _: (1.0, -1.0))
    again = summed(OTHER, difference, lambda _: (1.0, 1.0))

    assert torch.allclose(again.b.weight, ONE.b.weight, atol=1e-6)
    assert not torch.allclose(difference.b.weight, ONE.b.weight)


def test_neither_network_is_touched() -> None:
    before = [value.clone() for one in (ONE, OTHER) for value in one.state_dict().values()]
    summed(ONE, OTHER, lambda _: (2.0, 3.0))

    after = [value for one in (ONE, OTHER) for value in one.state_dict().values()]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_a_sum_in_half_precision_is_computed_in_full() -> None:
    one, other = Two(0).half(), Two(1).half()

    made = summed(one, other, lambda _: (0.1, 0.3))

    exact = (0.1 * one.a.weight.float() + 0.3 * other.a.weight.float()).half()
    assert torch.equal(made.a.weight, exact)


def test_networks_that_are_not_alike_are_refused_with_the_first_difference() -> None:
    with pytest.raises(NotAlike, match=r"b\.weight is \(2, 4\) in the first and \(5, 4\) in the second"):
        mixed(ONE, Two(0, last=5), lambda _: 0.5)
    with pytest.raises(NotAlike, match=r"b\.weight is absent in the first"):
        mixed(lacking(), ONE, lambda _: 0.5)
