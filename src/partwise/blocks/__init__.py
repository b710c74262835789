"""Matrices larger than memory: kept in files, and read a block of rows at a time."""
