"""Choosing a sampler, by its name or with settings of its own."""

from __future__ import annotations

from typing import Annotated

from engine.api import Output, Range, node
from nodes.port_types import SamplerChoice
from nodes.widgets import SamplerName, Share

Chosen = Annotated[SamplerChoice, Output("sampler")]
Amount = Annotated[float, Range(0.0, 100.0, step=0.01)]
HOME = "sampling/custom_sampling/samplers"


@node("KSamplerSelect", title="Choose sampler", category=HOME)
def choose_sampler(sampler_name: SamplerName = "euler") -> Chosen:
    """Choose a sampler by name.

    Args:
        sampler_name: How a step is taken.
    """
    return SamplerChoice(sampler_name)


@node("SamplerDDIM", title="DDIM sampler", category=HOME)
def choose_ddim(eta: Share = 0.0) -> Chosen:
    """The paper's sampler, DDIM.

    Args:
        eta: How much fresh noise each step adds: 0 none, 1 as much as DDPM.
    """
    return SamplerChoice("ddim", {"eta": eta})


@node("SamplerEulerAncestral", title="Euler ancestral sampler", category=HOME)
def choose_euler_ancestral(eta: Amount = 1.0, s_noise: Amount = 1.0) -> Chosen:
    """Euler steps with fresh noise.

    Args:
        eta: How much fresh noise each step adds; 0 makes it Euler's method.
        s_noise: Multiplies the fresh noise.
    """
    return SamplerChoice("euler_ancestral", {"eta": eta, "s_noise": s_noise})


@node("SamplerLMS", title="LMS sampler", category=HOME)
def choose_lms(order: Annotated[int, Range(1, 100)] = 4) -> Chosen:
    """Linear multistep: each step also looks at those before it.

    Args:
        order: At how many steps it looks, itself included.
    """
    return SamplerChoice("lms", {"order": order})


@node("SamplerDPMPP_2S_Ancestral", title="DPM++ 2S ancestral sampler", category=HOME)
def choose_dpmpp_2s_ancestral(eta: Amount = 1.0, s_noise: Amount = 1.0) -> Chosen:
    """Steps of second order with fresh noise.

    Args:
        eta: How much fresh noise each step adds.
        s_noise: Multiplies the fresh noise.
    """
    return SamplerChoice("dpmpp_2s_ancestral", {"eta": eta, "s_noise": s_noise})
