import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.graph.spec import FileWidget
from engine.packs import rebuild
from engine.packs.comfy.places import Places
from engine.packs.discover import discover
from engine.packs.manifest import Manifest, from_json, load_manifest, read_manifest, to_json
from engine.packs.source import PackFailure
from tests.engine.graph.toys import REGISTRY
from tests.engine.packs.toys import declares, write_packs

ROOT = Path(__file__).parents[3]
MANIFEST = Manifest("abc", tuple(REGISTRY.values()), (PackFailure("p", "p.py:1", "ValueError", "no"),))


def test_a_manifest_that_is_written_and_read_is_the_same() -> None:
    assert from_json(to_json(MANIFEST)) == MANIFEST


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-5],
        lambda data: b"[]",
        lambda data: b"{}",
        lambda data: b"null",
        lambda data: data.replace(b"NodeSpec", b"NodeSpek"),
        lambda data: data.replace(b'"category"', b'"kategory"'),
    ],
)
def test_a_damaged_manifest_counts_as_none(damage: Callable[[bytes], bytes]) -> None:
    assert from_json(damage(to_json(MANIFEST))) is None


def test_a_manifest_that_is_not_there_counts_as_none(tmp_path: Path) -> None:
    assert read_manifest(tmp_path / "manifest.json") is None


def test_packs_are_imported_by_another_process_and_only_after_a_change(tmp_path: Path) -> None:
    folder = write_packs(tmp_path, {"a.py": f"print('noise')\n{declares('One')}", "broken.py": "1 / 0\n"})
    cache = tmp_path / "cache" / "manifest.json"

    registry, failures = load_manifest(discover(folder), cache)
    assert (list(registry), [failure.error for failure in failures]) == (["One"], ["ZeroDivisionError"])
    assert "custom_nodes.a" not in sys.modules

    written = cache.stat().st_mtime_ns
    assert load_manifest(discover(folder), cache) == (registry, failures)
    assert cache.stat().st_mtime_ns == written

    write_packs(tmp_path, {"broken.py": declares("Mended")})
    registry, failures = load_manifest(discover(folder), cache)
    assert (list(registry), failures) == (["One", "Mended"], ())
    assert [file.name for file in cache.parent.iterdir()] == ["manifest.json"]


def test_a_change_in_a_library_counts_as_well(tmp_path: Path) -> None:
    folder = write_packs(tmp_path, {})
    library = tmp_path / "library"
    library.mkdir()
    (library / "code.py").write_text("x = 1\n")
    cache = tmp_path / "manifest.json"

    load_manifest(discover(folder), cache, [library])
    before = read_manifest(cache)
    os.utime(library / "code.py", ns=(1, 1))
    load_manifest(discover(folder), cache, [library])

    after = read_manifest(cache)
    assert before is not None
    assert after is not None
    assert before.digest != after.digest


def test_a_pack_that_kills_the_process_is_found_out(tmp_path: Path) -> None:
    folder = write_packs(tmp_path, {"a.py": declares("One"), "deadly.py": "import os\nos._exit(7)\n"})

    registry, failures = load_manifest(discover(folder), tmp_path / "manifest.json")

    assert list(registry) == ["One"]
    assert failures == (
        PackFailure("deadly", str(folder / "deadly.py"), "Died", "its import ended the process with code 7."),
    )


def test_a_manifest_that_cannot_be_kept_is_made_all_the_same(tmp_path: Path) -> None:
    folder = write_packs(tmp_path, {"a.py": declares("One")})
    blocked = tmp_path / "file"
    blocked.write_text("")

    registry, _ = load_manifest(discover(folder), blocked / "manifest.json")

    assert list(registry) == ["One"]


def test_reading_a_manifest_loads_no_pack_and_nothing_heavy() -> None:
    code = (
        "import sys, engine.packs.manifest, engine.packs.discover, engine.formats.read, engine.graph.validate\n"
        "print(sorted({'torch', 'numpy', 'networkx', 'PIL', 'docstring_parser', 'subprocess'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


V1 = """
import folder_paths
class Old:
    RETURN_TYPES, FUNCTION, OUTPUT_NODE = ("IMAGE",), "run", True
    @classmethod
    def INPUT_TYPES(cls):
        vae = folder_paths.get_filename_list("vae")
        return {"required": {"a": ("INT", {"max": 2**64 - 1, "odd": object}), "vae": (vae,)}}
    @classmethod
    def VALIDATE_INPUTS(cls, a): return True
    def run(self, a, vae): return (a,)
NODE_CLASS_MAPPINGS = {"Old": Old}
"""


def test_specs_of_comfyui_packs_are_in_the_manifest_and_their_folders_stay_live(tmp_path: Path) -> None:
    folder = write_packs(tmp_path, {"old.py": V1})
    places = Places(tmp_path, tmp_path, tmp_path, tmp_path, tmp_path, {"vae": ((tmp_path / "vae",), ())})

    registry, failures = load_manifest(discover(folder), tmp_path / "manifest.json", places=places)

    assert failures == ()
    spec = registry["Old"]
    assert (spec.style, spec.effect, spec.validated, spec.pack) == ("v1", True, True, "old")
    assert spec.inputs[0].free
    assert spec.inputs[1].widget == FileWidget("vae")


def test_a_pack_that_never_ends_is_named_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "PATIENCE", 4.0)
    folder = write_packs(tmp_path, {"a.py": declares("One"), "endless.py": "while True: pass\n"})

    registry, failures = load_manifest(discover(folder), tmp_path / "manifest.json")

    assert list(registry) == ["One"]
    assert [(failure.pack, failure.message) for failure in failures] == [
        ("endless", "its import took longer than 4 seconds")
    ]


def test_a_pack_that_crashes_is_found_out(tmp_path: Path) -> None:
    crash = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    folder = write_packs(tmp_path, {"a.py": declares("One"), "crash.py": crash, "z.py": declares("Last")})

    registry, failures = load_manifest(discover(folder), tmp_path / "manifest.json")

    assert list(registry) == ["One", "Last"]
    assert [(failure.pack, failure.message) for failure in failures] == [
        ("crash", "its import ended the process with code -11.")
    ]


def test_a_pack_whose_import_was_killed_from_outside_is_tried_once_more(tmp_path: Path) -> None:
    die = "import os, signal\nfrom pathlib import Path\nmark = Path(__file__ + '.mark')\n"
    once = f"{die}if not mark.exists():\n    mark.touch()\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    always = f"{die}os.kill(os.getpid(), signal.SIGKILL)\n"
    folder = write_packs(tmp_path, {"a.py": once + declares("One"), "z.py": always})

    registry, failures = load_manifest(discover(folder), tmp_path / "manifest.json")

    assert list(registry) == ["One"]
    assert [(failure.pack, failure.message) for failure in failures] == [
        ("z", "its import ended the process with code -9.")
    ]


def test_whether_prompts_go_through_a_pack_is_in_the_manifest(tmp_path: Path) -> None:
    handler = "from server import PromptServer\nPromptServer.instance.add_on_prompt_handler(lambda posted: posted)\n"
    found = []
    for name, code in {"with": handler, "without": ""}.items():
        (tmp_path / name).mkdir()
        folder = write_packs(tmp_path / name, {"a.py": code + "NODE_CLASS_MAPPINGS = {}\n"})
        load_manifest(discover(folder), tmp_path / name / "manifest.json")
        manifest = read_manifest(tmp_path / name / "manifest.json")
        assert manifest is not None
        found.append(manifest.handles_prompts)

    assert found == [True, False]
