"""`folder_paths`: where models, inputs and outputs lie. What packs change here, they change for packs."""

from __future__ import annotations

import mimetypes
import os
import time
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from engine.packs.comfy.file_names import FileNames
from engine.packs.comfy.places import Places, places, whenever_told

supported_pt_extensions: set[str] = {".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"}
folder_names_and_paths: dict[str, tuple[list[str], set[str]]] = {}
filename_list_cache: dict[str, Any] = {}
extension_mimetypes_cache: dict[str, str] = {"webp": "image", "fbx": "model"}
ALIASES = {"unet": "diffusion_models", "clip": "text_encoders"}
LONGEST_NUMBER = 5

base_path = models_dir = user_directory = input_directory = output_directory = temp_directory = ""
_known: list[Places] = []


class CacheHelper:
    """Packs use it around several questions; here every answer is as quick."""

    active = False

    def __enter__(self) -> CacheHelper:
        self.active = True
        return self

    def __exit__(self, *error: object) -> None:
        self.active = False

    def get(self, key: str, default: object = None) -> object:
        """Nothing is kept."""
        return default

    def set(self, key: str, value: object) -> None:
        """Nothing is kept."""

    def clear(self) -> None:
        """Nothing is kept."""


cache_helper = CacheHelper()


def refresh() -> None:
    """Take over where things lie. What packs have added stays."""
    global base_path, models_dir, user_directory, input_directory, output_directory, temp_directory
    known = places()
    if _known == [known]:
        return
    _known[:] = [known]
    base_path, models_dir = str(known.base), str(known.models_home)
    user_directory, temp_directory = str(known.user), str(known.temp)
    input_directory, output_directory = str(known.input), str(known.output)
    for name, (homes, endings) in known.models.items():
        folder_names_and_paths[name] = ([str(home) for home in homes], set(endings))


def map_legacy(folder_name: str) -> str:
    """Today's name of a folder."""
    return ALIASES.get(folder_name, folder_name)


def get_input_directory() -> str:
    """The folder of pictures to start from."""
    return input_directory


def get_output_directory() -> str:
    """The folder that results go to."""
    return output_directory


def get_temp_directory() -> str:
    """The folder of what is only looked at."""
    os.makedirs(temp_directory, exist_ok=True)
    return temp_directory


def get_user_directory() -> str:
    """The folder of users' settings."""
    return user_directory


def set_output_directory(directory: str) -> None:
    """Packs may ask for another; where Weft's own nodes put files does not change."""
    global output_directory  # noqa: PLW0603
    output_directory = directory


def set_temp_directory(directory: str) -> None:
    """The same for what is only looked at."""
    global temp_directory  # noqa: PLW0603
    temp_directory = directory


def set_input_directory(directory: str) -> None:
    """The same for pictures to start from."""
    global input_directory  # noqa: PLW0603
    input_directory = directory


def get_directory_by_type(type_name: str) -> str | None:
    """The folder of a kind of file: "input", "output" or "temp"."""
    known = {"output": output_directory, "temp": temp_directory, "input": input_directory}
    return known.get(type_name)


def get_input_subfolders() -> list[str]:
    """The folders below the input folder."""
    return sorted(
        os.path.relpath(os.path.join(home, name), input_directory).replace(os.sep, "/")
        for home, below, _ in os.walk(input_directory)
        for name in below
    )


def get_system_user_directory(name: str = "system") -> str:
    """A folder that no user sees."""
    return os.path.join(user_directory, f"__{name}")


def get_public_user_directory(user_id: str) -> str | None:
    """The folder of a user; None for one that is the system's."""
    return None if user_id.startswith("__") else os.path.join(user_directory, user_id)


def filter_files_content_types(files: Iterable[str], content_types: Collection[str]) -> list[str]:
    """The files of some kinds: "image", "video", "audio", "model"."""
    found = []
    for file in files:
        ending = os.path.splitext(file)[1].lstrip(".").lower()
        kind = (
            extension_mimetypes_cache.get(ending) or (mimetypes.guess_type(file)[0] or "").partition("/")[0]
        )
        if kind in content_types:
            found.append(file)
    return found


def filter_files_extensions(files: Iterable[str], extensions: Collection[str]) -> list[str]:
    """The files whose names end so; without endings all."""
    wanted = [ending.lower() for ending in extensions]
    return sorted(
        file
        for file in files
        if not wanted or os.path.splitext(file)[1].lower() in wanted or "folder" in wanted
    )


def recursive_search(
    directory: str, excluded_dir_names: Sequence[str] | None = None
) -> tuple[list[str], dict[str, float]]:
    """The files below a folder, as paths from there, and the dates of all folders met."""
    excluded = set(excluded_dir_names or ()) | {".git"}
    files: list[str] = []
    dates: dict[str, float] = {}
    for home, below, names in os.walk(directory, followlinks=True):
        below[:] = [name for name in below if name not in excluded]
        dates[home] = os.path.getmtime(home)
        files += [os.path.relpath(os.path.join(home, name), directory) for name in names]
    return files, dates


