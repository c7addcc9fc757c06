"""What clients see of a traceback: the author's own lines."""

from pathlib import Path

import pytest

from engine.run.failure import failure, user_lines
from tests.engine.packs.comfy.lab import house, inputs, pack, v1
from tests.engine.run.lab import graph, use

CODE = pack(
    v1(
        "Deep",
        inputs()
        + """
def run(self):
    try:
        self.below()
    except KeyError as error:
        raise ValueError("of the node") from error
def below(self):
    import json
    json.loads("{")
""",
    )
)


def test_the_lines_of_a_pack_are_told_and_neither_the_engines_nor_a_librarys(tmp_path: Path) -> None:
    failed = house(tmp_path, CODE).run(graph(d=use("Deep")), "d.0").failure
    lines = user_lines(failed)

    assert "engine/packs/comfy/calling.py" in failed.traceback
    assert "json/decoder.py" in failed.traceback
    assert [line.splitlines()[0].rpartition(", in ")[2] for line in lines] == ["run", "below"]
    assert all(str(tmp_path) in line for line in lines)
    assert lines[1].splitlines()[1].strip() == 'json.loads("{")'


def test_where_the_engine_itself_failed_there_are_no_lines_to_tell() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        Path("/nowhere").read_text()
    failed = failure("1", "Kind", caught.value, {})

    assert [line for line in user_lines(failed) if __file__ not in line] == []
