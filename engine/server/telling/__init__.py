"""Telling clients what happens: sockets, streams, and what each of them has still to hear."""
