"""The format of a file: what the user gives, and what the reader detects."""

import codecs
from dataclasses import dataclass

from partwise.exceptions import DataError, ParameterError

__all__ = ["MISSING", "NO_COLUMN", "Format", "plural"]

MISSING = ("", "NA", "N/A", "#N/A", "#NA", "<NA>", "NaN", "NaT", "NULL", "\\N", "None", "-", ".")
"""Words for an unknown number or time, in any case: those of R, pandas, Excel and SQL, and usual words."""
NO_COLUMN = "none"
"""The `index_column` that says that no column holds row names."""
DELIMITERS = {"tab": "\t", r"\t": "\t", "comma": ",", "semicolon": ";", "space": " ", "pipe": "|"}
"""Words for delimiters that are hard to type."""
LINES = (".csv", ".tsv", ".txt")
TEXTS = (*LINES, ".jsonl", ".json")
MEANING = {
    "encoding": TEXTS,
    "delimiter": LINES,
    "decimal": (*TEXTS, ".xlsx"),
    "index_column": (*TEXTS, ".xlsx", ".parquet"),
    "layer": (".xlsx", ".npz", ".h5ad", ".zarr"),
}
"""The kinds of files that each setting is for; a setting that is not listed is for all kinds."""


@dataclass(frozen=True)
class Format:
    """The format of a file of data. None means that it is detected from the file.

    Parameters
    ----------
    encoding : str, default=None
        Encoding of text, by its name in Python. By default UTF-8 if the file is UTF-8, otherwise the likeliest.
    delimiter : str, default=None
        One character between cells, or a word for it: tab, comma, semicolon, space, pipe.
    decimal : {'.', ','}, default=None
        Decimal mark of numbers.
    index_column : str, default=None
        The column of row names, or several, separated by commas; "none" if rows have no names.
    columns : tuple of str, default=None
        The columns to read, each by name or by pattern, such as ``"sample_*"``, or several, separated by commas. By
        default all.
    transpose : bool, default=False
        Whether the file has features as rows and samples as columns.
    layer : str, default=None
        The layer of an .h5ad or .zarr file to read, the array of an .npz file, or the sheet of an .xlsx file. By
        default the matrix X, the only array, or the first sheet that is not empty.
    missing : tuple of str, default=('', 'NA', 'N/A', ...)
        Words for unknown numbers; case does not matter.
    date_format : str, default=None
        Format of dates, as for strptime.

    Raises
    ------
    ParameterError
        If a setting is invalid.

    Examples
    --------
    >>> Format(delimiter="semicolon", decimal=",").delimiter
    ';'
    """

    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    index_column: str | None = None
    columns: tuple[str, ...] | None = None
    transpose: bool = False
    layer: str | None = None
    missing: tuple[str, ...] = MISSING
    date_format: str | None = None

    def check(self, path: object, kind: str) -> None:
        """Refuse a setting that has no effect for a kind of file, such as `layer` for a ``.csv``."""
        for name, kinds in MEANING.items():
            if getattr(self, name) is not None and kind not in kinds:
                raise DataError(f"{path}: {name}=... has no effect for {kind or 'a folder'}. Leave it out.")

    def __post_init__(self) -> None:
        """Check the settings."""
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError as error:
                raise ParameterError(
                    f"{self.encoding!r} is not a text encoding. Give one that Python knows, such as utf-8, latin-1 or "
                    "cp1252."
                ) from error
        if self.delimiter is not None:
            delimiter = DELIMITERS.get(self.delimiter, self.delimiter)
            if len(delimiter) != 1 or delimiter in '\r\n"':
                raise ParameterError(
                    f"delimiter={self.delimiter!r} is not a single character. Give one, such as ';', or a word: "
                    f"{', '.join(word for word in DELIMITERS if word.isalpha())}."
                )
            object.__setattr__(self, "delimiter", delimiter)
        if self.decimal not in (None, ".", ","):
            raise ParameterError(f"decimal must be '.' or ','; got {self.decimal!r}.")
        if self.decimal == "," and self.delimiter == ",":
            raise ParameterError("delimiter=',' and decimal=',' are the same character. Give another for one of them.")
        if isinstance(self.columns, str):
            object.__setattr__(self, "columns", (self.columns,))


def plural(count: int, noun: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "row"), plural(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
