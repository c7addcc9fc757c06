"""Diffusion: schedules, the one model contract D(x, sigma), guidance, noise and samplers; four orthogonal things."""
