from pathlib import Path

from engine.packs.discover import discover
from engine.packs.source import PackSource, builtin
from tests.engine.packs.toys import write_packs


def test_packs_are_folders_with_an_init_and_single_files(tmp_path: Path) -> None:
    folder = write_packs(tmp_path, {"b_pack/__init__.py": "", "a.py": "", "c-pack v1.5/__init__.py": ""})

    assert discover(folder) == (
        PackSource("a", folder / "a.py", "custom_nodes.a"),
        PackSource("b_pack", folder / "b_pack", "custom_nodes.b_pack"),
        PackSource("c-pack v1.5", folder / "c-pack v1.5", "custom_nodes.c-pack v1_5"),
    )


def test_what_is_hidden_private_or_disabled_is_no_pack(tmp_path: Path) -> None:
    folder = write_packs(
        tmp_path,
        {
            "_draft.py": "",
            ".git/__init__.py": "",
            "__pycache__/__init__.py": "",
            "off.disabled/__init__.py": "",
            "off.py.disabled": "",
            "data/readme.txt": "",
            "notes.md": "",
        },
    )

    assert discover(folder) == ()


def test_a_folder_that_is_not_there_has_no_packs(tmp_path: Path) -> None:
    assert discover(tmp_path / "custom_nodes") == ()


def test_the_file_of_a_pack_is_what_its_import_runs(tmp_path: Path) -> None:
    folder = write_packs(tmp_path, {"a.py": "", "b/__init__.py": ""})

    assert [source.file for source in discover(folder)] == [folder / "a.py", folder / "b" / "__init__.py"]
    assert builtin(folder / "b") == PackSource("", folder / "b", "b")
