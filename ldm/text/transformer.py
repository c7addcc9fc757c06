"""The unmasked transformer tau (LDM, appendix E.2.1), with the key names of CompVis' x-transformers copy.

No mask anywhere: padding attends and is attended to, as in the published text-to-image models.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ldm.spec import TextSpec
from ldm.text.boxes import layout_tokens
from ldm.text.tau import Heard, Tau
from ldm.text.tokenizer import SPECIAL, Tokens, tokenize
from ldm.text.wordpiece import wordpieces

FEED_FORWARD_MULT = 4

# x-transformers starts at 0.02. Then what all tokens share after the first attention drowns what tells them apart: two
# captions that differ in one colour differ nine times less than here, and a short training never hears the colour.
TOKEN_SPREAD, PLACE_SPREAD = 1.0, 0.5


class Attention(nn.Module):
    """Self-attention whose inner width is heads * head_width, whatever the model's width."""

    def __init__(self, width: int, heads: int, head_width: int) -> None:
        super().__init__()
        inner = heads * head_width
        self.heads = heads
        self.to_q = nn.Linear(width, inner, bias=False)
        self.to_k = nn.Linear(width, inner, bias=False)
        self.to_v = nn.Linear(width, inner, bias=False)
        self.to_out = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """Keep (b, n, width)."""
        q, k, v = (
            values.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for values in (self.to_q(x), self.to_k(x), self.to_v(x))
        )
        x = self.to_out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x


class FeedForward(nn.Module):
    """Linear, exact GELU, linear."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = FEED_FORWARD_MULT * width
        self.net = nn.Sequential(
            nn.Sequential(nn.Linear(width, inner), nn.GELU()), nn.Dropout(0.0), nn.Linear(inner, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        x = self.net(x)
        return x


class AttentionLayers(nn.Module):
    """Attention and feed-forward in turn; each entry is (LayerNorm, block), applied before and with a residual."""

    def __init__(self, spec: TextSpec) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        for _ in range(spec.layers):
            attention = Attention(spec.width, spec.heads, spec.head_width)
            self.layers.append(nn.ModuleList([nn.LayerNorm(spec.width), attention]))
            self.layers.append(nn.ModuleList([nn.LayerNorm(spec.width), FeedForward(spec.width)]))

    def forward(self, x: Tensor) -> Tensor:
        """Keep (b, n, width)."""
        for layer in self.layers:
            norm, block = layer.children()
            x = x + block(norm(x))
        return x


class PositionEmbedding(nn.Module):
    """One learned vector for each place."""

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        self.emb = nn.Embedding(length, width)
        nn.init.normal_(self.emb.weight, std=PLACE_SPREAD)


class TokenTransformer(nn.Module):
    """Embed tokens and places, attend, normalise."""

    def __init__(self, spec: TextSpec) -> None:
        super().__init__()
        entries = spec.entries or len(SPECIAL) + len(spec.words)
        self.token_emb = nn.Embedding(entries, spec.width)
        nn.init.normal_(self.token_emb.weight, std=TOKEN_SPREAD)
        self.pos_emb = PositionEmbedding(spec.length, spec.width)
        self.attn_layers = AttentionLayers(spec)
        self.norm = nn.LayerNorm(spec.width)

    def forward(self, ids: Tensor) -> Tensor:
        """(b, n) whole numbers to (b, n, width)."""
        x: Tensor = self.token_emb(ids) + self.pos_emb.emb.weight[: ids.shape[1]]
        x = self.norm(self.attn_layers(x))
        return x


class TextEncoder(Tau):
    """tau: tokens to the context that the UNet attends to. `word_list` is where BERT's list lies, if it is needed."""

    hears = "a layout of boxes"

    def __init__(self, spec: TextSpec) -> None:
        super().__init__()
        self.spec = spec
        self.word_list: Path | None = None
        self.transformer = TokenTransformer(spec)

    def tokenize(self, texts: Sequence[str]) -> Tokens:
        """The texts as rows of tokens. Raises `TextTooLong`, `WordListMissing`, and `NotHeard` for layouts."""
        match self.spec.tokens:
            case "words":
                return tokenize(texts, self.spec.words, self.spec.length)
            case "wordpiece":
                return wordpieces(texts, self.spec.length, self.word_list)
            case "boxes":
                super().tokenize(texts)
                silence = layout_tokens((), self.spec.entries, self.spec.length)
                return Tokens(silence.ids * len(texts))

    def hear(self, tokens: Tokens) -> Heard:
        """Give the context (b, length, width) of tokenised texts."""
        ids = torch.tensor(tokens.ids, device=self.transformer.norm.weight.device)
        return Heard(self.transformer(ids))
