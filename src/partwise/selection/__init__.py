"""How many parts, and how sure one can be of each."""
