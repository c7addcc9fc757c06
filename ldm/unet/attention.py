"""Attention inside the UNet. The order in a transformer block is the code's: self, cross, GEGLU (LDM, E.2.1)."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor, nn
from torch.nn import functional as F

from ldm.unet.changes import Way
from ldm.unet.self_attention import looking_around

FEED_FORWARD_MULT = 4


class CrossAttention(nn.Module):
    """softmax(QK^T / sqrt(d)) V with Q from x and K, V from the context; without context, from x itself.

    W_Q maps the features, W_K and W_V the context (the paper's dimensions are swapped).
    """

    def __init__(self, width: int, context_width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(context_width, width, bias=False)
        self.to_v = nn.Linear(context_width, width, bias=False)
        self.to_out = nn.Sequential(nn.Linear(width, width), nn.Dropout(0.0))

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """x: (b, n, width), context: (b, m, context_width); gives (b, n, width)."""
        source = x if context is None else context
        q, k, v = (self._by_head(values) for values in (self.to_q(x), self.to_k(source), self.to_v(source)))
        gathered = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        out: Tensor = self.to_out(gathered)
        return out

    attend = forward

    def alone(self, x: Tensor) -> Tensor:
        """What each token sees if it looks at itself alone."""
        x = self.to_out(self.to_v(x))
        return x

    def shares(self, x: Tensor) -> Tensor:
        """How much each token looks at each, (b, heads, n, n)."""
        return _shares(self._by_head(self.to_q(x)), self._by_head(self.to_k(x)))

    def _by_head(self, values: Tensor) -> Tensor:
        split: Tensor = values.unflatten(-1, (self.heads, -1))
        return split.transpose(1, 2)


class GEGLU(nn.Module):
    """Gated linear unit with an exact (erf) GELU gate."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 2 * inner)

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) to (..., inner)."""
        value, gate = self.proj(x).chunk(2, dim=-1)
        gated: Tensor = value * F.gelu(gate)
        return gated


class FeedForward(nn.Module):
    """GEGLU, then back to the width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = FEED_FORWARD_MULT * width
        self.net = nn.Sequential(GEGLU(width, inner), nn.Dropout(0.0), nn.Linear(inner, width))

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        x = self.net(x)
        return x


class BasicTransformerBlock(nn.Module):
    """Self-attention, cross-attention, feed-forward; each after a LayerNorm and with a residual path.

    `crossed`: the first looks at the context as well.
    """

    def __init__(self, width: int, context_width: int, heads: int, *, crossed: bool = False) -> None:
        super().__init__()
        self.crossed = crossed
        self.attn1 = CrossAttention(width, context_width if crossed else width, heads)
        self.attn2 = CrossAttention(width, context_width, heads)
        self.ff = FeedForward(width)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))

    def forward(self, x: Tensor, context: Tensor, way: Way | None = None) -> Tensor:
        """x: (b, n, width), context: (b, m, context_width); `way` says what is changed."""
        if self.crossed:
            x = x + self.attn1(self.norm1(x), context)
        else:
            x = x + looking_around(self.attn1, self.norm1(x), way)
        x = x + self.attn2(self.norm2(x), context)
        x = x + self.ff(self.norm3(x))
        return x


class AttentionBlock(nn.Module):
    """Let every position of a map look at the others: ADM's attention, in models that no context is given to."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(32, channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.proj_out = nn.Conv1d(channels, channels, 1)
        nn.init.zeros_(self.proj_out.weight)
        nn.init.zeros_(self.proj_out.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, way: Way | None = None) -> Tensor:
        """Keep (b, c, h, w); `way` says what is changed."""
        size = _size(x)
        changed = looking_around(self, _tokens(self.norm(x)), None if way is None else way.over(size))
        return x + _map(changed, size)

    def attend(self, x: Tensor) -> Tensor:
        """(b, n, c), each token looking at all."""
        gathered = F.scaled_dot_product_attention(*self._by_head(x))
        return self._out(gathered)

    def alone(self, x: Tensor) -> Tensor:
        """The same, each token looking at itself alone."""
        return self._out(self._by_head(x)[2])

    def shares(self, x: Tensor) -> Tensor:
        """How much each token looks at each, (b, heads, n, n)."""
        q, k, _ = self._by_head(x)
        return _shares(q, k)

    def _by_head(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # q, k and v lie side by side within each head, not the heads within q, k and v. Rows that do not lie in one
        # piece would have torch write down all pairs of positions.
        heads: Tensor = (
            self.qkv(x.transpose(1, 2)).unflatten(1, (self.heads, -1)).transpose(2, 3).contiguous()
        )
        q, k, v = heads.chunk(3, dim=-1)
        return q, k, v

    def _out(self, gathered: Tensor) -> Tensor:
        changed: Tensor = self.proj_out(gathered.transpose(2, 3).flatten(1, 2))
        return changed.transpose(1, 2)


class SpatialTransformer(nn.Module):
    """Let every position of a map look at the others and at the context. The norm's epsilon is 1e-6 here, not 1e-5.

    `linear`: SD 2's projections are made for rows of tokens, where the older ones are convolutions of a map. `crossed`:
    its positions do not look at each other, but twice at the context.
    """

    def __init__(
        self,
        channels: int,
        context_width: int,
        heads: int,
        depth: int,
        *,
        linear: bool = False,
        crossed: bool = False,
    ) -> None:
        super().__init__()
        self.linear = linear
        self.norm = nn.GroupNorm(32, channels, eps=1e-6)
        self.proj_in = nn.Linear(channels, channels) if linear else nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList(
            BasicTransformerBlock(channels, context_width, heads, crossed=crossed) for _ in range(depth)
        )
        self.proj_out = nn.Linear(channels, channels) if linear else nn.Conv2d(channels, channels, 1)
        for zero in self.proj_out.parameters():
            nn.init.zeros_(zero)

    def forward(self, x: Tensor, context: Tensor, way: Way | None = None) -> Tensor:
        """x: (b, c, h, w), context: (b, m, context_width); `way` says what is changed."""
        size, h = _size(x), self.norm(x)
        tokens = self.proj_in(_tokens(h)) if self.linear else _tokens(self.proj_in(h))
        here = None if way is None else way.over(size)
        for block in self.transformer_blocks:
            tokens = block(tokens, context, here)
            here = None if here is None else replace(here, watch=None)  # the first one alone is watched
        changed: Tensor = (
            _map(self.proj_out(tokens), size) if self.linear else self.proj_out(_map(tokens, size))
        )
        return x + changed


def _shares(q: Tensor, k: Tensor) -> Tensor:
    """softmax(QK^T / sqrt(d)) of (b, heads, n, d)."""
    likeness: Tensor = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    return likeness.softmax(dim=-1)


def _size(x: Tensor) -> tuple[int, int]:
    height, width = x.shape[-2:]
    return height, width


def _tokens(x: Tensor) -> Tensor:
    """A map (b, c, h, w) as a row of tokens (b, h * w, c)."""
    return x.flatten(2).transpose(1, 2)


def _map(tokens: Tensor, size: tuple[int, int]) -> Tensor:
    """A row of tokens as a map again."""
    x: Tensor = tokens.transpose(1, 2).unflatten(2, size)
    return x
