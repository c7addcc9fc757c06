"""Toy nodes for a server's worker."""
