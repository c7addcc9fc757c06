"""`folder_paths`: where a pack finds and puts files."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.packs.comfy import places
from engine.packs.comfy.file_names import FileNames
from engine.packs.comfy.places import Places, from_plain, to_plain
from tests.engine.packs.comfy.lab import house


@pytest.fixture
def paths(tmp_path: Path) -> Any:
    """The module as a pack has it, in an installation of its own."""
    house(tmp_path, "import folder_paths as F\n")
    models = {
        "loras": ((tmp_path / "models" / "loras", tmp_path / "more"), (".safetensors",)),
        "vae": ((tmp_path / "vae",), ()),
    }
    known = Places(
        tmp_path, tmp_path / "input", tmp_path / "output", tmp_path / "temp", tmp_path / "user", models
    )
    places.use(known)
    for name in (
        "models/loras/below/a.safetensors",
        "more/b.safetensors",
        "more/c.txt",
        "input/x.png",
        "output/y.png",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return vars(sys.modules["custom_nodes.toys"])["F"]


def test_files_of_all_places_are_listed_and_found(paths: Any, tmp_path: Path) -> None:
    assert paths.get_filename_list("loras") == ["b.safetensors", "below/a.safetensors"]
    assert paths.get_full_path("loras", "b.safetensors") == str(tmp_path / "more" / "b.safetensors")
    assert paths.get_full_path("loras", "../../input/x.png") is None
    assert paths.get_full_path("nowhere", "x") is None
    with pytest.raises(FileNotFoundError, match="nothing"):
        paths.get_full_path_or_raise("loras", "nothing")
    with pytest.raises(KeyError):
        paths.get_filename_list("nowhere")


def test_a_list_remembers_its_folder_while_the_server_lists_the_same(paths: Any, tmp_path: Path) -> None:
    known = paths.get_filename_list("loras")
    paths.add_model_folder_path("loras", str(tmp_path / "own"))
    (tmp_path / "own").mkdir()
    changed = paths.get_filename_list("loras")
    paths.folder_names_and_paths["mine"] = ([paths.models_dir + "/mine"], set())
    new = paths.get_filename_list("mine")

    assert isinstance(known, FileNames)
    assert [names.folder for names in (known, changed, new)] == ["loras", None, "mine"]


def test_places_that_packs_add_come_last_or_first(paths: Any) -> None:
    paths.add_model_folder_path("kinds", "/a")
    paths.add_model_folder_path("kinds", "/b")
    paths.add_model_folder_path("kinds", "/c", is_default=True)
    paths.add_model_folder_path("kinds", "/b", is_default=True)

    assert paths.get_folder_paths("kinds") == ["/b", "/c", "/a"]


@pytest.mark.parametrize(
    ("name", "path"),
    [("x.png", "input/x.png"), ("y.png [output]", "output/y.png"), ("z.png [temp]", "temp/z.png")],
)
def test_marks_say_where_a_file_is(paths: Any, tmp_path: Path, name: str, path: str) -> None:
    assert paths.get_annotated_filepath(name) == str(tmp_path / path)
    assert paths.exists_annotated_filepath(name) == (tmp_path / path).exists()


def test_pictures_are_numbered_on(paths: Any, tmp_path: Path) -> None:
    first = paths.get_save_image_path("a/pic_%width%", paths.get_output_directory(), 64, 32)
    (tmp_path / "output" / "a" / "pic_64_00007_.png").write_text("")
    second = paths.get_save_image_path("a/pic_%width%", paths.get_output_directory(), 64, 32)

    assert first == (str(tmp_path / "output" / "a"), "pic_64", 1, "a", "a/pic_64")
    assert second[2] == 8


@pytest.mark.parametrize("prefix", ["../x", "/etc/x", "a/../../x"])
def test_a_picture_cannot_leave_its_folder(paths: Any, prefix: str) -> None:
    with pytest.raises(ValueError, match="leads out"):
        paths.get_save_image_path(prefix, paths.get_output_directory())


def test_files_are_told_apart_by_kind(paths: Any) -> None:
    files = ["a.png", "b.webp", "c.mp4", "d.wav", "e.txt", "f.glb"]

    assert paths.filter_files_content_types(files, ["image", "video"]) == ["a.png", "b.webp", "c.mp4"]


def test_places_survive_the_way_to_another_process(tmp_path: Path) -> None:
    one = Places(tmp_path, tmp_path, tmp_path, tmp_path, tmp_path, {"vae": ((tmp_path,), (".sft",))})

    assert from_plain(to_plain(one)) == one


def test_the_input_folder_is_listed_as_it_is(paths: Any) -> None:
    listed: Callable[[], FileNames] = paths.list_input

    assert (listed(), listed().folder) == (["x.png"], "input")
