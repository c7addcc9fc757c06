"""The widgets that several nodes share: their bounds and choices. No nodes here."""

from __future__ import annotations

from typing import Annotated, Literal

from engine.api import Range

LARGEST = 16384  # pixels along a side

Side = Annotated[int, Range(0, LARGEST)]
CellSide = Annotated[int, Range(0, LARGEST, step=8)]
FullSide = Annotated[int, Range(1, LARGEST)]
BatchSize = Annotated[int, Range(1, 4096)]
Share = Annotated[float, Range(0.0, 1.0, step=0.01)]
Steps = Annotated[int, Range(1, 10000)]
Guidance = Annotated[float, Range(0.0, 100.0, step=0.1)]
Colour = Annotated[int, Range(0, 0xFFFFFF)]

LatentMethod = Literal["nearest-exact", "bilinear", "area", "bicubic", "bislerp"]
ImageMethod = Literal["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]
Crop = Literal["disabled", "center"]
Rotation = Literal["none", "90 degrees", "180 degrees", "270 degrees"]
Flip = Literal["x-axis: vertically", "y-axis: horizontally"]

SamplerName = Literal[
    "euler",
    "euler_ancestral",
    "heun",
    "dpm_2",
    "dpm_2_ancestral",
    "lms",
    "dpmpp_2s_ancestral",
    "dpmpp_2m",
    "ddpm",
    "lcm",
    "ipndm",
    "res_multistep",
    "res_multistep_ancestral",
    "gradient_estimation",
    "ddim",
]
SchedulerName = Literal[
    "simple",
    "sgm_uniform",
    "karras",
    "exponential",
    "ddim_uniform",
    "beta",
    "normal",
    "linear_quadratic",
    "kl_optimal",
    "ddim",
]
