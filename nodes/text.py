"""From words to conditioning: tokenize, then tau."""

from __future__ import annotations

from typing import Annotated

import torch

from engine.api import Multiline, Output, node
from ldm.text.tokenizer import Tokens, tokenize
from nodes.port_types import Conditioning, TextModel, TokenRows


@node("Tokenize", category="conditioning/stages")
def tokenize_text(text: Multiline, clip: TextModel) -> Annotated[TokenRows, Output("tokens")]:
    """Split a text into the tokens that the model knows; unknown words become [UNK].

    Args:
        text: What the picture should show.
        clip: The text encoder whose vocabulary is used.
    """
    spec = clip.encoder.spec
    return TokenRows(torch.tensor(tokenize([text], spec.words, spec.length).ids))


@node("EncodeTokens", title="Encode tokens (tau)", category="conditioning/stages", device=True)
def encode_tokens(tokens: TokenRows, clip: TextModel) -> Conditioning:
    """Turn tokens into the conditioning that the diffusion model attends to.

    Args:
        tokens: From Tokenize, of the same text encoder.
        clip: The text encoder.
    """
    rows = Tokens(tuple(tuple(row) for row in tokens.ids.tolist()))
    return Conditioning(clip.encoder.encode(rows).cpu())


@node("CLIPTextEncode", title="Encode text", category="conditioning", device=True)
def encode_text(text: Multiline, clip: TextModel) -> Conditioning:
    """Tell the model in words what to paint: tokenize and encode in one node.

    Args:
        text: What the picture should show; as a negative, what it should not.
        clip: The text encoder, from the checkpoint.
    """
    return encode_tokens(tokenize_text(text, clip), clip)
