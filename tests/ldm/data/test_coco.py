"""Boxes in the manner of COCO: what is told of a picture's middle, and what is said about files that are wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from ldm.data.coco import boxed
from ldm.data.reading import DataSetError
from ldm.data.told import Boxes
from ldm.text.boxes import LayoutBox
from tests.ldm.data.pictures import picture

CATEGORIES = [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}]


def annotated(folder: Path, *boxes: tuple[int, list[float]], **more: Any) -> Path:
    """A picture of 40 x 20 with boxes, in a file with everything that COCO has besides."""
    picture(folder / "pictures" / "a.png", size=(40, 20))
    said = {
        "info": {"year": 2014},
        "images": [{"id": 1, "file_name": "a.png", "width": 40, "height": 20, "license": 2}],
        "annotations": [
            {"id": index, "image_id": 1, "category_id": kind, "bbox": box, "iscrowd": 0, "area": 1.0}
            for index, (kind, box) in enumerate(boxes)
        ],
        "categories": CATEGORIES,
        **more,
    }
    path = folder / "instances.json"
    path.write_text(json.dumps(said))
    return path


def told(folder: Path, path: Path, most: int = 30) -> tuple[LayoutBox, ...]:
    found = boxed(path, folder / "pictures", 8, most).describe(0, torch.Generator())
    assert isinstance(found, tuple)
    return found


def test_a_box_is_told_in_shares_of_the_middle_square(tmp_path: Path) -> None:
    path = annotated(tmp_path, (7, [15.0, 5.0, 10.0, 10.0]))
    assert told(tmp_path, path) == (LayoutBox(1, 0.25, 0.25, 0.5, 0.5),)
    data = boxed(path, tmp_path / "pictures", 8)
    assert data.told == Boxes(("cat", "dog"), 30)
    assert data.pictures(0, 1).shape == (1, 3, 8, 8)


def test_a_box_that_reaches_out_of_the_square_is_cut_and_one_hardly_in_it_left_out(tmp_path: Path) -> None:
    path = annotated(
        tmp_path, (3, [0.0, 0.0, 20.0, 20.0]), (3, [0.0, 0.0, 12.0, 20.0]), (3, [31.0, 0.0, 5.0, 5.0])
    )
    assert told(tmp_path, path) == (LayoutBox(0, 0.0, 0.0, 0.5, 1.0),)


def test_the_largest_boxes_are_told_first_and_no_more_than_are_wanted(tmp_path: Path) -> None:
    path = annotated(tmp_path, (3, [10, 0, 2, 2]), (7, [10, 0, 20, 20]), (3, [10, 0, 10, 10]))
    assert [box.width for box in told(tmp_path, path, most=2)] == [1.0, 0.5]


def test_crowds_are_left_out(tmp_path: Path) -> None:
    crowd = {"image_id": 1, "category_id": 3, "bbox": [10, 0, 20, 20], "iscrowd": 1}
    assert told(tmp_path, annotated(tmp_path, annotations=[crowd])) == ()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"annotations": [{"image_id": 1, "category_id": 3, "bbox": [1, 2, 3]}]}, r"annotations\[0\]\.bbox"),
        (
            {"annotations": [{"image_id": 1, "category_id": 9, "bbox": [1, 2, 3, 4]}]},
            r"category 9, which is not there",
        ),
        (
            {"images": [{"id": 1, "file_name": "b.png", "width": 1, "height": 1}]},
            r"names b\.png, which is not in",
        ),
        ({"images": [{"id": 1, "file_name": "../a.png", "width": 1, "height": 1}]}, "leads out of"),
        ({"images": [{"id": 1, "file_name": "a.png"}]}, "missing required field `width`"),
        ({"images": []}, "names no images"),
        ({"categories": None}, r"\$\.categories"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, more: dict[str, Any], said: str) -> None:
    path = annotated(tmp_path, **more)
    with pytest.raises(DataSetError, match=said) as raised:
        boxed(path, tmp_path / "pictures", 8)
    assert "instances.json" in str(raised.value)


def test_a_file_that_is_not_there_or_no_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match=r"There is no file .*gone\.json"):
        boxed(tmp_path / "gone.json", tmp_path, 8)
    (tmp_path / "text.json").write_text("{")
    with pytest.raises(DataSetError, match=r"text\.json is not as COCO"):
        boxed(tmp_path / "text.json", tmp_path, 8)
