from __future__ import annotations

import base64
import json
import struct
from pathlib import Path

import pytest

from engine.server.files.safetensors_header import HeaderRefused, metadata_of
from engine.server.options import Limits
from tests.engine.server.pictures import opened, png
from tests.engine.server.standing import Standing


def model(header: object = None, *, length: int | None = None) -> bytes:
    text = json.dumps(header if header is not None else {}).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text


def put(server: Standing, name: str, data: bytes = b"") -> Path:
    path = server.home / "models" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_folders_are_listed_with_their_files(server: Standing) -> None:
    put(server, "loras/deep/b.safetensors")
    put(server, "loras/a.safetensors")
    put(server, "loras/read me.md")
    put(server, "my_own_kind/x.bin")

    assert server.get("/models/loras").json == ["a.safetensors", "deep/b.safetensors"]
    assert server.get("/models/my_own_kind").json == ["x.bin"]
    models = server.get("/models").json
    assert isinstance(models, list)
    assert models[-1] == "my_own_kind"


def test_embeddings_are_named_without_their_ending(server: Standing) -> None:
    put(server, "embeddings/sub/bad.hands.safetensors")

    assert server.get("/embeddings").json == ["sub/bad.hands"]


def test_what_a_model_says_of_itself_is_told(server: Standing) -> None:
    put(server, "loras/a.safetensors", model({"__metadata__": {"ss_name": "a"}}))

    assert server.get("/view_metadata/loras?filename=a.safetensors").json == {"ss_name": "a"}


def test_a_model_that_says_nothing_is_not_found(server: Standing) -> None:
    put(server, "loras/a.safetensors", model({}))

    assert server.get("/view_metadata/loras?filename=a.safetensors").status == 404


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "shorter"),
        (b"\x01\x02", "shorter"),
        (model({}, length=2**63), "bytes"),
        (model({}, length=2**64 - 1), "bytes"),
        (model({}, length=100), "bytes"),
        (model({}) + b"x" * 10, ""),
        (struct.pack("<Q", 9_000_000) + b" " * 9_000_000, "bytes"),
        (
            model({f"t{n}": {"dtype": "F32", "shape": [], "data_offsets": [0, 0]} for n in range(70_000)}),
            "tensors",
        ),
        (model({str(number): 0 for number in range(300_000)}), "tensors"),
        (struct.pack("<Q", 50_000) + b"[" * 50_000, "JSON"),
        (struct.pack("<Q", 4) + b"\xff\xfe\xfd\xfc", "JSON"),
        (model([1, 2]), "JSON"),
        (model({"__metadata__": [1]}), "JSON"),
        (model({"__metadata__": {"a": 1}}), "JSON"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_a_header_that_lies_or_has_no_end_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)

    if not words:
        assert metadata_of(path, Limits()) is None
        return
    with pytest.raises(HeaderRefused, match=words):
        metadata_of(path, Limits())


def test_a_bad_header_is_the_clients_business(server: Standing) -> None:
    put(server, "loras/a.safetensors", model({}, length=2**40))

    answer = server.get("/view_metadata/loras?filename=a.safetensors")

    assert (answer.status, answer.error) == (400, "bad_safetensors")


def test_files_are_told_with_the_place_they_are_in(server: Standing) -> None:
    put(server, "clip/a.safetensors", b"12345")

    entries = server.get("/experiment/models/text_encoders").json

    assert isinstance(entries, list)
    assert [(entry["name"], entry["pathIndex"], entry["size"]) for entry in entries] == [
        ("a.safetensors", 1, 5)
    ]
    assert {"modified", "created"} < entries[0].keys()


@pytest.mark.parametrize("beside", [True, False], ids=["beside", "within"])
def test_a_model_is_shown_by_its_picture(server: Standing, beside: bool) -> None:
    cover = json.dumps([base64.b64encode(png()).decode()])
    put(
        server, "loras/a.safetensors", model({} if beside else {"__metadata__": {"ssmd_cover_images": cover}})
    )
    if beside:
        put(server, "loras/a.preview.png", png())

    answer = server.get("/experiment/models/preview/loras/0/a.safetensors")

    assert (answer.status, opened(answer.body).format) == (200, "WEBP")


@pytest.mark.parametrize(
    "path", ["loras/0/none.safetensors", "loras/9/a.safetensors", "loras/x/a", "none/0/a"]
)
def test_a_model_without_a_picture_has_none(server: Standing, path: str) -> None:
    put(server, "loras/a.safetensors", model({"__metadata__": {"ssmd_cover_images": "[not base64]"}}))

    assert server.get(f"/experiment/models/preview/{path}").status == 404
    assert server.get("/experiment/models/preview/loras/0/a.safetensors").status == 404
