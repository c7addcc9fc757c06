"""Names of files from all over the world (31): each is one file, under the same name everywhere, or is refused."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from tests.engine.served import Served
from tests.faults.lab import Live, saved, saved_bytes, story, talking

FINE = {
    "an emoji": "smile 😀",
    "from right to left": "\u05e9\u05dc\u05d5\u05dd",
    "composed": unicodedata.normalize("NFC", "é ü"),
    "a percent sign": "100%",
    "what looks encoded": "%2e%2e%2fx",
    "a leading minus": "-rf",
    "an apostrophe": "it's so",
    "as long as can be": "a" * 220,
    "spaces inside": "a  b",
}
REFUSED = {
    "a device": "CON",
    "a trailing dot": "dot.",
    "a new line": "a\nb",
    "half a character": "a\udc80b",
    "too long": "a" * 256,
    "a way out": "../../x",
    "a stream": "a:b",
    "a zero": "a\0b",
}


@pytest.mark.parametrize("kind", FINE)
@story
async def test_a_file_of_that_name_is_saved_uploaded_and_shown_as_it_is(standing: Served, kind: str) -> None:
    name = FINE[kind]
    async with talking(standing) as live:
        value = 50_000 + list(FINE).index(kind)
        run = await live.send(saved(value, filename_prefix=name))
        await live.ended(run)
        (shown,) = (await live.get(f"/history/{run}"))[run]["outputs"]["2"]["files"]
        uploaded = await upload(live, f"{name}.png")
        seen = [await look(live, shown), await look(live, uploaded)]
        known = (await live.check())[run]

    assert known.files == (saved_bytes(value),)
    assert (shown["filename"].startswith(f"{name}_"), uploaded["name"]) == (True, f"{name}.png")
    assert seen == [saved_bytes(value), b"words"]


@pytest.mark.parametrize("kind", REFUSED)
@story
async def test_a_name_that_no_file_may_have_is_refused_and_leaves_nothing(
    standing: Served, kind: str
) -> None:
    name = REFUSED[kind]
    async with talking(standing) as live:
        status, body = await live.ask("POST", "/prompt", {"prompt": saved(60_000, filename_prefix=name)})
        if status == 200:
            run = str(json.loads(body)["prompt_id"])
            live.accepted.add(run)
            assert (await live.ended(run))["status"] == "failed"
        else:
            assert status in {400, 413}
        await live.check()


@story
async def test_two_ways_to_write_an_accent_are_one_name(standing: Served) -> None:
    async with talking(standing) as live:
        for form in ("NFC", "NFD"):
            name = unicodedata.normalize(form, "caf\u00e9")
            await live.ended(await live.send(saved(70_000 + len(name), filename_prefix=name)))
        await live.check()
        names = sorted(path.name for path in Path(live.folder, "output").glob("caf*"))

    assert names == [unicodedata.normalize("NFC", f"caf\u00e9_0000{number}_.txt") for number in (1, 2)]


async def upload(live: Live, name: str) -> dict[str, str]:
    form = aiohttp.FormData(quote_fields=False)  # as browsers write names
    form.add_field("image", b"words", filename=name)
    async with live.session.post(f"{live.server.address}/upload/image", data=form) as answer:
        assert answer.status == 200, await answer.text()
        told: dict[str, str] = await answer.json()
        return told


async def look(live: Live, file: dict[str, str]) -> bytes:
    name = file.get("filename") or file["name"]
    query = f"filename={quote(name, safe='')}&type={file['type']}&subfolder={quote(file['subfolder'])}"
    status, data = await live.ask("GET", f"/view?{query}")
    assert status == 200, (name, status)
    return data
