"""What V3 nodes of packs show: sounds, which Weft does not pack."""

from collections.abc import Callable

import pytest

from nodes import comfy_ui


@pytest.mark.parametrize(
    "call",
    [
        lambda: comfy_ui.AudioSaveHelper.save_audio({}, "x"),
        lambda: comfy_ui.AudioSaveHelper.get_save_audio_ui({}, "x"),
        lambda: comfy_ui.PreviewAudio({}),
    ],
)
def test_a_sound_that_would_have_to_be_packed_is_refused(call: Callable[[], object]) -> None:
    with pytest.raises(comfy_ui.NeedsLibrary, match="needs the library 'av'") as refused:
        call()
    assert "'av'" in refused.value.hint


def test_a_sound_in_a_file_can_be_heard() -> None:
    file = comfy_ui.SavedResult("a.flac", "", "output")

    assert comfy_ui.PreviewAudio([file]).as_dict() == {"audio": [file]}
