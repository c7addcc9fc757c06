"""Words that were learned from pictures: read from every layout, and heard in their place."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from ldm.spec import ClipSpec
from ldm.tensor_file import CheckpointError
from ldm.text.bpe import WORDS, word_ids
from ldm.text.chunks import names_called
from ldm.text.clip import ClipPair, ClipTextEncoder
from ldm.text.learned import read_learned
from ldm.text.tau import NotHeard
from tests.ldm.tiny import randomise

SMALL = ClipSpec(width=16, layers=1, heads=2)
LARGE = replace(SMALL, width=24, projection=8)


def in_folder(folder: Path) -> Callable[[str], Path]:
    """Finds files in a folder."""

    def find(name: str) -> Path:
        path = folder / name
        if not path.is_file():
            raise FileNotFoundError(name)
        return path

    return find


def tower(folder: Path, spec: ClipSpec = SMALL) -> ClipTextEncoder:
    """A tower with random weights that finds its words in a folder."""
    made = ClipTextEncoder(spec)
    randomise(made)
    made.find_embedding = in_folder(folder)
    return made


@pytest.mark.parametrize(
    ("layout", "rows"),
    [
        ({"emb_params": torch.ones(2, 16)}, [(2, 16)]),
        ({"<cat-toy>": torch.ones(16)}, [(1, 16)]),
        ({"string_to_param.*": torch.ones(3, 16).half()}, [(3, 16)]),
        ({"clip_l": torch.ones(2, 16), "clip_g": torch.ones(2, 24)}, [(2, 16), (2, 24)]),
    ],
    ids=["a1111", "diffusers", "converted", "sdxl"],
)
def test_a_word_is_read_from_every_layout(
    layout: dict[str, Tensor], rows: list[tuple[int, int]], tmp_path: Path
) -> None:
    save_file(layout, tmp_path / "word.safetensors")

    word = read_learned(tmp_path / "word.safetensors", "word")

    assert [tuple(vectors.shape) for vectors in word.vectors] == rows
    assert all(vectors.dtype == torch.float32 for vectors in word.vectors)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"a": torch.ones(2, 3), "b": torch.ones(2, 3)}, path)
    with pytest.raises(CheckpointError, match="2 tensors that could be a word's vectors, not one"):
        read_learned(path, "other")
    save_file({"clip_l": torch.ones(2, 16), "clip_g": torch.ones(3, 24)}, path)
    with pytest.raises(CheckpointError, match="not as many vectors for each"):
        read_learned(path, "other")


def test_a_learned_word_is_heard_as_its_vectors_in_their_place(tmp_path: Path) -> None:
    made = tower(tmp_path)
    known = made.transformer.text_model.embeddings.token_embedding.weight.detach()
    horse, red = (word_ids(word)[0] for word in ("horse", "red"))
    save_file({"emb_params": torch.stack([known[red], known[horse]])}, tmp_path / "pony.safetensors")

    tokens = made.tokenize(["a embedding:pony, here"])

    assert tokens.ids[0][:7] == (
        WORDS - 2, word_ids("a")[0], WORDS, WORDS + 1, word_ids(",")[0], word_ids("here")[0], WORDS - 1,
    )  # fmt: skip
    assert torch.equal(made.encode(tokens), made.encode(made.tokenize(["a red horse, here"])))


def test_learned_words_have_weights_and_may_be_called_several_times(tmp_path: Path) -> None:
    made = tower(tmp_path)
    for name, value in (("one", 0.5), ("two", 2.0)):
        save_file({"emb_params": torch.full((1, 16), value)}, tmp_path / f"{name}.safetensors")

    tokens = made.tokenize(["embedding:two (embedding:one:1.5)", "embedding:two.safetensors"])

    assert [word.name for word in tokens.learned] == ["two", "one", "two.safetensors"]
    assert tokens.ids[0][1:3] == (WORDS, WORDS + 1)
    assert tokens.ids[1][1] == WORDS + 2
    assert tokens.weights is not None
    assert tokens.weights[0][1:3] == (1.0, 1.5)
    assert made.encode(tokens).shape == (2, 77, 16)


def test_both_towers_of_sdxl_hear_their_own_vectors(tmp_path: Path) -> None:
    pair = ClipPair(tower(tmp_path), tower(tmp_path, LARGE))
    first, second = (
        one.transformer.text_model.embeddings.token_embedding.weight.detach() for one in pair.towers
    )
    (horse,) = word_ids("horse")
    save_file({"clip_l": first[[horse]], "clip_g": second[[horse]]}, tmp_path / "pony.safetensors")

    heard, plain = pair.hear(pair.tokenize(["embedding:pony"])), pair.hear(pair.tokenize(["horse"]))

    assert torch.equal(heard.context, plain.context)
    assert heard.pooled is not None
    assert plain.pooled is not None
    assert torch.equal(heard.pooled, plain.pooled)


def test_a_word_that_is_not_there_or_was_learned_for_another_model_is_refused(tmp_path: Path) -> None:
    made = tower(tmp_path)
    with pytest.raises(NotHeard, match=r"no embedding 'pony'.*models/embeddings"):
        made.tokenize(["a embedding:pony, here"])
    made.find_embedding = None
    with pytest.raises(NotHeard, match="no embedding 'pony'"):
        made.tokenize(["embedding:pony"])
    made.find_embedding = in_folder(tmp_path)
    save_file({"emb_params": torch.ones(1, 99)}, tmp_path / "pony.safetensors")
    with pytest.raises(NotHeard, match="learned for text encoders 99 wide, but this one is 16 wide"):
        made.encode(made.tokenize(["embedding:pony"]))


def test_the_names_that_a_prompt_calls_are_known_beforehand() -> None:
    assert names_called("a (embedding:one:1.2) embedding:two, embedding: (embedding:three)") == [
        "one",
        "two,",
        "three",
    ]
