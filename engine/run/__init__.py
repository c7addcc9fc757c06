"""Running a graph: keys, cache, plan, the loop and what a node sees of it."""
