"""Weft's latent diffusion models: first stages, denoisers, text towers, training, and the Shapeland data."""
