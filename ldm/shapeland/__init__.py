"""Shapeland: a procedural world of coloured shapes, its captions, and a metric that reads pictures back.

Nothing here is learned and nothing is loaded from disk, so any machine can make the data and the score.
"""
