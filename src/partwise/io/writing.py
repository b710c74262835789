"""Writing a file whole or not at all: a model, a table, a page, a picture.

The content goes to a temporary file beside the target, which then takes the target's name. Where the system allows it,
the temporary file has no name until it is complete, and a killed process leaves nothing behind. Elsewhere it is called
``.partwise-*.tmp`` and locked while its process lives; the next write into the folder removes those without a lock.
"""

import contextlib
import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

__all__ = ["write_bytes"]

PREFIX, SUFFIX = ".partwise-", ".tmp"
STREAMS = ("/dev/fd/", "/dev/std", "/proc/")
"""Where a path is another name of an open file, which a new file in its place would cut off."""


def write_bytes(path: str | bytes | os.PathLike[str] | os.PathLike[bytes], content: bytes) -> None:
    """Write a file: until the new one is complete on disk, an old one stays as it was.

    A link stays a link, and an existing file keeps its mode, and its owner where the system permits. What is no
    regular file, such as a device or a pipe, is written into.

    Parameters
    ----------
    path : str, bytes or path-like
        The file; an existing one is replaced.
    content : bytes
        All of it.

    Raises
    ------
    OSError
        If the file cannot be written: it is a folder, may not be written, is a pipe without a reader, or the disk
        is full.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "a.txt")
    >>> write_bytes(path, b"whole")
    >>> path.read_bytes()
    b'whole'
    """
    name = os.fsdecode(path)
    try:
        old = os.stat(name)
    except FileNotFoundError:
        old = None
        if not os.path.basename(name):
            raise
    if old is not None:
        if stat.S_ISDIR(old.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        if not os.access(name, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)
        if not stat.S_ISREG(old.st_mode) or os.path.abspath(name).startswith(STREAMS):
            _write_into(name, content)
            return
    _replace(os.path.realpath(name), old, content)


def _write_into(name: str, content: bytes) -> None:
    file = os.open(name, os.O_WRONLY | os.O_NONBLOCK)  # a pipe without a reader fails, instead of waiting for ever
    os.set_blocking(file, True)
    with open(file, "wb") as stream:
        stream.write(content)


def _replace(target: str, old: os.stat_result | None, content: bytes) -> None:
    folder = os.path.dirname(target)
    _sweep(folder)
    with _temporary(folder, 0o666 if old is None else 0o600) as (file, name):
        if old is not None:
            _take_owner(file, old)
            os.fchmod(file, stat.S_IMODE(old.st_mode))
        with open(file, "wb", closefd=False) as stream:
            stream.write(content)
        os.fsync(file)
        if not os.fstat(file).st_nlink:  # it has no name yet
            os.link(f"/proc/self/fd/{file}", name, src_dir_fd=file)  # src_dir_fd makes Linux follow the link
        os.replace(name, target)
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)  # the new name is safe only once the folder is on disk too
    finally:
        os.close(opened)


def _take_owner(file: int, old: os.stat_result) -> None:
    made = os.fstat(file)
    if (made.st_uid, made.st_gid) != (old.st_uid, old.st_gid):
        for owner in (old.st_uid, -1):  # without the right to give a file away, its group can still be kept
            with contextlib.suppress(PermissionError):
                os.fchown(file, owner, old.st_gid)
                return


@contextlib.contextmanager
def _temporary(folder: str, mode: int) -> Iterator[tuple[int, str]]:
    """Open a locked file in `folder`, and yield it with the name it has or can get; remove what is left of it."""
    name = os.path.join(folder, f"{PREFIX}{secrets.token_hex(4)}{SUFFIX}")
    try:
        file = os.open(folder, os.O_WRONLY | os.O_TMPFILE, mode)
        _locked(file)
    except (OSError, AttributeError):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        _locked(file)
    try:
        yield file, name
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name)
        os.close(file)


def _sweep(folder: str) -> None:
    """Remove the temporary files of processes that were killed: those without a lock."""
    with contextlib.suppress(OSError):
        for name in Path(folder).glob(f"{PREFIX}*{SUFFIX}"):
            with contextlib.suppress(OSError):
                file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                try:
                    if _locked(file):
                        os.unlink(name)
                finally:
                    os.close(file)


def _locked(file: int) -> bool:
    """Lock a file unless another process holds it; tell whether that was possible."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
