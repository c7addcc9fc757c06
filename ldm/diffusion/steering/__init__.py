"""Steering: gradients that push each of the model's guesses, by a classifier or by a picture (LDM, appendix C)."""
