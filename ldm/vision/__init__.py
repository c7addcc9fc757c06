"""CLIP's image tower: what it makes of pictures, and the files that it lies in."""
