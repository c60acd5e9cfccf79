"""The wheel: what is in it, and how it works where there is no checkout."""
