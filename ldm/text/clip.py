"""CLIP's text tower (Radford et al. 2021), in the key layout of SD 1.x' `cond_stage_model`; OpenCLIP's are the same."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ldm.spec import ClipSpec
from ldm.text.bpe import END
from ldm.text.chunks import chunks_of
from ldm.text.tau import Heard, Tau
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
    """The layers, one behind the other."""

    def __init__(self, spec: ClipSpec) -> None:
        super().__init__()
        self.layers = nn.ModuleList(ClipLayer(spec) for _ in range(spec.layers))


class ClipTransformer(nn.Module):
    """Embed tokens and places, attend, normalise."""

    def __init__(self, spec: ClipSpec) -> None:
        super().__init__()
        self.spec = spec
        self.embeddings = ClipEmbeddings(spec)
        self.encoder = ClipLayers(spec)
        self.final_layer_norm = nn.LayerNorm(spec.width)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """(b, n) whole numbers to the context (b, n, width), and what the last layer says of it, normalised.

        Layers that nobody asks for are not run: without a projection the second is not of the last layer.
        """
        spec, x = self.spec, self.embeddings(ids)
        used = spec.layers - spec.skipped
        for layer in self.encoder.layers[:used]:
            x = layer(x)
        last = x
        for layer in self.encoder.layers[used:] if spec.projection is not None else ():
            last = layer(last)
        return self.final_layer_norm(x) if spec.normed else x, self.final_layer_norm(last)


class ClipModel(nn.Module):
    """The tower under the name that it has in the files."""

    def __init__(self, spec: ClipSpec) -> None:
        super().__init__()
        self.text_model = ClipTransformer(spec)
        if spec.projection is not None:
            self.text_projection = nn.Linear(spec.width, spec.projection, bias=False)

    def forward(self, ids: Tensor) -> Heard:
        """(b, n) whole numbers to the context, and, with a projection, the pooled meaning at the first end."""
        context, last = self.text_model(ids)
        if self.text_model.spec.projection is None:
            return Heard(context)
        ends = (ids == END).int().argmax(dim=1)
        return Heard(context, self.text_projection(last[torch.arange(len(ids), device=ids.device), ends]))


class ClipTextEncoder(Tau):
    """Prompts to the context of SD 1.x and 2.x: weights in brackets, as many chunks of 77 tokens as there must be."""

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

    def hear(self, tokens: Tokens) -> Heard:
        """Give the context (b, chunks * 77, width), and the pooled meaning of the first chunk.

        A token's weight moves its vector away from, or towards, the vector that says nothing in the same place, as
        ComfyUI weighs it.
        """
        device = self.transformer.text_model.final_layer_norm.weight.device
        ids = torch.tensor(tokens.ids, device=device).unflatten(1, (-1, self.spec.length))
        chunks: Heard = self.transformer(self._padded(ids.flatten(0, 1)))
        context: Tensor = chunks.context.unflatten(0, (len(ids), -1))
        if tokens.weights is not None:
            weights = torch.tensor(tokens.weights, device=device, dtype=context.dtype)
            if bool((weights != 1).any()):
                [silence] = self.transformer(torch.tensor(self.tokenize([""]).ids, device=device)).context
                louder = weights.unflatten(1, (-1, self.spec.length)).unsqueeze(-1)
                context = (context - silence) * louder + silence
        pooled = None if chunks.pooled is None else chunks.pooled.unflatten(0, (len(ids), -1))[:, 0]
        return Heard(context.flatten(1, 2), pooled)

    def _padded(self, ids: Tensor) -> Tensor:
        """The chunks with this tower's own padding behind their ends: SDXL's two towers differ in it alone."""
        ended = (ids == END).int().cumsum(dim=1)
        behind = (ended - (ids == END).int()) > 0
        return torch.where(behind, self.spec.pad, ids)


class ClipPair(Tau):
    """SDXL's two towers, side by side: what they say of each token is joined, and the second one's pooled meaning."""

    def __init__(self, first: ClipTextEncoder, second: ClipTextEncoder) -> None:
        super().__init__()
        self.embedders = nn.ModuleList([first, second])

    @property
    def towers(self) -> tuple[ClipTextEncoder, ClipTextEncoder]:
        """The first and the second."""
        first, second = self.embedders
        assert isinstance(first, ClipTextEncoder)
        assert isinstance(second, ClipTextEncoder)
        return first, second

    def tokenize(self, texts: Sequence[str]) -> Tokens:
        """As the first tower; the words are the same to both."""
        return self.towers[0].tokenize(texts)

    def hear(self, tokens: Tokens) -> Heard:
        """Give the context (b, chunks * 77, both widths), and the pooled meaning."""
        first, second = (tower.hear(tokens) for tower in self.towers)
        return Heard(torch.cat([first.context, second.context], dim=-1), second.pooled)
