"""Writing a file whole or not at all: a model, a table, a page, a picture.

The content goes to a temporary file beside the target, which then takes the target's name. Where the system allows it,
the temporary file has no name until it is complete, and a killed process leaves nothing behind. Elsewhere it is called
``.partwise-*.tmp`` and locked while its process lives; the next write into the folder removes those without a lock.
"""

import contextlib
import errno
import fcntl
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from typing import IO

__all__ = ["descriptor_of", "write_bytes", "write_stream"]

PREFIX, SUFFIX = ".partwise-", ".tmp"
TEMPORARY = re.compile(r"\.partwise-[0-9a-f]{8}\.tmp")
LINKS = 40
"""As many links in a row as Linux follows."""


def descriptor_of(path: str) -> int | None:
    """Return the number of the open file of this process that a path is another name of, such as ``/dev/stdout``.

    Examples
    --------
    >>> descriptor_of("/dev/stdout"), descriptor_of("/dev/fd/7"), descriptor_of("a.txt")
    (1, 7, None)
    """
    for _ in range(LINKS):
        folder, last = os.path.split(path)
        folder = os.path.realpath(folder)
        if last.isdecimal() and re.fullmatch(rf"/dev/fd|/proc/{os.getpid()}(/task/\d+)?/fd", folder):
            return int(last)
        path = os.path.join(folder, last)
        if not os.path.islink(path):
            return None
        path = os.path.join(folder, os.readlink(path))
    return None


def write_bytes(path: str | bytes | os.PathLike[str] | os.PathLike[bytes], content: bytes) -> None:
    """Write a file: until the new one is complete on disk, an old one stays as it was.

    A link stays a link, and an existing file keeps its mode, and its owner where the system permits. What is no
    regular file, such as a device or a pipe, is written into, and so is an open file that the path is another name of,
    such as ``/dev/stdout``: from where it stands.

    Parameters
    ----------
    path : str, bytes or path-like
        The file; an existing one is replaced.
    content : bytes
        All of it.

    Raises
    ------
    OSError
        If the file cannot be written: it is a folder, it or its folder may not be written, it is a pipe without a
        reader, or the disk is full. The error names the path that was given.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "a.txt")
    >>> write_bytes(path, b"whole")
    >>> path.read_bytes()
    b'whole'
    """
    write_stream(path, lambda stream: stream.write(content))


def write_stream(
    path: str | bytes | os.PathLike[str] | os.PathLike[bytes], fill: Callable[[IO[bytes]], object]
) -> None:
    """Write a file as `write_bytes` does, without all of it in memory.

    Parameters
    ----------
    path : str, bytes or path-like
        The file; an existing one is replaced.
    fill : callable
        Called with a binary stream, to write all of the content. If it raises, an existing file stays as it was.

    Raises
    ------
    OSError
        As in `write_bytes`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "a.txt")
    >>> write_stream(path, lambda stream: stream.writelines([b"one", b"two"]))
    >>> path.read_bytes()
    b'onetwo'
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
    descriptor = None if old is None else descriptor_of(name)
    special = old is not None and not stat.S_ISREG(old.st_mode)
    replaces = descriptor is None and not special and not os.path.realpath(os.path.dirname(name)).startswith("/proc/")
    try:
        if replaces:
            _replace(os.path.realpath(name), old, fill)
        else:
            _write_into(name if descriptor is None else os.dup(descriptor), fill)
    except OSError as error:
        reason = error.strerror or str(error)
        if replaces and isinstance(error, PermissionError):
            reason += f": the folder {os.path.dirname(os.path.realpath(name))!r} cannot be written"
        raise OSError(error.errno, reason, name) from error


def _write_into(target: str | int, fill: Callable[[IO[bytes]], object]) -> None:
    if isinstance(target, str):
        target = os.open(target, os.O_WRONLY | os.O_NONBLOCK)  # a pipe without a reader fails, instead of waiting
        os.set_blocking(target, True)
    with open(target, "wb") as stream:
        fill(stream)


def _replace(target: str, old: os.stat_result | None, fill: Callable[[IO[bytes]], object]) -> None:
    folder = os.path.dirname(target)
    _sweep(folder)
    with _temporary(folder, 0o666 if old is None else 0o600) as (file, name):
        if old is not None:
            _take_owner(file, old)
            os.fchmod(file, stat.S_IMODE(old.st_mode))
        with open(file, "wb", closefd=False) as stream:
            fill(stream)
        os.fsync(file)
        if not os.fstat(file).st_nlink:  # it has no name yet
            os.link(f"/proc/self/fd/{file}", name, src_dir_fd=file)  # src_dir_fd makes Linux follow the link
        os.replace(name, target)
    with contextlib.suppress(OSError):  # the file is written, also where the folder may not be read
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
    name = _new_name(folder)
    try:
        file = os.open(folder, os.O_WRONLY | os.O_TMPFILE, mode)
        _locked(file)
    except (OSError, AttributeError):
        file, name = _named(folder, mode)
    try:
        yield file, name
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name)
        os.close(file)


def _named(folder: str, mode: int) -> tuple[int, str]:
    while True:
        name = _new_name(folder)
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)  # waits for a sweep that found it without a lock, and removes it
        if os.fstat(file).st_nlink:
            return file, name
        os.close(file)


def _new_name(folder: str) -> str:
    return os.path.join(folder, f"{PREFIX}{secrets.token_hex(4)}{SUFFIX}")


def _sweep(folder: str) -> None:
    """Remove the temporary files of processes of this user that were killed: those without a lock."""
    with contextlib.suppress(OSError):
        for name in filter(TEMPORARY.fullmatch, os.listdir(folder)):
            with contextlib.suppress(OSError):
                _remove_unlocked(os.path.join(folder, name))


def _remove_unlocked(name: str) -> None:
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        found = os.fstat(file)
        ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
        # Another may have taken the name since it was opened.
        if ours and _locked(file) and os.path.samestat(found, os.lstat(name)):
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
