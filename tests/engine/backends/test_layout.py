from pathlib import Path

import pytest

from engine.backends.layout import LaidOut, Layout, LayoutError, check_apart, laid_out, read_extra_paths
from engine.backends.settings import settings_at


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        (tmp_path / "root" / "custom_nodes" / name).mkdir(parents=True)
        (tmp_path / "root" / "custom_nodes" / name / "__init__.py").touch()
    return tmp_path / "root"


def lay(root: Path, layout: Layout) -> LaidOut:
    return laid_out(settings_at(root), root, layout)


def names(laid: LaidOut) -> list[str]:
    return [pack.name for pack in laid.settings.packs]


def test_without_wishes_everything_is_at_its_usual_place(root: Path) -> None:
    laid = lay(root, Layout())

    assert (laid.settings, laid.user) == (settings_at(root), root / "user")


def test_a_base_folder_has_models_packs_pictures_and_users_of_its_own(root: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    (base / "custom_nodes" / "three").mkdir(parents=True)
    (base / "custom_nodes" / "three" / "__init__.py").touch()

    laid = lay(root, Layout(base=base))

    assert names(laid) == ["", "three"]
    assert laid.settings.folders.models == base / "models"
    assert laid.settings.folders.input == base / "input"
    assert laid.settings.files.output == base / "output"
    assert (laid.user, laid.settings.private) == (base / "user", base / ".weft")


def test_single_folders_may_be_elsewhere(root: Path, tmp_path: Path) -> None:
    (tmp_path / "u").mkdir()
    laid = lay(
        root, Layout(output=tmp_path / "o", input=tmp_path / "i", temp=tmp_path / "t", user=tmp_path / "u")
    )

    assert laid.settings.files.output == tmp_path / "o"
    assert laid.settings.folders.input == tmp_path / "i"
    assert laid.settings.files.temp == tmp_path / "t" / "temp"
    assert laid.user == tmp_path / "u"
    assert laid.settings.folders.places("checkpoints")[-1] == tmp_path / "o" / "checkpoints"


def test_a_folder_of_users_that_is_not_there_is_an_error(root: Path, tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="not there"):
        lay(root, Layout(user=tmp_path / "nowhere"))


@pytest.mark.parametrize(("allowed", "left"), [(frozenset(), [""]), (frozenset({"two"}), ["", "two"])])
def test_only_the_packs_that_were_named_are_loaded(
    root: Path, allowed: frozenset[str], left: list[str]
) -> None:
    assert names(lay(root, Layout(packs=allowed))) == left


YAML = """
comfyui:
    base_path: ../other
    checkpoints: models/checkpoints
    loras: |
        models/loras
        $MORE/loras
    custom_nodes: packs
    clip: models/clip
mine:
    is_default: true
    checkpoints: /mine/checkpoints
empty:
"""


def test_a_file_of_extra_paths_adds_places_and_packs(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MORE", "/more")
    (tmp_path / "conf").mkdir()
    file = tmp_path / "conf" / "extra.yaml"
    file.write_text(YAML)
    (tmp_path / "other" / "packs" / "four").mkdir(parents=True)
    (tmp_path / "other" / "packs" / "four" / "__init__.py").touch()

    laid = lay(root, Layout(extra_paths=(file,)))

    folders, other = laid.settings.folders, tmp_path / "other"
    assert names(laid) == ["", "one", "two", "four"]
    assert folders.places("checkpoints")[0] == Path("/mine/checkpoints")
    assert other / "models" / "checkpoints" in folders.places("checkpoints")
    assert folders.places("loras")[-2:] == (other / "models" / "loras", Path("/more/loras"))
    assert other / "models" / "clip" in folders.places("text_encoders")


@pytest.mark.parametrize("text", ["a: [", "loras: models/loras"], ids=["no YAML", "no section"])
def test_a_broken_file_of_extra_paths_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "extra.yaml").write_text(text)

    with pytest.raises(LayoutError, match=r"extra\.yaml") as error:
        read_extra_paths(tmp_path / "extra.yaml")

    assert error.value.hint


@pytest.mark.parametrize("served", ["output", "input", "user"])
@pytest.mark.parametrize("where", [".", ".weft", "custom_nodes", "custom_nodes/one/web"])
def test_clients_must_not_reach_what_is_not_theirs(root: Path, served: str, where: str) -> None:
    (root / where).mkdir(parents=True, exist_ok=True)
    folder = root / where
    layout = {"output": Layout(output=folder), "input": Layout(input=folder), "user": Layout(user=folder)}[
        served
    ]

    with pytest.raises(LayoutError, match=served):
        check_apart(lay(root, layout))


def test_the_usual_layout_is_apart(root: Path) -> None:
    check_apart(lay(root, Layout()))
