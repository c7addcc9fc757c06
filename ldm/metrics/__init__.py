"""How good pictures are: beside the ones they should be like, and as many beside many."""
