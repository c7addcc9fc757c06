from dataclasses import replace
from pathlib import Path

import pytest

from engine.run.folders import FileMissing, Folders
from engine.run.names import LeavesFolder


def put(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "models", tmp_path / "input", {"loras": (tmp_path / "more",)})


def test_a_folder_of_models_has_the_files_of_all_its_places(folders: Folders, tmp_path: Path) -> None:
    put(tmp_path / "models" / "loras" / "b.safetensors")
    put(tmp_path / "more" / "deep" / "a.safetensors")

    assert folders.names("loras") == ["b.safetensors", "deep/a.safetensors"]
    assert folders.find("loras", "deep\\a.safetensors") == tmp_path / "more" / "deep" / "a.safetensors"


def test_of_two_files_of_a_name_the_first_place_wins(folders: Folders, tmp_path: Path) -> None:
    usual = put(tmp_path / "models" / "loras" / "a.safetensors")
    further = put(tmp_path / "more" / "a.safetensors")

    assert folders.find("loras", "a.safetensors") == usual
    ahead = Folders(folders.models, folders.input, ahead=folders.elsewhere)
    assert ahead.find("loras", "a.safetensors") == further


def test_an_input_may_be_a_file_that_a_run_has_made(folders: Folders, tmp_path: Path) -> None:
    made = replace(folders, made={"output": tmp_path / "output", "temp": tmp_path / "temp"})
    picture = put(tmp_path / "output" / "sub" / "a.png")
    plain = put(tmp_path / "input" / "a.png")

    assert made.find("input", "sub/a.png [output]") == picture
    assert made.find("input", "a.png [input]") == plain
    assert made.state("input", "sub/a.png [output]") != "missing"
    with pytest.raises(FileMissing, match="temp"):
        made.find("input", "a.png [temp]")
    with pytest.raises(LeavesFolder):
        made.find("input", "../a.png [output]")
    with pytest.raises(FileMissing):
        made.find("loras", "sub/a.png [output]")


def test_only_what_a_model_may_be_called_is_listed(folders: Folders, tmp_path: Path) -> None:
    put(tmp_path / "models" / "checkpoints" / "put_checkpoints_here")
    put(tmp_path / "models" / "checkpoints" / "A.SAFETENSORS")
    put(tmp_path / "models" / "texts" / "poem.txt")

    assert (folders.names("checkpoints"), folders.names("texts")) == (["A.SAFETENSORS"], ["poem.txt"])


@pytest.mark.parametrize(
    ("kind", "place"), [("clip", "clip"), ("text_encoders", "clip"), ("unet", "diffusion_models")]
)
def test_older_names_of_folders_stand_for_the_newer(
    folders: Folders, tmp_path: Path, kind: str, place: str
) -> None:
    put(tmp_path / "models" / place / "m.safetensors")

    assert folders.names(kind) == ["m.safetensors"]


def test_a_linked_folder_is_listed_and_one_that_leads_back_is_listed_once(
    folders: Folders, tmp_path: Path
) -> None:
    put(tmp_path / "elsewhere" / "a.safetensors")
    (tmp_path / "models" / "vae").mkdir(parents=True)
    (tmp_path / "models" / "vae" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "models" / "vae")

    assert folders.names("vae") == ["linked/a.safetensors"]


def test_a_missing_file_is_told_with_near_names(folders: Folders, tmp_path: Path) -> None:
    put(tmp_path / "more" / "detail.safetensors")

    with pytest.raises(FileMissing) as missing:
        folders.find("loras", "detial.safetensors")

    assert "detail.safetensors" in missing.value.hint


def test_models_that_are_folders_are_named_by_their_folder(folders: Folders, tmp_path: Path) -> None:
    index = put(tmp_path / "models" / "diffusers" / "sub" / "one" / "model_index.json")
    weights = put(index.parent / "unet" / "weights.safetensors")
    put(tmp_path / "models" / "diffusers" / "no model" / "config.json")
    put(tmp_path / "models" / "diffusers" / "model_index.json")

    assert folders.names("diffusers") == ["sub/one"]
    assert folders.find("diffusers", "sub/one") == index.parent
    with pytest.raises(FileMissing, match="no model"):
        folders.find("diffusers", "no model")
    before = folders.state("diffusers", "sub/one")
    put(weights, "longer")
    assert folders.state("diffusers", "sub/one") != before
