"""Videos, sounds and bodies: packs that only declare them load, and what needs a library says so."""

from pathlib import Path

from engine.graph.spec import ChoiceWidget
from tests.engine.packs.comfy.lab import House
from tests.engine.packs.comfy.test_v3 import made, v3
from tests.engine.run.lab import graph, use

EVERY_NAME = """
from comfy_api.latest import Input, InputImpl, Types
from comfy_api.latest._util import VideoCodec, VideoContainer
from comfy_api.input_impl.video_types import VideoFromComponents, VideoFromFile
from comfy_api.util import VideoComponents, MESH
from fractions import Fraction

def hints(
    a: Input.Audio, b: Input.Video, c: io.Video.Type, d: io.Audio.AudioDict, e: Types.VOXEL, f: io.File3DGLB.Type,
    g: io.Latent.LatentDict, i: InputImpl.VideoFromFile, j: io.Load3D.Model3DDict,
): ...
"""
MEDIA = """inputs=[
    io.Video.Input('video', optional=True), io.Audio.Input('audio', optional=True),
    io.Load3D.Input('body', optional=True), io.File3DGLB.Input('file', optional=True),
    io.Combo.Input('codec', options=Types.VideoCodec), io.Combo.Input('kind', options=VideoContainer.as_input()),
], outputs=[io.Video.Output(), io.Audio.Output(), io.Mesh.Output(), io.Voxel.Output()]"""


def house(root: Path, body: str) -> House:
    """A house with a node that does this, and gives what it calls `found`."""
    code = v3("Do", "outputs=[io.AnyType.Output()]", f"{body}\nreturn io.NodeOutput(found)")
    return made(root, EVERY_NAME + code)


def test_a_pack_that_only_declares_media_loads(tmp_path: Path) -> None:
    spec = made(tmp_path, EVERY_NAME + v3("Media", MEDIA)).spec("Media")

    assert [output.name for output in spec.outputs] == ["_0_VIDEO_", "_1_AUDIO_", "_2_MESH_", "_3_VOXEL_"]
    assert [input.widget for input in spec.inputs if input.name == "codec"] == [
        ChoiceWidget(("auto", "h264"))
    ]
    assert [str(input.type) for input in spec.inputs if input.name == "file"] == [
        "Named(name='FILE_3D_GLB', bases=())"
    ]


def test_a_video_of_pictures_tells_what_it_is(tmp_path: Path) -> None:
    body = """
class Pictures:
    shape = (12, 30, 40, 3)
video = InputImpl.VideoFromComponents(VideoComponents(Pictures(), Fraction(6)))
found = [video.get_dimensions(), video.get_frame_count(), video.get_duration(), str(video.get_frame_rate())]
"""

    assert house(tmp_path, body).value(graph(d=use("Do")), "d.0") == [(40, 30), 12, 2.0, "6"]


def test_a_video_in_a_file_is_copied_as_it_is(tmp_path: Path) -> None:
    source, target = tmp_path / "a.mp4", tmp_path / "b.mp4"
    source.write_bytes(b"frames")
    body = f"InputImpl.VideoFromFile({str(source)!r}).save_to({str(target)!r})\nfound = 1"

    assert house(tmp_path, body).value(graph(d=use("Do")), "d.0") == 1
    assert target.read_bytes() == b"frames"


def test_what_needs_a_library_names_it(tmp_path: Path) -> None:
    calls = {
        "reading": "found = InputImpl.VideoFromFile('a.mp4').get_components()",
        "writing": "found = VideoFromComponents(VideoComponents(None, Fraction(1))).save_to('b.mp4')",
        "packing": "found = VideoFromFile('a.mp4').save_to('b.mp4', metadata={'prompt': {}})",
    }
    for name, body in calls.items():
        (tmp_path / name).mkdir()
        failure = house(tmp_path / name, body).run(graph(d=use("Do")), "d.0").failure
        assert failure.error.endswith("NeedsLibrary")
        assert "needs the library 'av'" in failure.message
        assert "'av'" in failure.hint
