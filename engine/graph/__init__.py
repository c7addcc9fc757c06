"""Graphs, node declarations and their checks: pure data and pure functions; no IO, no torch."""
