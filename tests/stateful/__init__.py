"""Whole lives by random commands in random order; the regulation's invariants hold after every step."""
