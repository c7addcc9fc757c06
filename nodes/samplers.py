"""Choosing a sampler, by its name or with settings of its own."""

from __future__ import annotations

from typing import Annotated, Literal

from engine.api import Output, Range, node
from ldm.diffusion.growing import Method
from ldm.diffusion.samplers import noisy_part
from nodes.port_types import DiffusionModel, SamplerChoice
from nodes.widgets import SamplerName, Share

Chosen = Annotated[SamplerChoice, Output("sampler")]
Amount = Annotated[float, Range(0.0, 100.0, step=0.01)]
LeftOut = Annotated[float, Range(0.0, 0.99, step=0.01)]
NoiseDevice = Literal["gpu", "cpu"]
HOME = "sampling/custom_sampling/samplers"


@node("KSamplerSelect", title="Choose sampler", category=HOME)
def choose_sampler(sampler_name: SamplerName = "euler") -> Chosen:
    """Choose a sampler by name.

    Args:
        sampler_name: How a step is taken.
    """
    return SamplerChoice(sampler_name)


@node("SamplerDDIM", title="DDIM sampler", category=HOME)
def choose_ddim(eta: Share = 0.0, temperature: Amount = 1.0, noise_dropout: LeftOut = 0.0) -> Chosen:
    """The paper's sampler, DDIM.

    Args:
        eta: How much fresh noise each step adds: 0 none, 1 as much as DDPM.
        temperature: Multiplies the fresh noise.
        noise_dropout: Which share of the fresh noise is left out at random; the rest is raised.
    """
    return SamplerChoice("ddim", {"eta": eta, "s_noise": temperature, "noise_dropout": noise_dropout})


@node("SamplerDDPM", title="DDPM sampler", category=HOME)
def choose_ddpm(
    variance: Literal["small", "large", "learned"] = "small",
    temperature: Amount = 1.0,
    noise_dropout: LeftOut = 0.0,
) -> Chosen:
    """The ancestral sampler that diffusion models began with; it wants many steps: all of them with "simple" and 1000.

    Args:
        variance: Of the noise that comes in: small, large, or what the model has learned, if it has.
        temperature: Multiplies the fresh noise.
        noise_dropout: Which share of the fresh noise is left out at random; the rest is raised.
    """
    settings = {"variance": variance, "s_noise": temperature, "noise_dropout": noise_dropout}
    return SamplerChoice("ddpm", settings)


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


@node("SamplerEulerAncestralCFGPP", title="Euler ancestral CFG++ sampler", category=HOME)
def choose_euler_ancestral_cfg_pp(
    eta: Share = 1.0, s_noise: Annotated[float, Range(0.0, 10.0, step=0.01)] = 1.0
) -> Chosen:
    """Euler steps with fresh noise, and guidance that changes where they go but not along which noise (CFG++).

    Args:
        eta: How much fresh noise each step adds; 0 makes it Euler's method.
        s_noise: Multiplies the fresh noise.
    """
    return SamplerChoice("euler_ancestral_cfg_pp", {"eta": eta, "s_noise": s_noise})


@node("SamplerDPMPP_SDE", title="DPM++ SDE sampler", category=HOME)
def choose_dpmpp_sde(
    eta: Amount = 1.0, s_noise: Amount = 1.0, r: Amount = 0.5, noise_device: NoiseDevice = "gpu"
) -> Chosen:
    """Steps of second order along a Brownian path, with two calls of the model each.

    Args:
        eta: How much noise comes in; 0 makes it a deterministic method.
        s_noise: Multiplies that noise.
        r: At which share of a step the model is asked for the second time.
        noise_device: Has no effect: noise is always drawn on the CPU, so that a seed means the same everywhere.
    """
    # At r = 0 the second guess is the first, and a share of nothing cannot be carried on from.
    return SamplerChoice("dpmpp_sde", {"eta": eta, "s_noise": s_noise, "r": max(r, 0.01)})


@node("SamplerDPMPP_2M_SDE", title="DPM++ 2M SDE sampler", category=HOME)
def choose_dpmpp_2m_sde(
    solver_type: Literal["midpoint", "heun"] = "midpoint",
    eta: Amount = 1.0,
    s_noise: Amount = 1.0,
    noise_device: NoiseDevice = "gpu",
) -> Chosen:
    """Steps along a Brownian path that look at the one before.

    Args:
        solver_type: How that one counts.
        eta: How much noise comes in; 0 makes it a deterministic method.
        s_noise: Multiplies that noise.
        noise_device: Has no effect: noise is always drawn on the CPU, so that a seed means the same everywhere.
    """
    settings = {"solver_type": solver_type, "eta": eta, "s_noise": s_noise}
    return SamplerChoice("dpmpp_2m_sde", settings)


@node("SamplerDPMPP_3M_SDE", title="DPM++ 3M SDE sampler", category=HOME)
def choose_dpmpp_3m_sde(
    eta: Amount = 1.0, s_noise: Amount = 1.0, noise_device: NoiseDevice = "gpu"
) -> Chosen:
    """Steps along a Brownian path that look at the two before.

    Args:
        eta: How much noise comes in; 0 makes it a deterministic method.
        s_noise: Multiplies that noise.
        noise_device: Has no effect: noise is always drawn on the CPU, so that a seed means the same everywhere.
    """
    return SamplerChoice("dpmpp_3m_sde", {"eta": eta, "s_noise": s_noise})


