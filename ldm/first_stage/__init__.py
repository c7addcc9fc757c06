"""The first stage: pixels to latents and back."""
