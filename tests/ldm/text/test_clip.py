import pytest
import torch
from transformers import CLIPTextConfig, CLIPTextModel

from ldm.spec import ClipSpec
from ldm.text.bpe import END, START, word_ids
from ldm.text.chunks import chunks_of
from ldm.text.clip import ClipTextEncoder
from ldm.text.prompt import Said, weighted

TINY = ClipSpec(width=32, layers=3, heads=2)


def tiny(spec: ClipSpec = TINY) -> ClipTextEncoder:
    torch.manual_seed(0)
    return ClipTextEncoder(spec).double().eval()


@pytest.mark.parametrize(
    ("prompt", "pieces"),
    [
        ("a circle", [("a circle", 1.0)]),
        ("a (red) circle", [("a ", 1.0), ("red", 1.1), (" circle", 1.0)]),
        ("((red))", [("red", 1.1 * 1.1)]),
        ("(red:1.3)", [("red", 1.3)]),
        ("((red:1.3))", [("red", 1.3)]),
        ("((red):1.3)", [("red", 1.3 * 1.1)]),
        ("(a (b:0.5) c:2)", [("a ", 2.0), ("b", 0.5), (" c", 2.0)]),
        (r"a \(quiet\) bracket", [("a (quiet) bracket", 1.0)]),
        ("(never closed", [("(never closed", 1.0)]),
        ("never opened)", [("never opened)", 1.0)]),
        ("(a: b)", [("a: b", 1.1)]),
        ("", []),
    ],
)
def test_brackets_weigh_what_is_in_them(prompt: str, pieces: list[tuple[str, float]]) -> None:
    said = weighted(prompt)

    assert [piece.text for piece in said] == [text for text, _ in pieces]
    assert [piece.weight for piece in said] == pytest.approx([weight for _, weight in pieces])


def test_a_prompt_of_ten_thousand_brackets_is_read() -> None:
    assert weighted("(" * 10_000 + "a" + ")" * 10_000)[0].text == "a"
    assert weighted("(" * 2_000) == [Said("(" * 2_000)]


def test_words_have_the_numbers_that_clip_was_trained_with() -> None:
    # The example of the CLIP paper's repository: start and end are added by chunks_of.
    assert word_ids("a photograph of an astronaut riding a horse") == [
        320,
        8853,
        539,
        550,
        18376,
        6765,
        320,
        4558,
    ]
    assert word_ids("Hello") == word_ids("hello")


def test_a_chunk_is_start_words_end_and_padding() -> None:
    [chunk] = chunks_of("a (horse:1.5)", 8, pad=0)

    assert chunk == [(START, 1), (320, 1), (4558, 1.5), (END, 1), (0, 1), (0, 1), (0, 1), (0, 1)]


def test_a_word_that_does_not_fit_begins_the_next_chunk() -> None:
    astronaut = word_ids("bicentennially")  # several tokens
    first, second = chunks_of("a a a bicentennially", 7, pad=END)

    assert 2 < len(astronaut) < 8
    assert [id for id, _ in first] == [START, 320, 320, 320, END, END, END]
    assert [id for id, _ in second][1 : 1 + len(astronaut)] == astronaut


def test_a_very_long_word_is_taken_apart() -> None:
    word = "xqzjvkxqzjvkxqzjvkxqzjvk"
    chunks = chunks_of(f"a {word}", 8, pad=END)
    ids = [id for chunk in chunks for id, _ in chunk if id not in {START, END}]

    assert len(word_ids(word)) >= 8
    assert ids == [320, *word_ids(word)]
    assert all(len(chunk) == 8 for chunk in chunks)


@pytest.mark.parametrize("activation", ["quick_gelu", "gelu"])
def test_the_tower_agrees_with_transformers(activation: str) -> None:
    spec = ClipSpec(width=32, layers=3, heads=2, activation=activation)  # type: ignore[arg-type]
    own = tiny(spec)
    config = CLIPTextConfig(
        hidden_size=32,
        intermediate_size=128,
        num_hidden_layers=3,
        num_attention_heads=2,
        hidden_act=activation,
        vocab_size=spec.vocabulary,
    )
    other = CLIPTextModel(config).double()
    other.train(mode=False)
    theirs = other.state_dict()
    prefix = next(key for key in theirs if key.endswith("final_layer_norm.weight")).removesuffix(
        "final_layer_norm.weight"
    )
    weights = own.transformer.text_model.state_dict()
    other.load_state_dict({prefix + key: value for key, value in weights.items()}, strict=False)
    tokens = own.tokenize(["a photograph of an astronaut", "a horse"])

    expected = other(input_ids=torch.tensor(tokens.ids)).last_hidden_state

    torch.testing.assert_close(own.encode(tokens), expected, atol=1e-12, rtol=1e-12)


def test_a_weight_moves_a_token_away_from_silence() -> None:
    encoder = tiny()
    plain, loud = (encoder.encode(encoder.tokenize([text])) for text in ("a horse", "a (horse:3)"))
    [silence] = encoder.encode(encoder.tokenize([""]))

    torch.testing.assert_close(loud[0, 2] - silence[2], 3 * (plain[0, 2] - silence[2]))
    torch.testing.assert_close(loud[0, 1], plain[0, 1])


def test_texts_of_different_length_make_one_batch() -> None:
    encoder = tiny()
    tokens = encoder.tokenize(["a horse", "a horse " * 60])

    assert {len(row) for row in tokens.ids} == {77 * 2}
    assert encoder.encode(tokens).shape == (2, 77 * 2, 32)


def test_the_tower_of_sd1_has_its_published_size() -> None:
    with torch.device("meta"):
        encoder = ClipTextEncoder(ClipSpec())

    assert sum(parameter.numel() for parameter in encoder.parameters()) == 123_060_480
    assert "transformer.text_model.encoder.layers.11.self_attn.out_proj.bias" in encoder.state_dict()
