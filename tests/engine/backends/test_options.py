import pytest

from engine.backends.options import PreviewMethod, WorkerOptions, draws_previews


@pytest.mark.parametrize(
    ("chosen", "extra", "drawn"),
    [
        ("auto", b"{}", True),
        ("none", b"{}", False),
        ("none", b'{"preview_method": "taesd"}', True),
        ("auto", b'{"preview_method": "none"}', False),
        ("none", b'{"preview_method": "default"}', False),
        ("latent2rgb", b'{"preview_method": "default"}', True),
        ("auto", b'{"extra_pnginfo": "preview_method"}', True),
    ],
)
def test_a_run_may_say_itself_whether_it_is_shown(chosen: PreviewMethod, extra: bytes, drawn: bool) -> None:
    assert draws_previews(WorkerOptions(preview_method=chosen), extra) is drawn
