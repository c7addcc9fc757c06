"""Weft's own nodes: thin functions over `ldm`, one file for each stage of the paper's diagram."""
