"""POST /peek."""

from pathlib import Path

import pytest

from tests.engine.server.runs_lab import chain, serving, story


@story
async def test_a_kept_value_can_be_looked_at(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        await place.ended(await place.send(chain(3, 41)))
        peek = await place.post("/peek", {"graph": chain(3, 41), "node": "2", "output": "INT"})

    assert (peek["kind"], peek["type"], peek["text"]) == ("number", "int", "42")
    assert peek["bytes"] > 0
    nothing = ("shape", "dtype", "minimum", "maximum", "mean", "histogram", "picture", "length")
    assert {peek[name] for name in nothing} == {None}


@story
async def test_a_value_that_is_not_kept_is_not_found(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        status, answer = await place.ask("POST", "/peek", {"graph": chain(3), "node": "2", "output": "INT"})

    assert (status, answer["error"]["type"]) == (404, "not_kept")


@pytest.mark.parametrize(
    "body",
    [{"node": "1", "output": 0}, {"graph": {}, "output": 0}, {"graph": {}, "node": "1", "output": None}],
)
@story
async def test_what_is_no_question_is_refused(tmp_path: Path, body: dict[str, object]) -> None:
    async with serving(tmp_path) as place:
        status, answer = await place.ask("POST", "/peek", body)

    assert (status, answer["error"]["type"]) == (400, "invalid_request")
