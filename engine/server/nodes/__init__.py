"""Which nodes and packs there are."""
