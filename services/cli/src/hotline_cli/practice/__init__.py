"""Practice in the training tenant: invented callers, and what a person's work with them is worth (Art. 37)."""
