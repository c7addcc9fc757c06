"""How finished values show themselves to whoever inspects them. No nodes here."""

from __future__ import annotations

import PIL.Image
import torch
from torch import Tensor

from engine.api import Look, peeker
from ldm.first_stage.glance import glance
from nodes.port_types import (
    Conditioning,
    ControlModel,
    DiffusionModel,
    FirstStage,
    Guider,
    Image,
    Latent,
    Layout,
    LossCurve,
    Mask,
    Noise,
    NoisyClassifier,
    PictureTransform,
    SamplerChoice,
    SeenPictures,
    Sigmas,
    TextModel,
    TokenRows,
    VisionModel,
)
from nodes.saving import to_bytes

LARGEST = 512  # pixels of the longer side

# The colours of latents of so many channels and pixels a cell, as the model that was loaded last has them: a latent
# does not say whose it is.
_COLOURS: dict[tuple[int, int], Tensor] = {}


def remember_colours(colours: Tensor, factor: int) -> None:
    """Show latents of that many channels in these colours from now on."""
    _COLOURS[len(colours) - 1, factor] = colours


@peeker(Image)
def peek_at_image(image: Image) -> Look:
    """The first picture of the batch."""
    return Look(image.pixels, to_bytes(Image(image.pixels[:1]))[0], length=len(image.pixels))


@peeker(Mask)
def peek_at_mask(mask: Mask) -> Look:
    """The first one, open parts in white."""
    first = mask.values.reshape(-1, *mask.values.shape[-2:])[0]
    grey = (first.clamp(0, 1) * 255).to(torch.uint8).numpy()
    return Look(mask.values, PIL.Image.fromarray(grey), length=len(mask.values))


@peeker(Latent)
def peek_at_latent(latent: Latent) -> Look:
    """The first latent of the batch, its cells enlarged."""
    canvas = latent.canvas
    text = None if canvas is None else f"empty, for {canvas[0]} x {canvas[1]} pixels"
    return Look(latent.samples, enlarged(in_colours(latent)), text, len(latent.samples))


def in_colours(latent: Latent) -> PIL.Image.Image:
    """The first latent with a pixel for each cell: in its model's colours, or the first channels as they are spread."""
    first = latent.samples[:1].float().cpu()
    colours = _COLOURS.get((first.shape[1], latent.factor))
    if colours is not None:
        return to_bytes(Image(glance(first, colours)))[0]
    channels = first[:, [0, min(1, first.shape[1] - 1), min(2, first.shape[1] - 1)]].movedim(1, -1)
    spread = 6 * channels.std() if channels.numel() > 1 else torch.tensor(0.0)
    return to_bytes(Image((channels - channels.mean()) / spread.clamp(min=1e-6) + 0.5))[0]


def enlarged(picture: PIL.Image.Image) -> PIL.Image.Image:
    """A small picture as large as it is looked at."""
    share = LARGEST / max(picture.size)
    width, height = (max(1, round(side * share)) for side in picture.size)
    return picture.resize((width, height), PIL.Image.Resampling.BILINEAR)


@peeker(Conditioning)
def peek_at_conditioning(conditioning: Conditioning) -> Look:
    """The context of the first entry, and where and when each counts."""
    said = [
        f"{one.context.shape[1]} tokens of width {one.context.shape[2]}, strength {one.strength:g}"
        + (f", in {one.area}" if one.area is not None else "")
        + (", where a mask is open" if one.mask is not None else "")
        + (f", shown {' and '.join(one.beside).replace('_', ' ')}" if one.beside else "")
        + "".join(f", following a picture with strength {each.hint.strength:g}" for each in one.control)
        + (f", from {one.start:.0%} to {one.end:.0%}" if (one.start, one.end) != (0.0, 1.0) else "")
        for one in conditioning.entries
    ]
    return Look(conditioning.context, text="\n".join(said), length=len(conditioning.entries))


@peeker(TokenRows)
def peek_at_tokens(tokens: TokenRows) -> Look:
    """The numbers of the tokens."""
    return Look(
        tokens.ids, text=" ".join(str(id) for id in tokens.ids[0].tolist()), length=tokens.ids.shape[1]
    )


