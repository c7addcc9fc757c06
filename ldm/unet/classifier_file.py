"""Classifiers in files: those that Weft saved, and ADM's published ones, told by their keys and shapes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import torch
from safetensors.torch import save_file

from ldm.spec import UNetSpec
from ldm.tensor_file import CheckpointError, TensorFile, fill, opened
from ldm.unet.classifier import Classifier, ClassifierSpec

SPEC_KEY = "weft.classifier_spec"
PREFIXES = ("", "model.")  # as ADM has it, and as CompVis' `NoisyLatentImageClassifier` does


def _adm(size: int, channel_mult: tuple[int, ...], res_blocks: int = 2) -> ClassifierSpec:
    """ADM's classifier of ImageNet's pictures: it attends where maps have 32, 16 and 8 places a side."""
    unet = UNetSpec(
        in_channels=3,
        out_channels=3,
        model_channels=128,
        channel_mult=channel_mult,
        res_blocks=res_blocks,
        attention_factors=(size // 32, size // 16, size // 8),
        heads=None,
        head_channels=64,
        context_dim=None,
        resize_in_blocks=True,
        scale_shift_norm=True,
    )
    return ClassifierSpec(unet=unet, size=size)


ADM_CLASSIFIERS = {
    "64x64_classifier": _adm(64, (1, 2, 3, 4), 4),
    "128x128_classifier": _adm(128, (1, 1, 2, 3, 4)),
    "256x256_classifier": _adm(256, (1, 1, 2, 2, 4, 4)),
}


def load_classifier(path: Path) -> Classifier:
    """Load a classifier, in float32 on the CPU, ready for inference.

    Raises:
        CheckpointError: the file is missing, damaged, no safetensors file, or no classifier that is known here.
    """
    with opened(path) as file:
        spec, prefix = _spec_in(file)
        with torch.device("meta"):
            model = Classifier(spec)
        fill(path, model, file.below(prefix), prefix)
    return model


def recognise_classifier(shapes: Mapping[str, tuple[int, ...]]) -> tuple[ClassifierSpec, str] | None:
    """Which of ADM's classifiers has tensors of these shapes, and what stands in front of its keys; None: no one."""
    for prefix in PREFIXES:
        for spec in ADM_CLASSIFIERS.values():
            with torch.device("meta"):
                wanted = Classifier(spec).state_dict()
            if all(shapes.get(prefix + key) == tuple(tensor.shape) for key, tensor in wanted.items()):
                return spec, prefix
    return None


def _spec_in(file: TensorFile) -> tuple[ClassifierSpec, str]:
    if SPEC_KEY in file.metadata:
        try:
            return msgspec.json.decode(file.metadata[SPEC_KEY], type=ClassifierSpec), ""
        except msgspec.DecodeError as error:
            raise CheckpointError(f"{file.path.name} has a spec that cannot be read: {error}.") from error
    found = recognise_classifier(file.shapes)
    if found is None:
        raise CheckpointError(
            f"{file.path.name} is no classifier that is known here: its metadata has no {SPEC_KEY!r}, and its tensors "
            f"are not those of ADM's {', '.join(ADM_CLASSIFIERS)}."
        )
    return found


def save_classifier(model: Classifier, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write a classifier in half precision, with its spec. `notes` join the metadata."""
    half = {key: value.detach().half().contiguous() for key, value in model.state_dict().items()}
    save_file(
        half, path, metadata={SPEC_KEY: msgspec.json.encode(model.classifier_spec).decode(), **(notes or {})}
    )
