"""`comfy_api.latest.io`: what V3 nodes are declared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.packs.comfy.node_output import NodeOutput
from engine.packs.comfy.surface.api_inputs import MESH, VOXEL, AudioInput, File3D, LatentDict, VideoInput
from engine.packs.comfy.surface.io_growing import (
    Autogrow,
    DynamicCombo,
    DynamicInput,
    DynamicSlot,
    MatchType,
)
from engine.packs.comfy.surface.io_node import ComfyNode, Hidden, HiddenHolder, Schema
from engine.packs.comfy.surface.io_sockets import (
    BooleanInput,
    ComboInput,
    ComboOutput,
    ControlAfterGenerate,
    FloatInput,
    FolderType,
    Input,
    IntInput,
    MultiComboInput,
    MultiTypeInput,
    NumberDisplay,
    Output,
    RemoteOptions,
    StringInput,
    UploadType,
    WidgetInput,
)

__all__ = [
    "Autogrow",
    "ComfyNode",
    "ControlAfterGenerate",
    "DynamicCombo",
    "DynamicInput",
    "DynamicSlot",
    "FolderType",
    "Hidden",
    "HiddenHolder",
    "Input",
    "MatchType",
    "NodeOutput",
    "NumberDisplay",
    "Output",
    "RemoteOptions",
    "Schema",
    "UploadType",
    "WidgetInput",
]  # and every type below: `Int`, `Image`, ...


class ComfyTypeIO:
    """A type, with its Input and its Output."""

    io_type: Any = "*"
    Type: Any = Any
    Input: Any = Input
    Output: Any = Output


ComfyType = ComfyTypeI = ComfyTypeO = ComfyTypeIO

SOCKETS = {
    "Image": "IMAGE",
    "Mask": "MASK",
    "Latent": "LATENT",
    "Conditioning": "CONDITIONING",
    "Sampler": "SAMPLER",
    "Sigmas": "SIGMAS",
    "Noise": "NOISE",
    "Guider": "GUIDER",
    "Clip": "CLIP",
    "ControlNet": "CONTROL_NET",
    "Vae": "VAE",
    "Model": "MODEL",
    "ClipVision": "CLIP_VISION",
    "ClipVisionOutput": "CLIP_VISION_OUTPUT",
    "StyleModel": "STYLE_MODEL",
    "Gligen": "GLIGEN",
    "UpscaleModel": "UPSCALE_MODEL",
    "Audio": "AUDIO",
    "AudioEncoder": "AUDIO_ENCODER",
    "AudioEncoderOutput": "AUDIO_ENCODER_OUTPUT",
    "Video": "VIDEO",
    "SVG": "SVG",
    "LoraModel": "LORA_MODEL",
    "LossMap": "LOSS_MAP",
    "Voxel": "VOXEL",
    "Mesh": "MESH",
    "Hooks": "HOOKS",
    "HookKeyframes": "HOOK_KEYFRAMES",
    "TimestepsRange": "TIMESTEPS_RANGE",
    "LatentOperation": "LATENT_OPERATION",
    "FlowControl": "FLOW_CONTROL",
    "Accumulation": "ACCUMULATION",
    "Load3D": "LOAD_3D",
    "Load3DCamera": "LOAD3D_CAMERA",
    "Load3DAnimation": "LOAD_3D_ANIMATION",
    "Photomaker": "PHOTOMAKER",
    "Point": "POINT",
    "FaceAnalysis": "FACE_ANALYSIS",
    "BBOX": "BBOX",
    "SEGS": "SEGS",
    "ModelPatch": "MODEL_PATCH",
    "MODEL_PATCH": "MODEL_PATCH",
    "WanCameraEmbedding": "WAN_CAMERA_EMBEDDING",
    "Webcam": "WEBCAM",
    "LatentUpscaleModel": "LATENT_UPSCALE_MODEL",
    "Tracks": "TRACKS",
    "Color": "COLOR",
    "BoundingBox": "BOUNDING_BOX",
    "Curve": "CURVE",
    "ImageCompare": "IMAGECOMPARE",
    "File3DAny": "FILE_3D",
    "File3DGLB": "FILE_3D_GLB",
    "File3DGLTF": "FILE_3D_GLTF",
    "File3DFBX": "FILE_3D_FBX",
    "File3DOBJ": "FILE_3D_OBJ",
    "File3DSTL": "FILE_3D_STL",
    "File3DUSDZ": "FILE_3D_USDZ",
    "AnyType": "*",
}

# What packs write in hints: `io.Audio.AudioDict`, `io.Video.Type`.
HINTS: dict[str, dict[str, Any]] = {
    "Audio": {"Type": AudioInput, "AudioDict": AudioInput},
    "Latent": {"Type": LatentDict, "LatentDict": LatentDict},
    "Video": {"Type": VideoInput},
    "Mesh": {"Type": MESH},
    "Voxel": {"Type": VOXEL},
    "Conditioning": {"PooledDict": dict, "CondList": list},
    "Load3D": {"Model3DDict": dict},
    "Load3DCamera": {"CameraInfo": dict},
    "Load3DAnimation": {"Model3DDict": dict},
}
HINTS |= {name: {"Type": File3D} for name in SOCKETS if name.startswith("File3D")}


def Custom(io_type: str) -> type[ComfyTypeIO]:  # noqa: N802  (the name that packs know)
    """A type of the pack's own."""
    return _type(io_type, io_type, Input, Output)


def comfytype(io_type: str, **more: Any) -> Callable[[type], type]:
    """Declare a class as a type of the pack's own."""

    def declare(cls: type) -> type:
        own = _type(cls.__name__, io_type, getattr(cls, "Input", Input), getattr(cls, "Output", Output))
        for name in ("io_type", "Input", "Output"):
            setattr(cls, name, getattr(own, name))
        return cls

    return declare


def _type(name: str, io_type: str, input: type, output: type) -> type[ComfyTypeIO]:
    inside = {
        "io_type": io_type,
        "Input": type("Input", (input,), {"io_type": io_type}),
        "Output": type("Output", (output,), {"io_type": io_type}),
    }
    return type(name, (ComfyTypeIO,), inside)


Int = _type("Int", "INT", IntInput, Output)
Float = _type("Float", "FLOAT", FloatInput, Output)
String = _type("String", "STRING", StringInput, Output)
Boolean = _type("Boolean", "BOOLEAN", BooleanInput, Output)
Combo = _type("Combo", "COMBO", ComboInput, ComboOutput)
MultiCombo = _type("MultiCombo", "COMBO", MultiComboInput, ComboOutput)


class MultiType(ComfyTypeIO):
    """Several types at one input."""

    Input: Any = MultiTypeInput


for _name, _io_type in SOCKETS.items():
    globals()[_name] = _type(_name, _io_type, Input, Output)
    for _hint, _value in HINTS.get(_name, {}).items():
        setattr(globals()[_name], _hint, _value)

__all__ += ["ComfyType", "ComfyTypeI", "ComfyTypeIO", "ComfyTypeO", "comfytype"]
__all__ += list(SOCKETS)
__all__ += ["Boolean", "Combo", "Custom", "Float", "Int", "MultiCombo", "MultiType", "String"]
