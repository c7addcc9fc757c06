"""From what a client sends to a run in the queue, or to everything that is wrong with it."""
