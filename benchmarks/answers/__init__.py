"""How good the answers are, beside how fast they come."""
