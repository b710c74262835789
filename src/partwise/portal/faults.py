"""What is said of a value that is refused, where the words of the checking library are about patterns and Python."""

from collections.abc import Mapping
from typing import Any

__all__ = ["said_of"]

SAID = {
    "bool_parsing": "this is neither true nor false",
    "bool_type": "this is neither true nor false",
    "dict_type": "this is not an object",
    "extra_forbidden": "there is no field of this name",
    "finite_number": "this is not a number",
    "float_parsing": "this is not a number",
    "float_type": "this is not a number",
    "greater_than_equal": "it must be at least {ge:,}",
    "int_from_float": "this is not a whole number",
    "int_parsing": "this is not a whole number",
    "int_parsing_size": "this number is too large",
    "int_type": "this is not a whole number",
    "less_than_equal": "it must be at most {le:,}",
    "list_type": "this is not a list",
    "missing": "it is missing",
    "model_attributes_type": "this is not an object",
    "model_type": "this is not an object",
    "string_pattern_mismatch": "it holds a control character, such as a line break",
    "string_too_long": "it has more than {max_length:,} characters",
    "string_too_short": "it is empty",
    "string_type": "this is not a text",
    "string_unicode": "it holds half a surrogate pair",
    "too_long": "it has more than {max_length:,} entries",
    "too_short": "it has fewer than {min_length:,} entries",
}


def said_of(fault: Mapping[str, Any]) -> str:
    """Return the words for a fault that the checking library found."""
    limits = {name: _whole(value) for name, value in fault.get("ctx", {}).items()}
    said = SAID.get(fault["type"], "").format(**limits) or str(fault["msg"]).removeprefix("Value error, ")
    return said[:1].lower() + said[1:]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
