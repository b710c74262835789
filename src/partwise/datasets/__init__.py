"""Data that comes with partwise."""

from partwise.datasets.bundled import StateOfTheUnion, load_state_of_the_union

__all__ = ["StateOfTheUnion", "load_state_of_the_union"]
