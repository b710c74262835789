"""From a path to a file that DuckDB reads: unpacked and UTF-8; refused if it is not a file, not text, or empty."""

import bz2
import codecs
import gzip
import io
import lzma
import os
import re
import shutil
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import IO, Any, cast

from partwise.exceptions import DataError
from partwise.io.files import open_file
from partwise.tables.format import Format

__all__ = ["STDIN", "Source", "ending", "text_source", "unpacked"]

STDIN = "-"
PACKED = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zst"}
"""Endings of compressed files."""
MARKS = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}
MARKS |= {b"PK\x03\x04": ".xlsx", b"PAR1": ".parquet", b"\x93NUMPY": ".npy"}
"""What binary files begin with, and their usual endings."""
BLOCK = 1 << 20
SAMPLE = 1 << 16
"""Bytes that an encoding is guessed from."""
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Bytes that a text begins with, and the encoding that they tell. UTF-32 comes before UTF-16, whose mark it holds."""


@dataclass
class Source:
    """A text file made ready.

    Attributes
    ----------
    name : str
        What errors call it.
    kind : str
        Its ending without the one of compression, such as ``.csv``.
    path : str
        Where its text is: UTF-8, not packed, without a byte order mark, lines ended by ``\\n`` or all by ``\\r\\n``.
    notes : list of str
        What was guessed.
    """

    name: str
    kind: str
    path: str
    notes: list[str] = field(default_factory=list)


def ending(path: str | Path) -> tuple[str, str]:
    """Return the ending that tells the format, and the one that tells the compression, in lower case.

    Examples
    --------
    >>> ending("a/News.CSV.gz"), ending("counts.mtx")
    (('.csv', '.gz'), ('.mtx', ''))
    """
    path = Path(path)
    last = path.suffix.lower()
    if last in PACKED:
        return Path(path.stem).suffix.lower(), last
    return last, ""


def text_source(path: str | Path, format: Format, folder: str) -> Source:
    """Make a text file ready for DuckDB; what has to be written on the way goes into a folder."""
    name = "standard input" if str(path) == STDIN else str(path)
    kind, packing = ("", "") if str(path) == STDIN else ending(path)
    if str(path) == STDIN:
        raw = _standard_input(folder)
    elif packing:
        raw = unpacked(path, folder)
    else:
        raw = _linked(path, folder)
    notes: list[str] = []
    seen = _look(raw, name, format.encoding)
    if not seen.filled:
        raise DataError(f"{name} is empty. Give a file with at least one row of data.")
    encoding = format.encoding or seen.encoding
    if encoding is None:
        encoding = _guess(raw, seen.stray, name)
        line = _line_of(raw, seen.stray)
        notes.append(
            f"{name}, line {line} is not UTF-8: the file was read as {encoding}; give encoding=... if that is wrong"
        )
    text = raw
    if not seen.ready or codecs.lookup(encoding).name not in ("utf-8", "ascii"):
        text = os.path.join(folder, "text")
        _decode(raw, text, encoding, name)
    if not kind:
        kind = _kind_of(text)
    return Source(name, kind, text, notes)


def unpacked(path: str | Path, folder: str) -> str:
    """Return the path of what a compressed file holds, in a folder."""
    packing = ending(path)[1]
    kind, out = PACKED[packing], os.path.join(folder, "unpacked")
    with open_file(path) as file:
        try:
            reader = _reader(kind, file)
            if reader is None:
                _unpack_with_duckdb(str(path), folder, out)
                return out
            with reader, open(out, "wb") as written:
                shutil.copyfileobj(reader, written, BLOCK)
        except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
            raise DataError(
                f"{path} is not a complete {kind} file ({error}). "
                f"Copy or download it again, or drop {packing} from its name if it is not compressed."
            ) from error
    return out


def _reader(kind: str, file: IO[bytes]) -> IO[bytes] | None:
    """Return a stream that unpacks a file; None for zst before Python 3.14."""
    openers: dict[str, Any] = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open}
    if kind in openers:
        return cast(IO[bytes], openers[kind](file))
    try:
        return cast(IO[bytes], import_module("compression.zstd").open(file))
    except ImportError:
        return None


def _unpack_with_duckdb(path: str, folder: str, out: str) -> None:
    """Unpack lines of UTF-8 by DuckDB, which can read zst if Python cannot."""
    import duckdb

    linked = _linked(path, folder)
    lines = "auto_detect=false, header=false, delim='\x01', quote='', escape='', columns={'line': 'VARCHAR'}"
    plain = "format csv, header false, quote '', escape '', delimiter '\x01'"
    limit = f"max_line_size={max(2 << 20, min(1 << 30, 100 * os.path.getsize(path)))}"
    with duckdb.connect() as connection:
        try:
            read = f"select line from read_csv('{linked}', compression='zstd', {lines}, {limit})"
            connection.execute(f"copy ({read}) to '{out}' ({plain})")
        except duckdb.Error as error:
            way_out = f"Unpack it first, with zstd -d {path}" if "unicode" in str(error) else ""
            raise ValueError(str(error).partition("\n")[0] + (f" {way_out}" if way_out else "")) from error


def _linked(path: str | Path, folder: str) -> str:
    """Return another path of a file, without characters that DuckDB reads as a pattern."""
    open_file(path).close()
    link = os.path.join(folder, "linked")
    os.symlink(os.path.abspath(path), link)
    return link


def _standard_input(folder: str) -> str:
    if sys.stdin is None:
        raise DataError("standard input is closed. Give a file.")
    path = os.path.join(folder, "input")
    with open(path, "wb") as written:
        stdin = cast(io.BufferedReader, sys.stdin.buffer)
        while block := stdin.read1(BLOCK):  # stop at the first end of input: a keyboard sends it once
            written.write(block)
    return path


def _kind_of(path: str) -> str:
    """Tell JSON from a table by the first character."""
    with open(path, "rb") as file:
        first = file.read(BLOCK).lstrip()[:1]
    return {b"{": ".jsonl", b"[": ".json"}.get(first, ".csv")


@dataclass
class _Look:
    """What one pass over the bytes of a file finds out."""

    encoding: str | None = "utf-8"  # None: no UTF-8
    stray: int = 0  # where the first byte is that is no UTF-8
    ready: bool = True  # can be read as it is
    filled: bool = False  # holds more than white space


def _look(path: str, name: str, asked: str | None) -> _Look:
    with open(path, "rb") as file:
        start = file.read(8)
        look = _Look()
        for mark, encoding in BOMS.items():
            if start.startswith(mark):
                look.encoding, look.ready, look.filled = encoding, False, len(start) > len(mark)
                if encoding != "utf-8-sig":
                    return look
                break
        if asked is not None and codecs.lookup(asked).name not in ("utf-8", "utf-8-sig", "ascii"):
            look.filled = bool(start)
            look.ready = False
            return look
        file.seek(0)
        _look_at_blocks(file, look, name)
    return look


def _look_at_blocks(file: IO[bytes], look: _Look, name: str) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    begins = feeds = returns = pairs = 0
    last = b""
    for block in _blocks(file):
        if b"\0" in block:
            wide = _wide(block) if begins == 0 else None
            if wide is None:
                raise _binary(name, block if begins == 0 else b"")
            look.encoding, look.ready, look.filled = wide, False, True
            return
        if look.encoding is not None:
            try:
                if not block.isascii() or decoder.getstate()[0]:
                    decoder.decode(block)
            except UnicodeDecodeError as error:
                look.encoding, look.stray = None, begins + max(0, error.start - len(decoder.getstate()[0]))
                look.ready = False
        look.filled = look.filled or bool(block.strip().removeprefix(codecs.BOM_UTF8))
        feeds += block.count(b"\n")
        if b"\r" in block:
            returns, pairs = returns + block.count(b"\r"), pairs + block.count(b"\r\n")
        pairs += last == b"\r" and block.startswith(b"\n")
        last, begins = block[-1:], begins + len(block)
    if decoder.getstate()[0] and look.encoding is not None:
        look.encoding, look.stray, look.ready = None, begins - len(decoder.getstate()[0]), False
    if (pairs and pairs != feeds) or (returns and not feeds):  # lines that end in several ways, or as on old Macs
        look.ready = False


def _binary(name: str, start: bytes) -> DataError:
    """Return the error for a file that is not text, with its usual ending if it begins like a known format."""
    wanted = next((suffix for mark, suffix in MARKS.items() if start.startswith(mark)), None)
    if wanted is None:
        return DataError(f"{name} is not a text file: it holds binary data. Export it as csv, tsv or jsonl.")
    way_out = f"add {wanted} to its name" if wanted in PACKED else f"end its name in {wanted}"
    return DataError(f"{name} is not a text file: it begins like a {wanted} file. If it is one, {way_out}.")


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def _wide(block: bytes) -> str | None:
    """Return UTF-16 of the byte order that zeros at every other place tell, or None."""
    even, odd = block[0::2].count(0), block[1::2].count(0)
    if not len(block) % 2 and max(even, odd) > 0.4 * len(block) / 2 and min(even, odd) < 0.01 * len(block) / 2 + 1:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _line_of(path: str, offset: int) -> int:
    with open(path, "rb") as file:
        return file.read(offset).count(b"\n") + 1


def _guess(path: str, stray: int, name: str) -> str:
    """Return the likeliest encoding of a file that is no UTF-8, by the bytes around the first one that shows it."""
    from charset_normalizer import from_bytes

    with open(path, "rb") as file:
        file.seek(max(0, stray - SAMPLE // 4))
        sample = file.read(SAMPLE)
    found: Any = from_bytes(sample)
    best = found.best()
    western = _western(sample)
    if best is None and not western:
        raise DataError(
            f"{name}, line {_line_of(path, stray)} is not UTF-8, and its encoding cannot be detected. Give the file's "
            "encoding, for example encoding='cp1252' for files from Windows."
        )
    return "cp1252" if western and not _better(found, best) else str(best.encoding)


def _western(sample: bytes) -> bool:
    """Tell whether bytes are likely Windows' cp1252: accents among plain letters, and no sign within a word."""
    text = sample.decode("cp1252", "replace")
    strange = re.findall(r"[^\x00-\x7f]+", text)
    lonely = sum(len(run) for run in strange if len(run) <= 2)
    within = re.search(r"[A-Za-z][\x80-\xbf\ufffd][A-Za-z]|\ufffd", text.replace("\u2019", "'"))
    return within is None and lonely > 0.7 * sum(map(len, strange))


