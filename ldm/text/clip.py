"""CLIP's text tower (Radford et al. 2021), in the key layout of SD 1.x' `cond_stage_model`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ldm.spec import ClipSpec
from ldm.text.chunks import chunks_of
from ldm.text.tokenizer import Tokens

FEED_FORWARD_MULT = 4


def quick_gelu(x: Tensor) -> Tensor:
    """The cheap GELU that OpenAI trained ViT-L/14 with: x * sigmoid(1.702 x)."""
    return x * torch.sigmoid(1.702 * x)


class ClipAttention(nn.Module):
    """Self-attention in which no token hears those behind it."""

    def __init__(self, spec: ClipSpec) -> None:
        super().__init__()
        self.heads = spec.heads
        self.q_proj = nn.Linear(spec.width, spec.width)
        self.k_proj = nn.Linear(spec.width, spec.width)
        self.v_proj = nn.Linear(spec.width, spec.width)
        self.out_proj = nn.Linear(spec.width, spec.width)

    def forward(self, x: Tensor) -> Tensor:
        """Keep (b, n, width)."""
        q, k, v = (
            values.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for values in (self.q_proj(x), self.k_proj(x), self.v_proj(x))
        )
        heard = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = self.out_proj(heard.transpose(1, 2).flatten(2))
        return x


class ClipFeedForward(nn.Module):
    """Linear, the tower's activation, linear."""

    def __init__(self, spec: ClipSpec) -> None:
        super().__init__()
        self.activation = quick_gelu if spec.activation == "quick_gelu" else F.gelu
        self.fc1 = nn.Linear(spec.width, FEED_FORWARD_MULT * spec.width)
        self.fc2 = nn.Linear(FEED_FORWARD_MULT * spec.width, spec.width)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        x = self.fc2(self.activation(self.fc1(x)))
        return x


class ClipLayer(nn.Module):
    """Attention and feed-forward, each behind a norm and with a residual."""

    def __init__(self, spec: ClipSpec) -> None:
        super().__init__()
        self.layer_norm1 = nn.LayerNorm(spec.width)
        self.self_attn = ClipAttention(spec)
        self.layer_norm2 = nn.LayerNorm(spec.width)
        self.mlp = ClipFeedForward(spec)

    def forward(self, x: Tensor) -> Tensor:
        """Keep (b, n, width)."""
        x = x + self.self_attn(self.layer_norm1(x))
        x = x + self.mlp(self.layer_norm2(x))
        return x


class ClipEmbeddings(nn.Module):
    """A vector for each token and one for each place."""

    def __init__(self, spec: ClipSpec) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(spec.vocabulary, spec.width)
        self.position_embedding = nn.Embedding(spec.length, spec.width)

    def forward(self, ids: Tensor) -> Tensor:
        """(b, n) whole numbers to (b, n, width)."""
        x: Tensor = self.token_embedding(ids) + self.position_embedding.weight[: ids.shape[1]]
        return x


class ClipLayers(nn.Module):
    """All layers but the last `skipped`."""

    def __init__(self, spec: ClipSpec) -> None:
        super().__init__()
        self.used = spec.layers - spec.skipped
        self.layers = nn.ModuleList(ClipLayer(spec) for _ in range(spec.layers))

    def forward(self, x: Tensor) -> Tensor:
        """Keep (b, n, width)."""
        for layer in self.layers[: self.used]:
            x = layer(x)
        return x


class ClipTransformer(nn.Module):
    """Embed tokens and places, attend, normalise."""

    def __init__(self, spec: ClipSpec) -> None:
        super().__init__()
        self.normed = spec.normed
        self.embeddings = ClipEmbeddings(spec)
        self.encoder = ClipLayers(spec)
        self.final_layer_norm = nn.LayerNorm(spec.width)

    def forward(self, ids: Tensor) -> Tensor:
        """(b, n) whole numbers to (b, n, width)."""
        x: Tensor = self.encoder(self.embeddings(ids))
        if self.normed:
            x = self.final_layer_norm(x)
        return x


class ClipModel(nn.Module):
    """The tower under the name that it has in the files."""

    def __init__(self, spec: ClipSpec) -> None:
        super().__init__()
        self.text_model = ClipTransformer(spec)


class ClipTextEncoder(nn.Module):
    """Prompts to the context of SD 1.x: weights in brackets, and as many chunks of 77 tokens as the prompt needs."""

    def __init__(self, spec: ClipSpec) -> None:
        super().__init__()
        self.spec = spec
        self.transformer = ClipModel(spec)

    def tokenize(self, texts: Sequence[str]) -> Tokens:
        """The texts as rows of tokens with their weights; each row is a whole number of chunks, all equally long."""
        rows = [chunks_of(text, self.spec.length, self.spec.pad) for text in texts]
        most = max(len(row) for row in rows)
        silence = chunks_of("", self.spec.length, self.spec.pad)
        rows = [[*row, *silence * (most - len(row))] for row in rows]
        ids = tuple(tuple(token for chunk in row for token, _ in chunk) for row in rows)
        weights = tuple(tuple(weight for chunk in row for _, weight in chunk) for row in rows)
        return Tokens(ids, weights)

    def encode(self, tokens: Tokens) -> Tensor:
        """Give the context (b, chunks * 77, width).

        A token's weight moves its vector away from, or towards, the vector that says nothing in the same place, as
        ComfyUI weighs it.
        """
        tower = self.transformer.text_model
        device = tower.final_layer_norm.weight.device
        ids = torch.tensor(tokens.ids, device=device)
        chunks: Tensor = tower(ids.unflatten(1, (-1, self.spec.length)).flatten(0, 1))
        context: Tensor = chunks.unflatten(0, (len(ids), -1))
        if tokens.weights is not None:
            weights = torch.tensor(tokens.weights, device=device, dtype=context.dtype)
            if bool((weights != 1).any()):
                [silence] = tower(torch.tensor(self.tokenize([""]).ids, device=device))
                louder = weights.unflatten(1, (-1, self.spec.length)).unsqueeze(-1)
                context = (context - silence) * louder + silence
        context = context.flatten(1, 2)
        return context
