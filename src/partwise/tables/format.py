"""How a file is written: what a reader is told, and what it finds out where it is told nothing."""

import codecs
from dataclasses import dataclass

from partwise.exceptions import DataError, ParameterError

__all__ = ["MISSING", "NO_COLUMN", "Format", "plural"]

MISSING = ("", "NA", "N/A", "#N/A", "#NA", "<NA>", "NaN", "NaT", "NULL", "\\N", "None", "-", ".")
"""Words for an unknown number or time, in any case: those of R, pandas, Excel, SQL, and of people."""
NO_COLUMN = "none"
"""What to give as `index_column` where no column names the rows."""
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
"""The kinds of files that a setting is for; a setting that is not here is for all kinds."""


@dataclass(frozen=True)
class Format:
    """How a file of data is written. None stands for what is found out from the file.

    Parameters
    ----------
    encoding : str, default=None
        Encoding of text, as Python knows it. By default UTF-8 where the file is that, else the likeliest.
    delimiter : str, default=None
        One character between cells, or a word for it: tab, comma, semicolon, space, pipe.
    decimal : {'.', ','}, default=None
        What stands before the decimals of a number.
    index_column : str, default=None
        The column that names the rows, or several with commas between; "none" if none does.
    columns : tuple of str, default=None
        The columns to read, each by name or by pattern, such as ``"sample_*"``, or several with commas between. By
        default all.
    transpose : bool, default=False
        Whether rows of the file are features, and columns samples.
    layer : str, default=None
        The layer of an .h5ad or .zarr file to read, the array of an .npz file, or the sheet of an .xlsx file. By
        default the matrix X, the only array, or the first sheet that is not empty.
    missing : tuple of str, default=('', 'NA', 'N/A', ...)
        Words for unknown numbers; case does not matter.
    date_format : str, default=None
        How dates are written, as strptime knows it.

    Raises
    ------
    ParameterError
        If a setting has no meaning.

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
        """Refuse a setting that says nothing about a kind of file, such as `layer` about a ``.csv``."""
        for name, kinds in MEANING.items():
            if getattr(self, name) is not None and kind not in kinds:
                raise DataError(f"{path}: {name}=... says nothing about {kind or 'a folder'}. Leave it out.")

    def __post_init__(self) -> None:
        """Check the settings."""
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError as error:
                raise ParameterError(
                    f"{self.encoding!r} is no text encoding. Give one that Python knows, such as utf-8, latin-1 or "
                    "cp1252."
                ) from error
        if self.delimiter is not None:
            delimiter = DELIMITERS.get(self.delimiter, self.delimiter)
            if len(delimiter) != 1 or delimiter in '\r\n"':
                raise ParameterError(
                    f"delimiter={self.delimiter!r} is no single character. Give one, such as ';', or a word: "
                    f"{', '.join(word for word in DELIMITERS if word.isalpha())}."
                )
            object.__setattr__(self, "delimiter", delimiter)
        if self.decimal not in (None, ".", ","):
            raise ParameterError(f"decimal={self.decimal!r} is neither '.' nor ','.")
        if self.decimal == "," and self.delimiter == ",":
            raise ParameterError("delimiter=',' and decimal=',' cannot be told apart. Give one of them.")
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
