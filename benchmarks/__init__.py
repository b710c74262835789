"""Measurements: compare/ races partwise against other libraries, regress/ tracks it from commit to commit."""
