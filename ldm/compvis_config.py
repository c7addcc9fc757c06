"""CompVis' config files (YAML: a tree of `target` and `params`) as specs, for models that are not recognised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml

from ldm.published import BERT_LARGE, CLIP_L, INPAINTING, LAYOUT, OPEN_CLIP_H
from ldm.spec import (
    ClassSpec,
    ConcatSpec,
    FirstStageSpec,
    ModelSpec,
    Parameterization,
    RescalerSpec,
    ScheduleSpec,
    TextSpec,
    UNetSpec,
)
from ldm.tensor_file import CheckpointError

Tree: TypeAlias = Mapping[str, Any]

SCHEDULES: Mapping[str, Literal["sqrt_linear", "linear", "cosine", "sqrt"]] = {
    "linear": "sqrt_linear",
    "sqrt_linear": "linear",
    "cosine": "cosine",
    "sqrt": "sqrt",
}
GUESSES: Mapping[str, Parameterization] = {"eps": "eps", "x0": "x0", "v": "v"}
TOKENS = 77  # that transformers read where their configs do not say it
IMAGENET = 1000  # classes; a model with one more has learned what none is
SHOWN: Mapping[str, ConcatSpec] = {
    "LatentInpaintDiffusion": INPAINTING,
    "LatentDepth2ImageDiffusion": ConcatSpec(order=("depth",)),
    "masked_image": ConcatSpec(order=("masked_image", "mask"), signed=True, hole=-1.0),
    "LR_image": ConcatSpec(order=("low_resolution",)),
    "segmentation": ConcatSpec(order=("semantic_map",)),
}
"""What is shown beside the latent, by the model's class, or by what its data set calls it (`cond_stage_key`)."""


def compvis_spec(path: Path) -> ModelSpec:
    """The model of a config file.

    Raises:
        CheckpointError: it is no such file, or has a part that is not known here.
    """
    model = _Part(path.name, "", _tree(path)).below("model")
    params = model.params
    unet = params.below("unet_config")
    spec = ModelSpec(
        name=path.stem,
        first_stage=_first_stage(params.below("first_stage_config")),
        unet=_unet(unet.params),
        schedule=ScheduleSpec(
            kind=SCHEDULES[params.one_of("beta_schedule", SCHEDULES, "linear")],
            first=params.number("linear_start", 1e-4),
            last=params.number("linear_end", 2e-2),
            steps=int(params.number("timesteps", 1000)),
        ),
        parameterization=GUESSES[params.one_of("parameterization", GUESSES, "eps")],
    )
    scale = params.number("scale_factor", 1.0)
    spec = replace(spec, first_stage=replace(spec.first_stage, scale_factor=scale))
    return _listening(replace(spec, concat=_shown(model, spec)), params)


# ---- parts


class _Part:
    """A part of the tree, and where it stands."""

    def __init__(self, file: str, where: str, tree: Tree) -> None:
        self.file, self.where, self.tree = file, where, tree

    def below(self, name: str) -> _Part:
        """The part of this name."""
        found, where = self.tree.get(name), f"{self.where}.{name}" if self.where else name
        if not isinstance(found, Mapping):
            raise CheckpointError(f"{self.file} has no {where}, which says how the model is built.")
        return _Part(self.file, where, found)

    @property
    def params(self) -> _Part:
        """What is given to the class; nothing where it is left out."""
        return _Part(self.file, f"{self.where}.params", self.tree.get("params") or {})

    @property
    def target(self) -> str:
        """The class, without the module."""
        return str(self.tree.get("target", "")).rsplit(".", 1)[-1]

    def number(self, name: str, otherwise: float | None = None) -> float:
        """A number."""
        value: Any = self.tree.get(name, otherwise)
        try:
            return float(value)  # "1e-4" is a text in YAML
        except (TypeError, ValueError) as error:
            raise CheckpointError(f"{self.file}: {self.where}.{name} is {value!r}, not a number.") from error

    def whole(self, name: str, otherwise: int | None = None) -> int:
        """A whole number."""
        return int(self.number(name, otherwise))

    def numbers(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        value = self.tree.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, int) for one in value):
            raise CheckpointError(
                f"{self.file}: {self.where}.{name} is {value!r}, not a list of whole numbers."
            )
        return tuple(value)

    def is_set(self, name: str) -> bool:
        """Whether a switch is on."""
        return bool(self.tree.get(name, False))

    def one_of(self, name: str, known: Mapping[str, object], otherwise: str) -> str:
        """One of these words."""
        value = str(self.tree.get(name, otherwise))
        if value not in known:
            raise CheckpointError(
                f"{self.file}: {self.where}.{name} is {value!r}, but only {', '.join(known)} are known here."
            )
        return value


