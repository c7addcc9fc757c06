"""Data sets that a user has: folders of pictures, with what is said of them. Shapeland is in a package of its own."""
