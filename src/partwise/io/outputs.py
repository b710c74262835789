"""The container that a transformer was told to give, by scikit-learn's ``set_output``, in a header and back."""

from collections.abc import Mapping
from typing import Any

OUTPUTS = ("default", "pandas", "polars")


def told(model: Any) -> dict[str, str]:
    """Return the container that ``set_output`` was told, as ``output``, if it was called."""
    output = getattr(model, "_sklearn_output_config", {}).get("transform")
    return {} if output is None else {"output": output}


def set_told(model: Any, header: Mapping[str, Any]) -> None:
    """Tell the model the container of the header, if there is one."""
    if "output" in header:
        if header["output"] not in OUTPUTS:
            raise ValueError(f"an output of {header['output']!r}")
        model.set_output(transform=header["output"])
