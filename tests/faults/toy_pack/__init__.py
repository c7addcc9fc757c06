"""Nodes without torch, for tests of faults."""
