"""Guiders: a model together with what it is told, and how strongly it shall listen."""

from __future__ import annotations

from typing import Annotated, Literal

from engine.api import Range, node
from ldm.diffusion.guidance import ClassifierFree, PerpendicularNegative, Plain, TwoConditions
from nodes.facts import models
from nodes.port_types import Conditioning, DiffusionModel, Guider
from nodes.widgets import Guidance


@node("BasicGuider", title="Basic guider", category="sampling/custom_sampling/guiders", facts=models.guided)
def basic_guider(model: DiffusionModel, conditioning: Conditioning) -> Guider:
    """Tell the model what to paint, without guidance.

    Args:
        conditioning: What to paint.
    """
    return Guider(model, Plain(conditioning.entries))


@node("CFGGuider", title="CFG guider", category="sampling/custom_sampling/guiders", facts=models.guided_away)
def cfg_guider(
    model: DiffusionModel, positive: Conditioning, negative: Conditioning, cfg: Guidance = 8.0
) -> Guider:
    """Tell the model what to paint and what not to (classifier-free guidance).

    Args:
        positive: What to paint.
        negative: What not to paint.
        cfg: How much the positive conditioning outweighs the negative; 1 turns guidance off.
    """
    return Guider(model, ClassifierFree(positive.entries, negative.entries, cfg))


@node(
    "DualCFGGuider",
    title="Dual CFG guider",
    category="sampling/custom_sampling/guiders",
    facts=models.guided_twice,
)
def dual_cfg_guider(
    model: DiffusionModel,
    cond1: Conditioning,
    cond2: Conditioning,
    negative: Conditioning,
    cfg_conds: Guidance = 8.0,
    cfg_cond2_negative: Guidance = 8.0,
    style: Literal["regular", "nested"] = "regular",
) -> Guider:
    """Guide towards two conditionings, each with a strength of its own.

    Args:
        cond1: What to paint.
        cond2: What to paint as well, such as the same without one part.
        negative: What not to paint.
        cfg_conds: How much the first outweighs the second.
        cfg_cond2_negative: How much the second outweighs the negative.
        style: "nested": both together outweigh the negative.
    """
    told = (cond1.entries, cond2.entries, negative.entries)
    return Guider(model, TwoConditions(*told, cfg_conds, cfg_cond2_negative, style))


@node(
    "PerpNegGuider",
    title="Perp-Neg guider",
    category="_for_testing",
    experimental=True,
    facts=models.guided_across,
)
def perp_neg_guider(
    model: DiffusionModel,
    positive: Conditioning,
    negative: Conditioning,
    empty_conditioning: Conditioning,
    cfg: Guidance = 8.0,
    neg_scale: Annotated[float, Range(0.0, 100.0, step=0.01)] = 1.0,
) -> Guider:
    """Guide away from only that part of the negative that does not contradict the positive.

    Args:
        positive: What to paint.
        negative: What not to paint.
        empty_conditioning: An empty prompt, against which both are measured.
        cfg: How much the positive outweighs the empty prompt.
        neg_scale: How much the negative counts.
    """
    told = (positive.entries, negative.entries, empty_conditioning.entries)
    return Guider(model, PerpendicularNegative(*told, cfg, neg_scale))
