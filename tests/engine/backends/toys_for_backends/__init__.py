"""Toy nodes for backends: they load nothing heavy."""
