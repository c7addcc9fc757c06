"""How data sets and the nets that measure show themselves."""

from pathlib import Path

import torch

from engine.api import NULL_CONTEXT
from ldm.data.folders import in_classes
from ldm.first_stage.features import FeatureNet
from nodes import training_peeks
from nodes.data_sets import shapeland_data
from nodes.port_types import DataSet, Features, FirstStage
from nodes.train_diffusion import encode_dataset
from tests.ldm.data.pictures import picture
from tests.ldm.tiny import tiny_model


def test_a_data_set_shows_its_first_picture_and_what_is_told(tmp_path: Path) -> None:
    data = shapeland_data(3)
    seen = training_peeks.peek_at_data(data)
    assert (seen.length, getattr(seen.picture, "size", None)) == (3, (64, 64))
    assert seen.text is not None
    assert seen.text.startswith("captions of 49 words\n")
    picture(tmp_path / "cat" / "a.png")
    assert training_peeks.peek_at_data(DataSet(in_classes(tmp_path, 8))).text == "1 classes: cat\n0"


def test_encoded_data_show_their_latents_and_what_stands_beside() -> None:
    encoded = encode_dataset(
        FirstStage(tiny_model().first_stage), shapeland_data(2), "low resolution", ctx=NULL_CONTEXT
    ).encoded
    seen = training_peeks.peek_at_encoded(encoded)
    assert isinstance(seen.numbers, torch.Tensor)
    assert seen.numbers.shape == (2, 4, 16, 16)
    assert seen.text == "captions of 49 words\nbeside the latents: low resolution"


def test_a_net_says_which_it_is() -> None:
    assert training_peeks.peek_at_features(Features(FeatureNet())).text == "FeatureNet"
