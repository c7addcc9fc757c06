"""Journeys through the editor: a real server, the embedded model, a real browser."""
