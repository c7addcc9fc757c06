"""OpenCLIP's towers, SDXL's pair, and the taus that are no text encoders."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from ldm.published import BERT_640, BERT_LARGE, LAYOUT, OPEN_CLIP_BIGG, OPEN_CLIP_H
from ldm.spec import ClassSpec, ClipSpec, RescalerSpec, TextSpec
from ldm.text.boxes import LayoutBox, LayoutTooFull, layout_tokens
from ldm.text.bpe import END
from ldm.text.classes import ClassEmbedder, SpatialRescaler
from ldm.text.clip import ClipPair, ClipTextEncoder
from ldm.text.open_clip import from_open_clip, to_open_clip
from ldm.text.tau import NotHeard, Tau
from ldm.text.tokenizer import TextTooLong
from ldm.text.transformer import TextEncoder
from ldm.text.wordpiece import WordListMissing
from tests.ldm.tiny import randomise

TINY = ClipSpec(
    width=32, layers=3, heads=2, activation="gelu", pad=0, skipped=1, projection=24, layout="open_clip"
)
PROMPTS = ["a photograph of an astronaut", "a horse"]


def tower(spec: ClipSpec = TINY, seed: int = 0) -> ClipTextEncoder:
    """A small tower of random weights, in float64."""
    made = ClipTextEncoder(spec).double()
    randomise(made, seed)
    return made


def open_clip(state: dict[str, Tensor], ids: Tensor, heads: int, layers: int) -> Tensor:
    """What a tower under OpenCLIP's names says after so many layers, with torch's own attention."""
    width, length = state["model.positional_embedding"].shape[1], ids.shape[1]
    x = state["model.token_embedding.weight"][ids] + state["model.positional_embedding"][:length]
    unheard = torch.ones(length, length, dtype=torch.bool).triu(1)
    for number in range(layers):
        below = f"model.transformer.resblocks.{number}."
        block = {key.removeprefix(below): value for key, value in state.items() if key.startswith(below)}
        attention = nn.MultiheadAttention(width, heads, batch_first=True).double()
        own = {key.removeprefix("attn."): value for key, value in block.items() if key.startswith("attn.")}
        attention.load_state_dict(own)
        h = F.layer_norm(x, (width,), block["ln_1.weight"], block["ln_1.bias"])
        x = x + attention(h, h, h, attn_mask=unheard, need_weights=False)[0]
        h = F.layer_norm(x, (width,), block["ln_2.weight"], block["ln_2.bias"])
        h = F.gelu(F.linear(h, block["mlp.c_fc.weight"], block["mlp.c_fc.bias"]))
        x = x + F.linear(h, block["mlp.c_proj.weight"], block["mlp.c_proj.bias"])
    return x


@pytest.mark.parametrize("normed", [True, False])
@torch.no_grad()
def test_a_tower_of_open_clip_agrees_with_torchs_attention_under_its_own_names(normed: bool) -> None:
    own = tower(replace(TINY, normed=normed))
    theirs = to_open_clip(own.state_dict())
    tokens = own.tokenize(PROMPTS)
    ids = torch.tensor(tokens.ids)
    norm = theirs["model.ln_final.weight"], theirs["model.ln_final.bias"]
    context = open_clip(theirs, ids, heads=2, layers=2)
    if normed:
        context = F.layer_norm(context, (32,), *norm)
    last = F.layer_norm(open_clip(theirs, ids, heads=2, layers=3), (32,), *norm)
    ends = last[torch.arange(2), (ids == END).int().argmax(dim=1)]

    heard = own.hear(tokens)

    assert ids[1, 5] == 0  # OpenCLIP pads with nothing
    torch.testing.assert_close(heard.context, context, atol=1e-12, rtol=0)
    assert heard.pooled is not None
    torch.testing.assert_close(heard.pooled, ends @ theirs["model.text_projection"], atol=1e-12, rtol=0)


@torch.no_grad()
def test_the_pooled_meaning_agrees_with_transformers() -> None:
    spec = replace(TINY, activation="quick_gelu", pad=END, layout="clip")
    own = tower(spec)
    config = CLIPTextConfig(
        hidden_size=32, intermediate_size=128, num_hidden_layers=3, num_attention_heads=2, projection_dim=24,
        hidden_act="quick_gelu", vocab_size=spec.vocabulary, bos_token_id=END - 1, eos_token_id=END,
    )  # fmt: skip
    other = CLIPTextModelWithProjection(config).double()
    other.train(mode=False)
    theirs = {key.removeprefix("transformer."): value for key, value in own.state_dict().items()}
    other.load_state_dict(theirs, strict=False)
    tokens = own.tokenize(PROMPTS)

    expected = other(input_ids=torch.tensor(tokens.ids), output_hidden_states=True)

    heard, unnormed = own.hear(tokens), tower(replace(spec, normed=False)).hear(tokens)
    torch.testing.assert_close(heard.pooled, expected.text_embeds, atol=1e-12, rtol=0)
    torch.testing.assert_close(unnormed.context, expected.hidden_states[-2], atol=1e-12, rtol=0)


def test_what_is_written_under_open_clips_names_is_read_back() -> None:
    state = tower().state_dict()
    theirs = to_open_clip(state)
    assert "model.transformer.resblocks.2.attn.in_proj_bias" in theirs
    for key, value in state.items():
        assert torch.equal(from_open_clip(key, theirs.__getitem__), value), key


@torch.no_grad()
def test_sdxls_two_towers_hear_the_same_words_and_pad_each_in_its_own_way() -> None:
    first = tower(ClipSpec(width=16, layers=2, heads=2, skipped=1, normed=False))
    second = tower(replace(TINY, normed=False), seed=1)
    pair = ClipPair(first, second)
    heard = pair.hear(pair.tokenize(PROMPTS))
    alone = second.hear(second.tokenize(PROMPTS))
    assert heard.context.shape == (2, 77, 16 + 32)
    torch.testing.assert_close(heard.context[..., :16], first.encode(first.tokenize(PROMPTS)))
    torch.testing.assert_close(heard.context[..., 16:], alone.context)
    assert heard.pooled is not None
    assert alone.pooled is not None
    torch.testing.assert_close(heard.pooled, alone.pooled)


def test_a_long_prompts_pooled_meaning_is_that_of_its_first_chunk() -> None:
    own = tower()
    long = "a horse " * 60
    one, other = own.hear(own.tokenize([long])).pooled, own.hear(own.tokenize([long + "a cat"])).pooled
    assert one is not None
    assert other is not None
    assert one.shape == (1, 24)
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    ("spec", "millions"),
    [
        (replace(OPEN_CLIP_H, layers=23, skipped=0), 340.39),
        (OPEN_CLIP_BIGG, 694.66),
    ],
)
def test_a_published_tower_has_its_size(spec: ClipSpec, millions: float) -> None:
    with torch.device("meta"):
        made = ClipTextEncoder(spec)
    assert sum(p.numel() for p in made.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)


@pytest.mark.parametrize(
    ("spec", "millions", "unused"),
    [(BERT_LARGE, 581.99, 1281 * 30522 / 1e6 - 30522 / 1e6), (BERT_640, 186.2, 19.56), (LAYOUT, 58.9, 4.2)],
)
def test_a_published_tau_has_its_size_without_the_logits_that_nothing_asks_for(
    spec: TextSpec, millions: float, unused: float
) -> None:
    with torch.device("meta"):
        made = TextEncoder(spec)
    assert sum(p.numel() for p in made.parameters()) / 1e6 == pytest.approx(millions - unused, abs=0.1)


@torch.no_grad()
def test_tau_agrees_with_torchs_transformer() -> None:
    spec = TextSpec(tokens="boxes", entries=50, length=11, width=16, layers=2, heads=2, head_width=8)
    own = TextEncoder(spec).double()
    randomise(own)
    state = own.state_dict()
    ids = torch.randint(50, (2, 11), generator=torch.Generator().manual_seed(0))
    x = state["transformer.token_emb.weight"][ids] + state["transformer.pos_emb.emb.weight"]
    for number in range(2):
        attention, forward = (f"transformer.attn_layers.layers.{2 * number + part}." for part in (0, 1))
        layer = nn.TransformerEncoderLayer(16, 2, 64, 0.0, F.gelu, batch_first=True, norm_first=True).double()
        layer.train(mode=False)
        to_qkv = torch.cat([state[f"{attention}1.to_{part}.weight"] for part in "qkv"])
        theirs = {
            "self_attn.in_proj_weight": to_qkv,
            "self_attn.in_proj_bias": torch.zeros(48),
            "self_attn.out_proj": f"{attention}1.to_out",
            "linear1": f"{forward}1.net.0.0",
            "linear2": f"{forward}1.net.2",
            "norm1": f"{attention}0",
            "norm2": f"{forward}0",
        }
        weights: dict[str, Tensor] = {}
        for name, source in theirs.items():
            if isinstance(source, Tensor):
                weights[name] = source
            else:
                weights |= {f"{name}.{part}": state[f"{source}.{part}"] for part in ("weight", "bias")}
        layer.load_state_dict(weights)
        x = layer(x)
    expected = F.layer_norm(x, (16,), state["transformer.norm.weight"], state["transformer.norm.bias"])
    torch.testing.assert_close(own.transformer(ids), expected, atol=1e-12, rtol=0)


WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "horse", "run", "##ning", ",", "cafe"]
BERT = TextSpec(tokens="wordpiece", entries=len(WORDS), length=8, width=16, layers=1, heads=2, head_width=8)


def test_word_pieces_are_looked_up_in_the_file_that_the_user_supplies(tmp_path: Path) -> None:
    encoder = TextEncoder(BERT)
    with pytest.raises(WordListMissing, match="BERT's word list is not there") as missing:
        encoder.tokenize(["a horse"])
    assert "models/text_encoders/bert-base-uncased.txt" in missing.value.hint

    encoder.word_list = tmp_path / "words.txt"
    encoder.word_list.write_text("\n".join(WORDS), "utf-8")
    tokens = encoder.tokenize(["A running horse, café", "zebra"])

    assert tokens.ids == ((2, 4, 6, 7, 5, 8, 9, 3), (2, 1, 3, 0, 0, 0, 0, 0))
    assert encoder.encode(tokens).shape == (2, 8, 16)
    with pytest.raises(TextTooLong, match="7 word pieces, but this model takes 6"):
        encoder.tokenize(["a " * 7])


def test_a_layout_is_classes_and_corners_and_the_crop_at_the_end() -> None:
    [row] = layout_tokens([LayoutBox(7, 0.0, 0.5, 0.5, 0.5)], entries=8192, length=92).ids
    assert len(row) == 92
    assert row[:3] == (7, 44 * 90, 89 * 90 + 44)  # 0.5 * 89 = 44.5 goes to the even number
    assert set(row[3:90]) == {8191}
    assert row[90:] == (0, 89 * 90 + 89)
    with pytest.raises(LayoutTooFull, match="31 boxes, but this model takes 30"):
        layout_tokens([LayoutBox(7, 0, 0, 1, 1)] * 31, entries=8192, length=92)


def test_a_class_is_told_by_its_number_and_nothing_by_the_last_one() -> None:
    tau = ClassEmbedder(ClassSpec(classes=11, width=4))
    context = tau.encode(tau.tokenize(["3", " "]))
    assert context.shape == (2, 1, 4)
    assert torch.equal(context[:, 0], tau.embedding.weight[[3, 10]])
    for wrong in ("11", "-1", "a cat"):
        with pytest.raises(NotHeard, match="the number of a class, 0 to 10"):
            tau.tokenize([wrong])
    with pytest.raises(NotHeard, match="0 to 9"):
        ClassEmbedder(ClassSpec(classes=10, width=4, null=False)).tokenize([""])


def test_a_map_is_halved_and_mixed() -> None:
    tau = SpatialRescaler(RescalerSpec(channels=182, out_channels=3, stages=2))
    assert sum(parameter.numel() for parameter in tau.parameters()) == 546
    assert list(tau.state_dict()) == ["channel_mapper.weight"]
    flat = torch.full((1, 182, 8, 16), 2.0)
    expected = 2 * tau.channel_mapper.weight.sum(dim=1)[:, 0, 0]
    torch.testing.assert_close(tau.rescale(flat), expected[None, :, None, None].expand(1, 3, 2, 4))


def test_a_model_that_listens_to_nothing_hears_silence_alone() -> None:
    tau = Tau()
    assert tau.encode(tau.tokenize(["", " "])).shape == (2, 0, 0)
    with pytest.raises(NotHeard, match="Leave the text empty: 'a cat'"):
        tau.tokenize(["a cat"])
