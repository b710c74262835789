"""Measures: how well factors explain the data, and how readable they are."""
