"""Token merging (Bolya & Hoffman 2023): tokens that say nearly the same are one for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

STRIDE = 2  # cells of a square of which one token stays
Change: TypeAlias = Callable[[Tensor], Tensor]


def merging(x: Tensor, size: tuple[int, int], ratio: float, turn: int) -> tuple[Change, Change]:
    """How to merge a share of the tokens into their likes, and how to give each its part of the outcome again.

    Of each square of 2 x 2 cells one token stays; of all others, those go that are most like one which stays.

    Args:
        x: The tokens (b, h * w, c), by which likeness is told.
        size: Height and width of the map, in cells.
        ratio: The share of the tokens that goes, at most three quarters.
        turn: Picks which token of each square stays.
    """
    stays, may_go = _split(size, turn)
    count = min(int(ratio * x.shape[1]), len(may_go))
    if count <= 0:
        return _same, _same
    stays, may_go = stays.to(x.device), may_go.to(x.device)
    unit = x / x.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    likeness, nearest = (unit[:, may_go] @ unit[:, stays].transpose(1, 2)).max(dim=-1)
    order = likeness.argsort(dim=-1, descending=True)
    gone, kept = may_go[order[:, :count]], may_go[order[:, count:]]
    into = nearest.gather(1, order[:, :count])

    def merge(tokens: Tensor) -> Tensor:
        goal, leaving = tokens[:, stays], _picked(tokens, gone)
        joined = goal.scatter_reduce(1, _wide(into, leaving), leaving, reduce="mean")
        return torch.cat([_picked(tokens, kept), joined], dim=1)

    def unmerge(tokens: Tensor) -> Tensor:
        staying = tokens[:, kept.shape[1] :]
        out = tokens.new_empty(tokens.shape[0], x.shape[1], tokens.shape[2])
        out[:, stays] = staying
        out.scatter_(1, _wide(kept, tokens), tokens[:, : kept.shape[1]])
        return out.scatter(1, _wide(gone, tokens), _picked(staying, into))

    return merge, unmerge


def _split(size: tuple[int, int], turn: int) -> tuple[Tensor, Tensor]:
    """The numbers of the tokens that stay, one of each whole square, and of all others."""
    height, width = size
    rows, columns = height // STRIDE, width // STRIDE
    chosen = torch.randint(STRIDE**2, (rows, columns), generator=torch.Generator().manual_seed(turn))
    top = torch.arange(rows)[:, None] * STRIDE + chosen // STRIDE
    left = torch.arange(columns) * STRIDE + chosen % STRIDE
    marks = torch.zeros(height, width, dtype=torch.bool)
    marks[top, left] = True
    return marks.flatten().nonzero()[:, 0], (~marks).flatten().nonzero()[:, 0]


def _picked(tokens: Tensor, places: Tensor) -> Tensor:
    return tokens.gather(1, _wide(places, tokens))


def _wide(places: Tensor, tokens: Tensor) -> Tensor:
    return places[..., None].expand(*places.shape, tokens.shape[-1])


def _same(tokens: Tensor) -> Tensor:
    return tokens
