"""Reading data and model files."""

from partwise.io.numeric import Numbers, read_numbers
from partwise.io.texts import Texts, read_texts

__all__ = ["Numbers", "Texts", "read_numbers", "read_texts"]
