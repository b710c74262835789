"""Tables as pandas frames; pandas is imported only when a table is made."""

from collections.abc import Mapping, Sequence
from typing import Any

from partwise.exceptions import MissingExtraError

__all__ = ["frame"]


def frame(columns: Mapping[str, Sequence[Any]], method: str, instead: str = "") -> Any:
    """Return a pandas DataFrame of columns.

    Parameters
    ----------
    columns : mapping of str to sequence
        Values of each column, all of one length.
    method : str
        Name of the method that was called, for the error.
    instead : str, default=''
        A sentence that says how to get the same numbers without pandas.

    Returns
    -------
    pandas.DataFrame
        The table.

    Raises
    ------
    MissingExtraError
        If pandas is not installed.

    Examples
    --------
    >>> frame({"id": ["a"], "share": [0.5]}, "TopicModel.table").shape
    (1, 2)
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtraError(
            f"{method} needs pandas, which is not installed: pip install 'partwise[tables]'.{' ' if instead else ''}"
            f"{instead}"
        ) from error
    return pd.DataFrame(dict(columns))
