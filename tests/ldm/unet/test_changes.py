"""A UNet under changes: what they do to it, and that none of them touches its weights."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ldm.unet.changes import FreeU, HyperTile, MergeTokens, MiddleAlone, Shrink, UNetChange, Way
from ldm.unet.self_attention import looking_around
from ldm.unet.skips import low_scaled, weighed
from ldm.unet.token_merging import merging
from ldm.unet.unet import UNet
from tests.ldm.tiny import SPEC, randomise

CONTEXT = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
X = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
TIME = torch.tensor([500, 500])


def unet(*mult: int, context: bool = True) -> UNet:
    """A tiny random UNet in float64."""
    spec = replace(SPEC.unet, channel_mult=mult or (1, 2), context_dim=16 if context else None)
    made = UNet(spec).double()
    randomise(made)
    return made.requires_grad_(requires_grad=False)


def guess(made: UNet, *changes: UNetChange, x: Tensor = X) -> Tensor:
    """What a UNet makes of the inputs under changes."""
    found: Tensor = made(x, TIME, CONTEXT, changes=changes)
    return found


ALL: dict[str, UNetChange] = {
    "free u": FreeU((1.1, 1.2), (0.9, 0.2)),
    "free u, by mean": FreeU((1.3, 1.4), (0.9, 0.2), by_mean=True),
    "tiles": HyperTile(4),
    "merged tokens": MergeTokens(0.5),
    "shrunk": Shrink(1, 2.0, 999, 0),
    "middle alone": MiddleAlone(),
}
NOTHING: dict[str, UNetChange] = {
    "free u": FreeU((1.0, 1.0), (1.0, 1.0)),
    "free u, by mean": FreeU((1.0, 1.0), (1.0, 1.0), by_mean=True),
    "one tile": HyperTile(16),
    "no merged tokens": MergeTokens(0.0),
    "shrunk at other times": Shrink(1, 2.0, 400, 0),
    "shrunk by one": Shrink(1, 1.0, 999, 0),
}


@pytest.mark.parametrize("name", ALL)
def test_a_change_changes_the_guess_and_no_weight(name: str) -> None:
    made = unet(1, 2, 4)
    before = {key: value.clone() for key, value in made.state_dict().items()}
    plain, found = guess(made), guess(made, ALL[name])
    assert found.shape == plain.shape
    assert float((found - plain).abs().max()) > 1e-4
    assert all(torch.equal(before[key], value) for key, value in made.state_dict().items())
    assert torch.equal(guess(made, ALL[name]), found)  # and what it picks does not depend on chance
    assert torch.equal(guess(made), plain)


@pytest.mark.parametrize("name", NOTHING)
def test_a_change_that_says_nothing_changes_nothing(name: str) -> None:
    made = unet(1, 2, 4)
    assert torch.allclose(guess(made, NOTHING[name]), guess(made), atol=1e-10)


@pytest.mark.parametrize("name", ALL)
def test_samples_of_a_batch_do_not_touch_each_other_under_changes(name: str) -> None:
    made = unet(1, 2, 4)
    other = torch.cat([X[:1], X[1:] + 1])
    assert torch.allclose(guess(made, ALL[name])[0], guess(made, ALL[name], x=other)[0], atol=1e-10)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("size", [(9, 14), (17, 11)])
def test_changes_take_maps_of_odd_sides(name: str, size: tuple[int, int]) -> None:
    x = torch.randn(2, 4, *size, dtype=torch.float64)
    assert guess(unet(1, 2, 4), ALL[name], x=x).shape == x.shape


def test_changes_may_be_many_at_once() -> None:
    assert guess(unet(1, 2, 4), *ALL.values()).shape == X.shape


@pytest.mark.parametrize("name", ["tiles", "merged tokens", "middle alone"])
def test_a_unet_without_a_context_attends_under_changes_too(name: str) -> None:
    made = unet(context=False)
    assert not torch.allclose(made(X, TIME, changes=(ALL[name],)), made(X, TIME), atol=1e-6)


def test_free_u_weighs_where_the_widths_say_so() -> None:
    way = Way((FreeU((3.0, 5.0), (0.0, 1.0)),), (4, 4), 0.0)
    skip = torch.randn(1, 6, 4, 4, dtype=torch.float64)
    deepest = torch.randn(1, 128, 4, 4, dtype=torch.float64)
    louder, quieter = weighed(deepest, skip, way, 32)
    assert torch.equal(louder, torch.cat([deepest[:, :64] * 3, deepest[:, 64:]], dim=1))
    assert torch.allclose(quieter, low_scaled(skip, 0.0))
    assert torch.allclose(quieter.mean(dim=(2, 3)), torch.zeros(1, 6, dtype=torch.float64))
    above = torch.randn(1, 64, 4, 4, dtype=torch.float64)
    assert torch.equal(weighed(above, skip, way, 32)[0][:, :32], above[:, :32] * 5)
    widest = torch.randn(1, 32, 4, 4, dtype=torch.float64)
    assert weighed(widest, skip, way, 32)[0] is widest


def test_free_u_by_mean_is_loudest_where_the_mean_is_highest() -> None:
    way = Way((FreeU((3.0, 1.0), (1.0, 1.0), by_mean=True),), (4, 4), 0.0)
    x = torch.rand(1, 128, 4, 4, dtype=torch.float64) + 0.5
    found = weighed(x, x, way, 32)[0][:, :64] / x[:, :64]
    mean = x.mean(dim=1).flatten()
    assert float(found.flatten(2)[..., mean.argmax()].max()) == pytest.approx(3.0)
    assert float(found.flatten(2)[..., mean.argmin()].max()) == pytest.approx(1.0)


class Summing:
    """Toy attention: each token sees the mean of all, itself included."""

    def attend(self, x: Tensor) -> Tensor:
        return x.mean(dim=1, keepdim=True).expand_as(x)

    def alone(self, x: Tensor) -> Tensor:
        return x

    def shares(self, x: Tensor) -> Tensor:
        return torch.full((x.shape[0], 1, x.shape[1], x.shape[1]), 1 / x.shape[1])


TOKENS = torch.randn(2, 24, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def test_in_tiles_each_token_sees_its_own_tile() -> None:
    way = Way((HyperTile(2, swap=1),), (4, 6), 0.0, map=(4, 6))
    found = looking_around(Summing(), TOKENS, way).unflatten(1, (4, 6))
    picture = TOKENS.unflatten(1, (4, 6))
    for top in (0, 2):
        for left in (0, 2, 4):
            tile = (slice(None), slice(top, top + 2), slice(left, left + 2))
            assert torch.allclose(found[tile], picture[tile].mean(dim=(1, 2), keepdim=True))


def test_ways_to_cut_take_turns() -> None:
    way = Way((HyperTile(2, swap=2),), (4, 6), 0.0, map=(4, 6))
    found = {str(looking_around(Summing(), TOKENS, way.at(place))) for place in range(4)}
    assert len(found) == 2


def test_tiles_are_cut_in_the_largest_maps_only() -> None:
    small = Way((HyperTile(2),), (8, 12), 0.0, map=(4, 6))
    plain = Summing().attend(TOKENS)
    assert torch.equal(looking_around(Summing(), TOKENS, small), plain)
    deep = replace(small, changes=(HyperTile(2, depth=1),))
    assert not torch.allclose(looking_around(Summing(), TOKENS, deep), plain)
    grown = replace(small, changes=(HyperTile(3, depth=1, grow=True),))
    assert torch.equal(looking_around(Summing(), TOKENS, grown), plain)  # 6 cells a side: one tile


def test_tokens_that_are_alike_are_merged_and_come_back() -> None:
    squares = torch.randn(1, 2, 1, 3, 1, 4, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    tokens = (
        squares.expand(1, 2, 2, 3, 2, 4).flatten(3, 4).flatten(1, 2).flatten(1, 2)
    )  # of 2 x 2, each alike
    merge, unmerge = merging(tokens, (4, 6), 0.75, 0)
    assert merge(tokens).shape == (1, 6, 4)
    assert torch.allclose(unmerge(merge(tokens)), tokens)


def test_those_go_first_that_are_most_alike() -> None:
    tokens = TOKENS.unflatten(1, (4, 6)).clone()
    tokens[:, :2, 2:4] = tokens[:, :1, 2:3]  # one square of 2 x 2
    tokens = tokens.flatten(1, 2)
    merge, unmerge = merging(tokens, (4, 6), 3 / 24, 0)
    assert merge(tokens).shape == (2, 21, 3)
    assert torch.allclose(unmerge(merge(tokens)), tokens)


def test_what_is_merged_is_their_mean() -> None:
    merge, _ = merging(TOKENS, (4, 6), 0.5, 0)
    merged = merge(TOKENS)
    assert merged.shape == (2, 12, 3)
    ones, counted = (
        torch.ones(2, 24, 1, dtype=torch.float64),
        merge(torch.ones(2, 24, 1, dtype=torch.float64)),
    )
    assert torch.allclose(counted, ones[:, :12])


def test_no_more_than_three_quarters_of_the_tokens_go() -> None:
    merge, unmerge = merging(TOKENS, (4, 6), 1.0, 0)
    assert merge(TOKENS).shape == (2, 6, 3)
    assert unmerge(merge(TOKENS)).shape == TOKENS.shape


def test_where_maps_shrink_the_skip_keeps_its_size_if_it_shall() -> None:
    seen: list[tuple[int, ...]] = []
    made = unet(1, 2, 4)
    for block in made.output_blocks:
        block[0].register_forward_hook(lambda _, given, __: seen.append(tuple(given[0].shape[-2:])))  # type: ignore[index]
    guess(made, Shrink(1, 2.0, 999, 0, after_skip=True))
    kept = list(seen)
    seen.clear()
    guess(made, Shrink(1, 2.0, 999, 0, after_skip=False))
    # 16 x 16: the skips of blocks 0 and 1 are met last.
    assert kept[-2:] == [(16, 16), (16, 16)]
    assert seen[-2:] == [(8, 8), (16, 16)]


def test_who_looks_at_whom_in_the_middle_is_shown() -> None:
    seen: list[Tensor] = []
    made = unet()
    watched = made(X, TIME, CONTEXT, watch=seen.append)
    assert torch.allclose(watched, made(X, TIME, CONTEXT), atol=1e-12)
    [shares] = seen
    assert shares.shape == (2, 2, 64, 64)
    assert torch.allclose(shares.sum(dim=-1), torch.ones(2, 2, 64, dtype=torch.float64))