def _unet(params: _Part) -> UNetSpec:
    listens = params.is_set("use_spatial_transformer")
    channels = params.tree.get("num_head_channels", -1)
    classes = params.tree.get("num_classes")
    sequential = classes == "sequential"
    return UNetSpec(
        in_channels=params.whole("in_channels"),
        out_channels=params.whole("out_channels"),
        model_channels=params.whole("model_channels"),
        channel_mult=params.numbers("channel_mult"),
        res_blocks=params.whole("num_res_blocks"),
        attention_factors=params.numbers("attention_resolutions"),
        heads=None if channels != -1 else params.whole("num_heads"),
        head_channels=None if channels == -1 else params.whole("num_head_channels"),
        context_dim=params.whole("context_dim") if listens else None,
        depth=params.whole("transformer_depth", 1),
        linear_projection=params.is_set("use_linear_in_transformer"),
        resize_in_blocks=params.is_set("resblock_updown"),
        scale_shift_norm=params.is_set("use_scale_shift_norm"),
        classes=classes if isinstance(classes, int) else None,
        vector_dim=params.whole("adm_in_channels") if sequential else None,
    )


def _first_stage(stage: _Part) -> FirstStageSpec:
    kinds: Mapping[str, Literal["kl", "vq", "identity"]] = {
        "AutoencoderKL": "kl",
        "VQModel": "vq",
        "VQModelInterface": "vq",
        "IdentityFirstStage": "identity",
    }
    if stage.target not in kinds:
        raise CheckpointError(
            f"{stage.file}: {stage.where}.target is {stage.target!r}, but only {', '.join(kinds)} are known here."
        )
    if kinds[stage.target] == "identity":
        return FirstStageSpec(kind="identity", channel_mult=(1,))
    params, dd = stage.params, stage.params.below("ddconfig")
    attention: Mapping[str, Literal["vanilla", "linear", "none"]] = {
        "vanilla": "vanilla",
        "vanilla-xformers": "vanilla",
        "linear": "linear",
        "none": "none",
    }
    return FirstStageSpec(
        kind=kinds[stage.target],
        channels=dd.whole("ch"),
        channel_mult=dd.numbers("ch_mult"),
        res_blocks=dd.whole("num_res_blocks"),
        z_channels=dd.whole("z_channels"),
        embed_dim=params.whole("embed_dim"),
        attention_resolutions=dd.numbers("attn_resolutions"),
        attention=attention[dd.one_of("attn_type", attention, "vanilla")],
        resolution=dd.whole("resolution"),
        codes=params.whole("n_embed") if kinds[stage.target] == "vq" else 0,
    )


def _shown(model: _Part, spec: ModelSpec) -> ConcatSpec | None:
    if spec.unet.in_channels == spec.first_stage.embed_dim:
        return None
    names = (model.target, str(model.params.tree.get("cond_stage_key", "")))
    found = next((SHOWN[name] for name in names if name in SHOWN), None)
    if found is None:
        raise CheckpointError(
            f"{model.file}: the UNet has {spec.unet.in_channels} input channels and the latent "
            f"{spec.first_stage.embed_dim}, but what is shown beside the latent is not known of a {names[0]} with the "
            f"cond_stage_key {names[1]!r}."
        )
    return found


def _listening(spec: ModelSpec, params: _Part) -> ModelSpec:
    """The spec with what the model listens through."""
    if not isinstance(
        params.tree.get("cond_stage_config"), Mapping
    ):  # "__is_first_stage__", "__is_unconditional__"
        return spec
    stage = params.below("cond_stage_config")
    said = stage.params
    match stage.target:
        case "Identity":
            return spec
        case "FrozenCLIPEmbedder":
            return replace(spec, clip=CLIP_L)
        case "FrozenOpenCLIPEmbedder":
            return replace(spec, clip=OPEN_CLIP_H)
        case "BERTEmbedder":
            return replace(spec, text=_transformer(BERT_LARGE, said))
        case "TransformerEmbedder":
            return replace(spec, text=_transformer(LAYOUT, said))
        case "ClassEmbedder":
            return replace(spec, classes=_classes(said))
        case "SpatialRescaler":
            return replace(spec, rescaler=_rescaler(said))
    raise CheckpointError(
        f"{stage.file}: {stage.where}.target is {stage.target!r}, which is not known here. Known are "
        "FrozenCLIPEmbedder, FrozenOpenCLIPEmbedder, BERTEmbedder, ClassEmbedder, SpatialRescaler and "
        "TransformerEmbedder."
    )


def _transformer(like: TextSpec, said: _Part) -> TextSpec:
    return replace(
        like,
        width=said.whole("n_embed"),
        layers=said.whole("n_layer"),
        entries=said.whole("vocab_size", like.entries),
        length=said.whole("max_seq_len", TOKENS),
    )


def _classes(said: _Part) -> ClassSpec:
    count = said.whole("n_classes", IMAGENET)
    return ClassSpec(classes=count, width=said.whole("embed_dim"), null=count == IMAGENET + 1)


def _rescaler(said: _Part) -> RescalerSpec:
    return RescalerSpec(
        channels=said.whole("in_channels", 3),
        out_channels=said.whole("out_channels"),
        stages=said.whole("n_stages", 1),
    )


def _tree(path: Path) -> Tree:
    try:
        tree = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no file {path}.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CheckpointError(f"{path.name} cannot be read: {error}.") from error
    if not isinstance(tree, Mapping):
        raise CheckpointError(f"{path.name} is no config of CompVis'.")
    return tree
