"""From words to conditioning: tokenize, then tau."""

from __future__ import annotations

from typing import Annotated

import torch

from engine.api import Multiline, Output, node
from ldm.diffusion.condition import Condition
from ldm.diffusion.told import POOLED
from ldm.text.tokenizer import Tokens
from nodes.facts import conditioning
from nodes.port_types import Conditioning, TextModel, TokenRows


@node("Tokenize", category="conditioning/stages", facts=conditioning.tokens)
def tokenize_text(text: Multiline, clip: TextModel) -> Annotated[TokenRows, Output("tokens")]:
    """Split a text into the tokens that the model knows.

    A small vocabulary takes unknown words for [UNK]; CLIP's knows all, and heeds weights such as (red:1.3).

    Args:
        text: What the picture should show.
        clip: The text encoder whose vocabulary is used.
    """
    tokens = clip.encoder.tokenize([text])
    loud = None if tokens.weights is None else torch.tensor(tokens.weights, dtype=torch.float64)
    return TokenRows(torch.tensor(tokens.ids), loud)


@node(
    "EncodeTokens",
    title="Encode tokens (tau)",
    category="conditioning/stages",
    device=True,
    facts=conditioning.encoded_tokens,
)
def encode_tokens(tokens: TokenRows, clip: TextModel) -> Conditioning:
    """Turn tokens into the conditioning that the diffusion model attends to.

    Args:
        tokens: From Tokenize, of the same text encoder.
        clip: The text encoder.
    """
    ids = tuple(tuple(row) for row in tokens.ids.tolist())
    weights = None if tokens.weights is None else tuple(tuple(row) for row in tokens.weights.tolist())
    with torch.no_grad():
        heard = clip.encoder.hear(Tokens(ids, weights))
    facts = {} if heard.pooled is None else {POOLED: heard.pooled.cpu()}
    return Conditioning((Condition(heard.context.cpu(), facts=facts),))


@node("CLIPTextEncode", title="Encode text", category="conditioning", device=True, facts=conditioning.encoded)
def encode_text(text: Multiline, clip: TextModel) -> Conditioning:
    """Tell the model in words what to paint: tokenize and encode in one node.

    Args:
        text: What the picture should show; as a negative, what it should not.
        clip: The text encoder, from the checkpoint.
    """
    return encode_tokens(tokenize_text(text, clip), clip)
