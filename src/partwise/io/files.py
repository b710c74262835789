"""Bytes, text and rows of a file, with errors that say where the file goes wrong."""

import contextlib
import csv
import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from partwise.exceptions import DataError, MissingExtraError

__all__ = ["data_suffix", "decode", "delimited_rows", "open_file", "read_bytes", "reading"]

STDIN = "-"
DELIMITERS = {".csv": ",;\t|", ".tsv": "\t"}


def data_suffix(path: str | Path) -> str:
    """Return the suffix that tells the format, in lower case and without ``.gz``."""
    path = Path(path)
    return Path(path.stem if path.suffix.lower() == ".gz" else path.name).suffix.lower()


def open_file(path: str | Path) -> IO[bytes]:
    """Open a file for reading, but no device or pipe, which would never end or never begin."""
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise DataError(f"{path} is a device or a pipe, no file. Copy what it holds to a file, and give that.")
    return open(path, "rb")


@contextlib.contextmanager
def reading(path: str | Path, way_out: str) -> Iterator[IO[bytes]]:
    """Open a file for the library that knows its format, unpacked if it ends in ``.gz``; name the file in its errors.

    Parsers raise whatever a damaged file leads them to; polars even ends in a panic, which is no Exception.
    """
    with contextlib.ExitStack() as opened:
        file = opened.enter_context(open_file(path))
        if Path(path).suffix.lower() == ".gz":
            file = cast(IO[bytes], opened.enter_context(gzip.open(file)))
        try:
            yield file
        except (KeyboardInterrupt, SystemExit, GeneratorExit, DataError, MissingExtraError):
            raise
        except MemoryError as error:
            raise DataError(f"{path} does not fit into memory: {_one_line(error)}. Give a smaller file.") from error
        except BaseException as error:
            raise DataError(f"{path} cannot be read: {_one_line(error)}. {way_out}") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__


def read_bytes(path: str | Path) -> bytes:
    """Return the bytes of a file, unpacked if it ends in ``.gz``; ``-`` is standard input."""
    if str(path) == STDIN:
        if sys.stdin is None:
            raise DataError("standard input is closed. Give a file.")
        return sys.stdin.buffer.read()
    with open_file(path) as file:
        raw = file.read()
    if Path(path).suffix.lower() != ".gz":
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} is no complete gzip file ({error}). "
            "Copy or download it again, or drop .gz from its name if it is not compressed."
        ) from error


def decode(raw: bytes, source: str, encoding: str = "utf-8") -> str:
    """Return the text of a file's bytes; a byte that fits no character is named by its line."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) and encoding == "utf-8":
        raise DataError(f"{source} is written in UTF-16. Give encoding='utf-16' (--encoding utf-16).")
    try:
        text = raw.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except LookupError as error:
        raise DataError(
            f"{encoding!r} is no text encoding. Give one that Python knows, such as utf-8, latin-1 or cp1252."
        ) from error
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{source}, line {line}: byte 0x{raw[error.start]:02x} at offset {error.start:,} is no {encoding}. "
            "Give the file's encoding, for example encoding='cp1252' (--encoding cp1252) for files from Windows."
        ) from error
    if "\0" in text:
        raise DataError(f"{source} is no text file: it holds binary data. Export it as csv, tsv or jsonl.")
    if not text.strip():
        raise DataError(f"{source} is empty. Give a file with at least one row of data.")
    return text


def delimited_rows(text: str, suffix: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the cells of each line that is not blank; all rows are as long as the first.

    In a ``.csv`` file the delimiter is the one of ``, ; tab |`` that its first line holds most of.
    """
    first_line = text.lstrip().partition("\n")[0]
    delimiter = max(DELIMITERS[suffix], key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    limit = csv.field_size_limit(sys.maxsize)  # documents are longer than csv's 128 KiB
    width = None
    try:
        for cells in reader:
            if not cells:
                continue
            width = width or len(cells)
            if len(cells) != width:
                raise DataError(
                    f"{source}, line {reader.line_num}: {len(cells)} fields where the first line has {width}. "
                    "Put quotes around fields that hold the delimiter, or repair the line."
                )
            yield reader.line_num, cells
    except csv.Error as error:
        raise DataError(
            f"{source}, line {reader.line_num}: {error}. Close every quoted field, and write a quote inside one twice."
        ) from error
    finally:
        csv.field_size_limit(limit)