def add_model_folder_path(folder_name: str, full_folder_path: str, is_default: bool = False) -> None:
    """Search a kind of model at a further place."""
    name = map_legacy(folder_name)
    homes, _ = folder_names_and_paths.setdefault(name, ([], set()))
    if full_folder_path in homes:
        if not is_default:
            return
        homes.remove(full_folder_path)
    homes.insert(0 if is_default else len(homes), full_folder_path)


def get_folder_paths(folder_name: str) -> list[str]:
    """The places of a kind of model."""
    return list(_folder(folder_name)[0])


def get_filename_list(folder_name: str) -> list[str]:
    """The files of a kind of model. Offered as choices, they stay up to date where the server can list them too."""
    homes, endings = _folder(folder_name)
    name = map_legacy(folder_name)
    found: set[str] = set()
    for home in homes:
        found.update(filter_files_extensions(recursive_search(home)[0], endings))
    return FileNames(sorted(found), name if _is_known_to_server(name, homes, endings) else None)


def list_input() -> list[str]:
    """The files of the input folder, offered as choices that stay up to date."""
    there = recursive_search(input_directory)[0] if os.path.isdir(input_directory) else []
    return FileNames(sorted(there), "input")


def get_full_path(folder_name: str, filename: str) -> str | None:
    """The path of a file of a kind of model, or None. A name cannot lead out of its folder."""
    safe = os.path.relpath(os.path.join("/", filename), "/")
    for home in folder_names_and_paths.get(map_legacy(folder_name), ([], set()))[0]:
        path = os.path.join(home, safe)
        if os.path.isfile(path):
            return path
    return None


def get_full_path_or_raise(folder_name: str, filename: str) -> str:
    """The same. Raises FileNotFoundError."""
    path = get_full_path(folder_name, filename)
    if path is None:
        raise FileNotFoundError(f"There is no '{filename}' among the {folder_name}.")
    return path


def annotated_filepath(name: str) -> tuple[str, str | None]:
    """A name without its `[input]`, `[output]` or `[temp]`, and the folder that this means."""
    for kind in ("output", "input", "temp"):
        if name.endswith(f"[{kind}]"):
            return name[: -len(kind) - 2].rstrip(), get_directory_by_type(kind)
    return name, None


def get_annotated_filepath(name: str, default_dir: str | None = None) -> str:
    """The path of a file named so; without a mark it is in the input folder."""
    plain, home = annotated_filepath(name)
    return os.path.join(home or default_dir or input_directory, plain)


def exists_annotated_filepath(name: str) -> bool:
    """Whether there is such a file."""
    return os.path.exists(get_annotated_filepath(name))


def get_save_image_path(
    filename_prefix: str, output_dir: str, image_width: int = 0, image_height: int = 0
) -> tuple[str, str, int, str, str]:
    """Where the next picture goes: folder, name, number, folder below the output folder, and the prefix."""
    prefix = _filled_in(filename_prefix, image_width, image_height)
    below = os.path.dirname(os.path.normpath(prefix))
    name = os.path.basename(os.path.normpath(prefix))
    folder = os.path.abspath(os.path.join(output_dir, below))
    if os.path.commonpath((os.path.abspath(output_dir), folder)) != os.path.abspath(output_dir):
        raise ValueError(f"Pictures go below {output_dir}, and '{filename_prefix}' leads out of it.")
    os.makedirs(folder, exist_ok=True)
    numbers = [_number(entry, name) for entry in os.listdir(folder)]
    return folder, name, max(numbers, default=0) + 1, below, prefix


def _filled_in(prefix: str, width: int, height: int) -> str:
    if "%" not in prefix:
        return prefix
    now = time.localtime()
    words = {
        "width": width,
        "height": height,
        "year": now.tm_year,
        "month": f"{now.tm_mon:02}",
        "day": f"{now.tm_mday:02}",
        "hour": f"{now.tm_hour:02}",
        "minute": f"{now.tm_min:02}",
        "second": f"{now.tm_sec:02}",
    }
    for word, value in words.items():
        prefix = prefix.replace(f"%{word}%", str(value))
    return prefix


def _number(entry: str, name: str) -> int:
    if not entry.lower().startswith(f"{name}_".lower()):
        return 0
    digits = entry[len(name) + 1 :].split("_", maxsplit=1)[0].split(".", maxsplit=1)[0]
    return int(digits) if digits.isdigit() else 0


def _folder(folder_name: str) -> tuple[list[str], set[str]]:
    name = map_legacy(folder_name)
    if name not in folder_names_and_paths:
        raise KeyError(name)
    return folder_names_and_paths[name]


def _is_known_to_server(name: str, homes: Sequence[str], endings: Collection[str]) -> bool:
    """Whether the server lists the same files under this name. Folders of a pack's own it lists as they are."""
    known = places().models.get(name)
    if known is not None:
        return [str(home) for home in known[0]] == list(homes) and set(known[1]) == set(endings)
    return list(homes) == [os.path.join(models_dir, name)] and not endings


whenever_told(refresh)