def _better(found: Any, best: Any) -> bool:
    """Tell whether a guess rests on a language that was recognised, and cp1252 does not fit it as well."""
    if best is None or best.encoding == "cp1252" or best.coherence == 0:
        return False
    rival = next((match for match in found if match.encoding == "cp1252"), None)
    return bool(rival is None or rival.coherence < best.coherence) and "cp1252" not in best.could_be_from_charset


def _decode(path: str, out: str, encoding: str, name: str) -> None:
    """Write the text of a file as UTF-8, without a byte order mark, with one way to end lines."""
    if codecs.lookup(encoding).name == "utf-8":
        encoding = "utf-8-sig"
    held, feeds = "", False  # a carriage return, until it is known what follows; whether there is a line feed
    with open(path, encoding=encoding, newline="") as file, open(out, "w", encoding="utf-8", newline="") as written:
        try:
            for number, text in enumerate(iter(lambda: file.read(BLOCK), "")):
                if "\0" in text:
                    raise _binary(name, b"")
                text = held + (text if number else text.removeprefix("\ufeff"))
                held = "\r" if text.endswith("\r") else ""
                feeds = feeds or "\n" in text
                written.write(text.removesuffix("\r").replace("\r\n", "\n"))
            written.write(held)
        except UnicodeError as error:
            done = cast(io.BufferedReader, file.buffer).tell()
            start = done - len(getattr(error, "object", b"")) + getattr(error, "start", 0)
            raise _undecodable(path, encoding, name, start) from error
    if not feeds:
        _end_lines(out)


def _end_lines(path: str) -> None:
    """Put a line feed for each carriage return in a file without line feeds, as on old Macs."""
    with open(path, "r+b") as file:
        while block := file.read(BLOCK):
            file.seek(-len(block), os.SEEK_CUR)
            file.write(block.replace(b"\r", b"\n"))


def _undecodable(path: str, encoding: str, name: str, start: int) -> DataError:
    with open(path, "rb") as file:
        before, byte = file.read(start), file.read(1)
    shown = f"byte 0x{byte[0]:02x} at offset {start:,}" if byte else "its end"
    return DataError(
        f"{name}, line {before.count(10) + 1}: {shown} is not {encoding.removesuffix('-sig')}. "
        "Give the file's encoding, for example encoding='cp1252' for files from Windows."
    )
