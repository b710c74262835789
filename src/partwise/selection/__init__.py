"""How many parts, and how reproducible each one is."""
