"""Graph files in and out. What cannot be read becomes problems, never an exception."""