@peeker(Sigmas)
def peek_at_sigmas(sigmas: Sigmas) -> Look:
    """The noise levels, one after the other."""
    levels = " ".join(f"{level:.4g}" for level in sigmas.levels.tolist())
    return Look(sigmas.levels, text=levels, length=len(sigmas.levels))


@peeker(DiffusionModel)
def peek_at_model(model: DiffusionModel) -> Look:
    """Which model it is, and how large."""
    stage = model.spec.first_stage
    return Look(
        text=f"{model.spec.name}: {_size(model.unet)}, latents of {stage.embed_dim} channels, "
        f"{stage.factor} pixels a cell, guesses {model.spec.parameterization}"
        + "".join(f", {type(change).__name__}" for change in (*model.changes, *model.steering))
    )


@peeker(TextModel)
def peek_at_text_model(model: TextModel) -> Look:
    """How large it is."""
    return Look(text=f"{type(model.encoder).__name__}: {_size(model.encoder)}")


@peeker(FirstStage)
def peek_at_first_stage(vae: FirstStage) -> Look:
    """Its latents, and how large it is."""
    spec = vae.autoencoder.spec
    return Look(text=f"{_size(vae.autoencoder)}, {spec.embed_dim} channels, {spec.factor} pixels a cell")


@peeker(ControlModel)
def peek_at_control(control_net: ControlModel) -> Look:
    """How large it is."""
    return Look(text=f"{type(control_net.net).__name__}: {_size(control_net.net)}")


@peeker(Guider)
def peek_at_guider(guider: Guider) -> Look:
    """The model, and how it is guided."""
    return Look(text=f"{guider.model.spec.name}, {type(guider.guidance).__name__}")


@peeker(SamplerChoice)
def peek_at_sampler(sampler: SamplerChoice) -> Look:
    """Its name and settings."""
    settings = (
        f"{name}={value}" if isinstance(value, str) else f"{name}={value:g}"
        for name, value in sampler.settings.items()
    )
    return Look(text=" ".join([sampler.name, *settings]))


@peeker(Noise)
def peek_at_noise(noise: Noise) -> Look:
    """Its seed."""
    return Look(text="no noise" if noise.seed is None else f"seed {noise.seed}")


@peeker(LossCurve)
def peek_at_losses(losses: LossCurve) -> Look:
    """The losses, from the first to the last."""
    return Look(
        torch.tensor([loss for _, loss in losses.points]), text=losses.name, length=len(losses.points)
    )


@peeker(Layout)
def peek_at_layout(layout: Layout) -> Look:
    """Each box."""
    said = [
        f"class {box.kind}: {box.width:g} x {box.height:g} at {box.left:g}, {box.top:g}"
        for box in layout.boxes
    ]
    return Look(text="\n".join(said), length=len(layout.boxes))


@peeker(VisionModel)
def peek_at_vision_model(vision: VisionModel) -> Look:
    """How large it is, and of what it makes how many numbers."""
    spec = vision.tower.spec
    return Look(text=f"{_size(vision.tower)}, {spec.resolution} pixels to {spec.projection} numbers")


@peeker(SeenPictures)
def peek_at_seen_pictures(seen: SeenPictures) -> Look:
    """The vectors."""
    return Look(seen.vector, length=len(seen.vector))


@peeker(NoisyClassifier)
def peek_at_classifier(classifier: NoisyClassifier) -> Look:
    """How large it is, and how many classes it knows."""
    return Look(text=f"{_size(classifier.net)}, {classifier.net.classifier_spec.classes} classes")


@peeker(PictureTransform)
def peek_at_transform(transform: PictureTransform) -> Look:
    """Its steps."""
    steps = (getattr(step, "__name__", type(step).__name__) for step in transform.steps)
    return Look(text=", ".join(steps), length=len(transform.steps))


def _size(module: torch.nn.Module) -> str:
    return f"{sum(weights.numel() for weights in module.parameters()) / 1e6:.1f} million weights"
