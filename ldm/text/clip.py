"""CLIP's text tower (Radford et al. 2021), in the key layout of SD 1.x' `cond_stage_model`; OpenCLIP's are the same."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ldm.spec import ClipSpec, VisionSpec
from ldm.text.bpe import END, WORDS
from ldm.text.chunks import chunks_of, names_called
from ldm.text.learned import Find, learned_words, numbered, table
from ldm.text.tau import Heard, NotHeard, Tau
from ldm.text.tokenizer import Tokens


def quick_gelu(x: Tensor) -> Tensor:
    """The cheap GELU that OpenAI trained ViT-L/14 with: x * sigmoid(1.702 x)."""
    return x * torch.sigmoid(1.702 * x)


class ClipAttention(nn.Module):
    """Self-attention; in a text no token hears those behind it."""

    def __init__(self, spec: ClipSpec | VisionSpec) -> None:
        super().__init__()
        self.heads = spec.heads
        self.causal = isinstance(spec, ClipSpec)
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
        heard = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        x = self.out_proj(heard.transpose(1, 2).flatten(2))
        return x


class ClipFeedForward(nn.Module):
    """Linear, the tower's activation, linear."""

    def __init__(self, spec: ClipSpec | VisionSpec) -> None:
        super().__init__()
        self.activation = quick_gelu if spec.activation == "quick_gelu" else F.gelu
        self.fc1 = nn.Linear(spec.width, spec.inner)
        self.fc2 = nn.Linear(spec.inner, spec.width)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        x = self.fc2(self.activation(self.fc1(x)))
        return x


class ClipLayer(nn.Module):
    """Attention and feed-forward, each behind a norm and with a residual."""

    def __init__(self, spec: ClipSpec | VisionSpec) -> None:
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

    def forward(self, ids: Tensor, learned: Tensor | None = None) -> Tensor:
        """(b, n) whole numbers to (b, n, width); those behind CLIP's words are of the rows of `learned`."""
        x: Tensor = self.token_embedding(ids.clamp(max=WORDS - 1))
        if learned is not None:
            rows = learned.to(x)[(ids - WORDS).clamp(min=0)]
            x = torch.where((ids >= WORDS).unsqueeze(-1), rows, x)
        return x + self.position_embedding.weight[: ids.shape[1]]


class ClipLayers(nn.Module):
    """The layers, one behind the other."""

    def __init__(self, spec: ClipSpec | VisionSpec) -> None:
        super().__init__()
        self.layers = nn.ModuleList(ClipLayer(spec) for _ in range(spec.layers))


class ClipTransformer(nn.Module):
    """Embed tokens and places, attend, normalise."""

    def __init__(self, spec: ClipSpec) -> None:
        super().__init__()
        self.embeddings = ClipEmbeddings(spec)
        self.encoder = ClipLayers(spec)
        self.final_layer_norm = nn.LayerNorm(spec.width)

    def forward(self, ids: Tensor, spec: ClipSpec, learned: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(b, n) whole numbers to the context (b, n, width), and what the last layer says of it, normalised.

        Layers that nobody asks for are not run: without a projection the second is not of the last layer.
        """
        x = self.embeddings(ids, learned)
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

    def forward(self, ids: Tensor, spec: ClipSpec, learned: Tensor | None = None) -> Heard:
        """(b, n) whole numbers to the context, and, with a projection, the pooled meaning at the first end."""
        context, last = self.text_model(ids, spec, learned)
        if spec.projection is None:
            return Heard(context)
        ends = (ids == END).int().argmax(dim=1)
        return Heard(context, self.text_projection(last[torch.arange(len(ids), device=ids.device), ends]))


class ClipTextEncoder(Tau):
    """Prompts to the context of SD 1.x and 2.x: weights in brackets, as many chunks of 77 tokens as there must be.

    `find_embedding` says where the files of learned words lie that a prompt may call.
    """

    def __init__(self, spec: ClipSpec) -> None:
        super().__init__()
        self.spec = spec
        self.find_embedding: Find | None = None
        self.transformer = ClipModel(spec)

    def tokenize(self, texts: Sequence[str]) -> Tokens:
        """The texts as rows of tokens with their weights; each row is a whole number of chunks, all equally long.

        Raises:
            NotHeard: a text calls a learned word that is not there.
        """
        learned = learned_words((name for text in texts for name in names_called(text)), self.find_embedding)
        numbers = numbered(learned.values())
        rows = [chunks_of(text, self.spec.length, self.spec.pad, numbers) for text in texts]
        most = max(len(row) for row in rows)
        silence = chunks_of("", self.spec.length, self.spec.pad)
        rows = [[*row, *silence * (most - len(row))] for row in rows]
        ids = tuple(tuple(token for chunk in row for token, _ in chunk) for row in rows)
        weights = tuple(tuple(weight for chunk in row for _, weight in chunk) for row in rows)
        return Tokens(ids, weights, tuple(learned.values()))

    def hear(self, tokens: Tokens) -> Heard:
        """Give the context (b, chunks * 77, width), and the pooled meaning of the first chunk.

        A token's weight moves its vector away from, or towards, the vector that says nothing in the same place, as
        ComfyUI weighs it.
        """
        device = self.transformer.text_model.final_layer_norm.weight.device
        ids = torch.tensor(tokens.ids, device=device).unflatten(1, (-1, self.spec.length))
        learned = table(tokens.learned, self.spec.width)
        chunks: Heard = self.transformer(self._padded(ids.flatten(0, 1)), self.spec, learned)
        context: Tensor = chunks.context.unflatten(0, (len(ids), -1))
        if tokens.weights is not None:
            weights = torch.tensor(tokens.weights, device=device, dtype=context.dtype)
            if bool((weights != 1).any()):
                unsaid = torch.tensor(self.tokenize([""]).ids, device=device)
                [silence] = self.transformer(unsaid, self.spec).context
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
        return self.hear_apart(tokens, tokens)

    def hear_apart(self, first_tokens: Tokens, second_tokens: Tokens) -> Heard:
        """The same of two texts, one for each tower, that have equally many chunks."""
        towers, tokens = self.towers, (first_tokens, second_tokens)
        first, second = (tower.hear(told) for tower, told in zip(towers, tokens, strict=True))
        return Heard(torch.cat([first.context, second.context], dim=-1), second.pooled)


def stopped_at(tau: Tau, layer: int) -> Tau:
    """The same tau, but its context is what another layer says: -1 the last, -2 the one before, and so on.

    It shares all weights with the one that is given. With fewer layers than that, the last one speaks.

    Raises:
        NotHeard: it has no layers to choose from, or that layer is not in the file that it comes from.
    """
    match tau:
        case ClipTextEncoder():
            return _stopped(tau, layer)
        case ClipPair():
            first, second = tau.towers
            return ClipPair(_stopped(first, layer), _stopped(second, layer))
    raise NotHeard(f"Only CLIP can be stopped at a layer, but this is {type(tau).__name__}.")


def _stopped(tower: ClipTextEncoder, layer: int) -> ClipTextEncoder:
    spec = tower.spec
    back = -layer if -layer <= spec.layers + spec.missing else 1
    skipped = back - 1 - spec.missing
    if skipped < 0:
        raise NotHeard(
            f"The file of this text encoder ends with the layer at -{1 + spec.missing}. "
            "Take that one, or one before it."
        )
    alike = copy.copy(tower)
    alike.spec = replace(spec, skipped=skipped)
    return alike
