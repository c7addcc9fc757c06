"""How fast Weft is, against what it cannot beat: bare calls of the same work, side by side in one run."""