@node("SamplerDPMAdaptative", title="DPM adaptive sampler", category=HOME)
def choose_dpm_adaptive(
    order: Annotated[int, Range(2, 3)] = 3,
    rtol: Amount = 0.05,
    atol: Annotated[float, Range(0.0, 100.0)] = 0.0078,
    h_init: Amount = 0.05,
    pcoeff: Amount = 0.0,
    icoeff: Amount = 1.0,
    dcoeff: Amount = 0.0,
    accept_safety: Amount = 0.81,
    eta: Amount = 0.0,
    s_noise: Amount = 1.0,
) -> Chosen:
    """Steps as large as the error allows; how many there are shows on the way.

    Args:
        order: Of the better of the two methods that are compared.
        rtol: The error of a step that is allowed, as a share of the latent.
        atol: The error that is allowed in any case.
        h_init: The first step's length, in log sigma.
        pcoeff: How much the present error counts for the next step's length.
        icoeff: How much all errors together count.
        dcoeff: How much their change counts.
        accept_safety: A step is taken again if the next would have to be shorter than this share of it.
        eta: How much fresh noise each step adds.
        s_noise: Multiplies the fresh noise.
    """
    controller = {"pcoeff": pcoeff, "icoeff": icoeff, "dcoeff": dcoeff, "accept_safety": accept_safety}
    errors = {"order": order, "rtol": rtol, "atol": atol, "h_init": h_init}
    return SamplerChoice("dpm_adaptive", {**errors, **controller, "eta": eta, "s_noise": s_noise})


@node("SamplerER_SDE", title="ER-SDE sampler", category=HOME)
def choose_er_sde(
    solver_type: Literal["ER-SDE", "Reverse-time SDE", "ODE"] = "ER-SDE",
    max_stage: Annotated[int, Range(1, 3)] = 3,
    eta: Amount = 1.0,
    s_noise: Amount = 1.0,
) -> Chosen:
    """Steps of the extended reverse-time SDE.

    Args:
        solver_type: How noise comes in with the level: by the paper's best function, by a power, or not at all.
        max_stage: At how many guesses a step looks.
        eta: Of the reverse-time SDE: the power; 0 makes it the ODE.
        s_noise: Multiplies the noise.
    """
    settings = {"solver_type": solver_type, "max_stage": max_stage, "eta": eta, "s_noise": s_noise}
    return SamplerChoice("er_sde", settings)


@node("SamplerSASolver", title="SA-Solver sampler", category=HOME)
def choose_sa_solver(
    model: DiffusionModel,
    eta: Annotated[float, Range(0.0, 10.0, step=0.01)] = 1.0,
    sde_start_percent: Annotated[float, Range(0.0, 1.0, step=0.001)] = 0.2,
    sde_end_percent: Annotated[float, Range(0.0, 1.0, step=0.001)] = 0.8,
    s_noise: Amount = 1.0,
    predictor_order: Annotated[int, Range(1, 6)] = 3,
    corrector_order: Annotated[int, Range(0, 6)] = 4,
    use_pece: bool = False,
    simple_order_2: bool = False,
) -> Chosen:
    """Stochastic Adams steps that predict, ask the model, and correct.

    Args:
        model: Its schedule says where noise comes in.
        eta: How much noise comes in there.
        sde_start_percent: From which share of the way on.
        sde_end_percent: Up to which share of the way.
        s_noise: Multiplies the noise.
        predictor_order: At how many guesses the prediction looks.
        corrector_order: At how many guesses the correction looks, the newest included; 0 leaves it out.
        use_pece: Ask the model about the corrected latent again.
        simple_order_2: Take a simpler formula where two guesses count.
    """
    orders = {"predictor_order": predictor_order, "corrector_order": corrector_order}
    how = {"eta": eta, "s_noise": s_noise, "use_pece": use_pece, "simple_order_2": simple_order_2}
    where = noisy_part(model.schedule, sde_start_percent, sde_end_percent)
    return SamplerChoice("sa_solver", {**orders, **how, **where})


@node("SamplerEulerCFGpp", title="Euler CFG++ sampler", category="_for_testing", experimental=True)
def choose_euler_cfg_pp(version: Literal["regular", "alternative"] = "regular") -> Chosen:
    """Euler's steps with guidance that changes where they go but not along which noise (CFG++).

    Args:
        version: "alternative" also turns each step's direction, which makes guidance stronger.
    """
    return SamplerChoice("euler_cfg_pp", {"version": version})


@node("SamplerLCMUpscale", title="LCM sampler that enlarges", category=HOME)
def choose_lcm_upscale(
    scale_ratio: Annotated[float, Range(0.1, 20.0, step=0.01)] = 1.0,
    scale_steps: Annotated[int, Range(-1, 1000)] = -1,
    upscale_method: Method = "bislerp",
) -> Chosen:
    """Steps of a consistency model between which the picture grows; for runs without areas and masks.

    Args:
        scale_ratio: How many times as large it ends.
        scale_steps: Over how many of the first steps it grows; -1 over half of them.
        upscale_method: How it is enlarged.
    """
    settings = {"scale_ratio": scale_ratio, "scale_steps": scale_steps, "upscale_method": upscale_method}
    return SamplerChoice("lcm", settings)
