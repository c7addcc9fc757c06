"""Learned words in prompts: found below models/embeddings, and their files are looked at."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.graph.graph import Graph, Link, Node
from engine.run.events import NodeStarted
from ldm.checkpoint import save_model
from ldm.spec import ModelSpec
from ldm.text.tau import NotHeard
from nodes.loaders import load_checkpoint
from nodes.text import encode_text, encode_tokens, tokenize_text
from tests.ldm.test_published_layouts import CLIP, STAGE, UNET, model
from tests.nodes.running import House, house
from tests.nodes.test_loaders import context

SPEC = ModelSpec(name="clip", first_stage=STAGE, unet=replace(UNET, in_channels=3, out_channels=3), clip=CLIP)
TEXT = Link("t", "conditioning")


def learn(folder: Path, value: float, name: str = "pony") -> None:
    """Put a learned word into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"emb_params": torch.full((2, CLIP.width), value)}, folder / f"{name}.safetensors")


@pytest.fixture
def home(tmp_path: Path) -> House:
    """A house with a model that listens through CLIP, and a word that it has learned."""
    made = house(tmp_path)
    save_model(model(SPEC), tmp_path / "models" / "checkpoints" / "clip.safetensors")
    learn(tmp_path / "models" / "embeddings", 0.5)
    return made


def graph(text: str = "a embedding:pony") -> Graph:
    """Encode a text."""
    load = Node("CheckpointLoaderSimple", {"ckpt_name": "clip.safetensors"})
    return Graph({"m": load, "t": Node("CLIPTextEncode", {"text": text, "clip": Link("m", "clip")})})


def started(home: House, one: Graph) -> list[str]:
    """The nodes that a run starts."""
    return [event.path for event in home.run(one, TEXT).events if isinstance(event, NodeStarted)]


def test_a_learned_word_is_heard_through_the_nodes(home: House) -> None:
    ctx = context(home.folder)
    clip = load_checkpoint("clip.safetensors", ctx=ctx).clip

    told = encode_text("a embedding:pony", clip)

    assert not torch.equal(told.context, encode_text("a horse", clip).context)
    assert torch.equal(told.context, encode_tokens(tokenize_text("a embedding:pony", clip), clip).context)
    with pytest.raises(NotHeard, match="no embedding 'cow'"):
        encode_text("embedding:cow", clip)


def test_a_text_is_encoded_again_when_a_word_that_it_calls_was_learned_anew(home: House) -> None:
    embeddings = home.folder / "models" / "embeddings"
    first = started(home, graph())
    learn(embeddings, 0.7, "cow")
    other = started(home, graph())
    learn(embeddings, 0.25)
    (embeddings / "pony.safetensors").touch()

    assert (first, other, started(home, graph())) == (["m", "t"], [], ["t"])
