from pathlib import Path

import pytest

from engine.packs.discover import discover
from engine.packs.web import web_directories
from tests.engine.packs.toys import write_packs

HOME = "os.path.dirname(os.path.realpath(__file__))"


@pytest.mark.parametrize(
    "line",
    [
        'WEB_DIRECTORY = "./js"',
        'WEB_DIRECTORY: str = "js"',
        f'import os\nWEB_DIRECTORY = os.path.join({HOME}, "js")',
        f'import os\nhome = {HOME}\nWEB_DIRECTORY = home + "/js"',
        'from pathlib import Path\nWEB_DIRECTORY = str(Path(__file__).parent / "js")',
    ],
)
def test_the_folder_of_a_packs_scripts_is_read_from_its_code(tmp_path: Path, line: str) -> None:
    folder = write_packs(tmp_path, {"a/__init__.py": line, "a/js/x.js": "", "b/__init__.py": ""})

    assert web_directories(discover(folder)) == {"a": folder / "a" / "js"}


@pytest.mark.parametrize(
    "line",
    ['WEB_DIRECTORY = "../b"', 'WEB_DIRECTORY = "nothing"', "WEB_DIRECTORY = f()", "WEB_DIRECTORY = ("],
)
def test_what_leaves_the_pack_or_is_not_there_is_none(tmp_path: Path, line: str) -> None:
    folder = write_packs(tmp_path, {"a/__init__.py": line, "b/x.js": ""})

    assert web_directories(discover(folder)) == {}


def test_a_project_may_name_its_scripts_too(tmp_path: Path) -> None:
    project = '[project]\nname = "the-pack"\n[tool.comfy]\nweb = "web"\n'
    folder = write_packs(
        tmp_path,
        {
            "a/__init__.py": "",
            "a/pyproject.toml": project,
            "a/web/x.js": "",
            "b/__init__.py": "",
            "b/pyproject.toml": "[",
        },
    )

    assert web_directories(discover(folder)) == {"the-pack": folder / "a" / "web"}
