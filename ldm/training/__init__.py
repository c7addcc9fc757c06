"""Training of both stages: objectives, averages, and loops that survive an interruption."""
