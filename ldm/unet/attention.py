"""Cross-attention transformers inside the UNet; the order in a block is the code's: self, cross, GEGLU (LDM, E.2.1)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

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
        q, k, v = (
            values.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for values in (self.to_q(x), self.to_k(source), self.to_v(source))
        )
        gathered = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        out: Tensor = self.to_out(gathered)
        return out


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
    """Self-attention, cross-attention, feed-forward; each after a LayerNorm and with a residual path."""

    def __init__(self, width: int, context_width: int, heads: int) -> None:
        super().__init__()
        self.attn1 = CrossAttention(width, width, heads)
        self.attn2 = CrossAttention(width, context_width, heads)
        self.ff = FeedForward(width)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """x: (b, n, width), context: (b, m, context_width)."""
        x = x + self.attn1(self.norm1(x))
        x = x + self.attn2(self.norm2(x), context)
        x = x + self.ff(self.norm3(x))
        return x


class SpatialTransformer(nn.Module):
    """Let every position of a map look at the others and at the context. The norm's epsilon is 1e-6 here, not 1e-5."""

    def __init__(self, channels: int, context_width: int, heads: int, depth: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(32, channels, eps=1e-6)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList(
            BasicTransformerBlock(channels, context_width, heads) for _ in range(depth)
        )
        self.proj_out = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.proj_out.weight)
        nn.init.zeros_(self.proj_out.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """x: (b, c, h, w), context: (b, m, context_width)."""
        height = x.shape[-2]
        tokens = self.proj_in(self.norm(x)).flatten(2).transpose(1, 2)
        for block in self.transformer_blocks:
            tokens = block(tokens, context)
        changed: Tensor = self.proj_out(tokens.transpose(1, 2).unflatten(2, (height, -1)))
        return x + changed
