"""Data that comes with partwise."""

from partwise.datasets.bundled import (
    FashionMNIST,
    Sound,
    StateOfTheUnion,
    load_fashion_mnist,
    load_state_of_the_union,
    load_vibe_ace,
)

__all__ = [
    "FashionMNIST",
    "Sound",
    "StateOfTheUnion",
    "load_fashion_mnist",
    "load_state_of_the_union",
    "load_vibe_ace",
]
