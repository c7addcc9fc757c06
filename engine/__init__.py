"""Weft's engine: a typed graph runner. It knows nothing of images or diffusion."""
