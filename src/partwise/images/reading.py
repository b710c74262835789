"""Files of images as one stack; Pillow decodes them."""

import os
import struct
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from partwise.exceptions import DataError, ParameterError, shown
from partwise.images.decoding import ENDINGS, GREY, decoded, has_alpha, opened, pillow
from partwise.images.stack import ImageStack
from partwise.io.files import open_file
from partwise.matrix import Array
from partwise.parameters import check_choice, check_integer, check_memory
from partwise.units import in_bytes

__all__ = ["Asked", "read_folder", "read_image"]

COLOURS = ("keep", "grey", "rgb")
BACKGROUNDS = ("white", "black", "unknown")
ORIENTATION, SIDEWAYS = 0x0112, (5, 6, 7, 8)
"""The tag of EXIF that tells how a camera was held, and its values that swap height and width."""
BYTES = 1 + 4
"""Bytes of a value that is read: of uint8 in the stack, and of float32 in a fit."""


@dataclass(frozen=True)
class Asked:
    """How images are read: their size, and what becomes of colours and of what is transparent."""

    size: tuple[int, int] | None
    colour: str
    background: str

    @classmethod
    def of(cls, size: Any, colour: Any, background: Any) -> "Asked":
        """Check what the user gave."""
        if size is not None:
            pair = size if isinstance(size, list | tuple) else (size, size)
            if len(pair) != 2:
                raise ParameterError(f"size must be a number of pixels, or a height and a width; got {shown(size)}.")
            size = check_integer("size", pair[0]), check_integer("size", pair[1])
        check_choice("colour", colour, COLOURS)
        return cls(size, colour, check_choice("background", background, BACKGROUNDS))


@dataclass(frozen=True)
class _Header:
    """What the first bytes of a file tell."""

    name: str
    path: str
    size: tuple[int, int]
    mode: str
    animated: bool
    alpha: bool


@dataclass
class _Folder:
    """Files of a folder by their names: images, and how many others there are."""

    names: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def read_folder(
    path: str | os.PathLike[str],
    size: int | tuple[int, int] | None = None,
    *,
    colour: str = "keep",
    background: str = "white",
    max_memory: int | str | None = None,
    progress: Callable[[int], object] | None = None,
) -> ImageStack:
    """Read the images of a folder, and of folders within it, as a stack of one size.

    Files are taken by the ending of their names, in the order of these; hidden ones are left out. An image stands
    upright as its camera says (EXIF). Of an animation or of several pages the first is taken. Pixels of 16 bits stay
    what they are, as float32; all others are of 8 bits.

    Parameters
    ----------
    path : str or path-like
        The folder.
    size : int or (int, int), default=None
        Side, or height and width, in pixels: images are scaled to cover it, and what stands out on two sides is cut
        off. None: all have to be of one size already.
    colour : {'keep', 'grey', 'rgb'}, default='keep'
        'keep' is grey if all images are, else red, green and blue.
    background : {'white', 'black', 'unknown'}, default='white'
        What lies below transparent pixels; 'unknown': wholly transparent ones are unknown, others lie on white.
    max_memory : int or str, default=None
        Memory that the images and a matrix of them may take, such as '2GiB'; None: that of the machine, or no limit on
        Windows.
    progress : callable, default=None
        Called with the number of images read so far.

    Returns
    -------
    ImageStack
        The images, named by their paths within the folder; ``notes`` tells what was done to them.

    Raises
    ------
    DataError
        If the folder has no images, a file is none, sizes differ, or the images do not fit into the memory allowed.
    ParameterError
        If a parameter has a value that is not accepted.
    MissingExtraError
        If Pillow is not installed.
    OSError
        If the folder or a file cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from PIL import Image
    >>> from partwise.images import read_folder
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("a.png", "b.png"):
    ...     Image.fromarray(np.zeros((8, 6), np.uint8)).save(folder / name)
    >>> stack = read_folder(folder)
    >>> stack.names, stack.pixels.shape
    (['a.png', 'b.png'], (2, 8, 6))
    """
    asked = Asked.of(size, colour, background)
    allowed = _memory() if max_memory is None else check_memory("max_memory", max_memory)
    found = _listed(os.fspath(path))
    headers = [_header(os.path.join(path, name), name) for name in found.names]
    height, width = asked.size or _one_size(headers)
    grey = asked.colour == "grey" or (asked.colour == "keep" and all(header.mode in GREY for header in headers))
    shape = (len(headers), height, width) if grey else (len(headers), height, width, 3)
    needed = BYTES * int(np.prod(shape, dtype=object))
    if needed > allowed:
        raise DataError(
            f"{path}: {len(headers):,} images of {height} x {width}{'' if grey else ' in colour'} take "
            f"{in_bytes(needed)} of memory, and {in_bytes(allowed)} are allowed. Give a smaller size, as in size=64"
            f"{'' if grey else ', or colour=grey'}, or read fewer."
        )
    pixels: Array = np.zeros(shape, np.uint8)
    mask: Array | None = None
    for i, header in enumerate(headers):
        image, known = _read(header.path, header.name, asked, grey, (height, width))
        if image.dtype != np.uint8 and pixels.dtype == np.uint8:  # the first one of 16 bits
            pixels = pixels.astype(np.float32) / np.float32(255)
        pixels[i] = image if image.dtype == pixels.dtype else image / np.float32(255)
        if known is not None:
            mask = np.ones(shape, bool) if mask is None else mask
            mask[i] = known if grey else known[:, :, None]
        if progress is not None:
            progress(i + 1)
    if not grey and asked.colour == "keep" and _is_grey(pixels):
        pixels, mask = np.ascontiguousarray(pixels[..., 0]), None if mask is None else mask[..., 0]
    return ImageStack(pixels, found.names, mask, _notes(found, headers, asked))


def read_image(
    path: str | os.PathLike[str],
    size: int | tuple[int, int] | None = None,
    *,
    colour: str = "keep",
    background: str = "white",
) -> Array:
    """Read one image of any size, as `read_folder` reads many.

    Parameters
    ----------
    path : str or path-like
        The file.
    size, colour, background : see `read_folder`
        How it is read.

    Returns
    -------
    ndarray of shape (height, width) or (height, width, 3)
        Its pixels: float32 from 0 to 1, NaN where they are unknown.

    Raises
    ------
    DataError
        If the file is not an image.
    MissingExtraError
        If Pillow is not installed.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from PIL import Image
    >>> path = pathlib.Path(tempfile.mkdtemp(), "a.png")
    >>> Image.fromarray(np.full((8, 6), 51, np.uint8)).save(path)
    >>> pixels = read_image(path)
    >>> pixels.shape, round(float(pixels[0, 0]), 3)
    ((8, 6), 0.2)
    """
    asked, name = Asked.of(size, colour, background), os.fspath(path)
    header = _header(name, name)
    grey = asked.colour == "grey" or (asked.colour == "keep" and header.mode in GREY)
    image, known = _read(name, name, asked, grey, asked.size or header.size)
    if not grey and asked.colour == "keep" and _is_grey(image):
        image = np.ascontiguousarray(image[..., 0])
    whole = image.astype(np.float32) / np.float32(255) if image.dtype == np.uint8 else image
    if known is not None:
        whole[~known] = np.nan
    return whole


def _listed(folder: str) -> _Folder:
    """Return the names of the images of a folder and those within it, sorted."""
    if not os.path.isdir(folder):
        if os.path.exists(folder):
            raise DataError(f"{folder} is a file. Give a folder of images.")
        raise FileNotFoundError(2, "there is no such folder", folder)
    found = _Folder()
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for file in files:
            if not file.startswith("."):
                name = os.path.relpath(os.path.join(at, file), folder)
                (found.names if Path(file).suffix.lower() in ENDINGS else found.others).append(name)
    found.names.sort()
    found.others.sort()
    if not found.names:
        such = f"; it has other files, such as {found.others[0]}" if found.others else ""
        raise DataError(f"{folder} has no images by the endings of their names{such}. Give a folder of .png or .jpg.")
    return found


def _header(path: str, name: str) -> _Header:
    """Return what the header of a file tells, without its pixels."""
    with _opened(path, name) as image:
        width, height = image.size
        if image.getexif().get(ORIENTATION) in SIDEWAYS:
            width, height = height, width
        animated = image.format != "MPO" and getattr(image, "is_animated", False)  # an MPO of a camera adds small ones
        return _Header(name, path, (height, width), image.mode, animated, has_alpha(image))


def _read(path: str, name: str, asked: Asked, grey: bool, size: tuple[int, int]) -> tuple[Array, Array | None]:
    """Return the pixels of a file, and which are known if not all are."""
    with _opened(path, name) as image:
        pixels, known = decoded(image, name, grey, size, asked.background)
    if pixels.shape[:2] != size:
        raise DataError(f"{name} has changed while the folder was read.")
    return pixels, known


@contextmanager
def _opened(path: str, name: str) -> Iterator[Any]:
    """Open an image, and tell of what Pillow cannot read in one kind of error, which names the file."""
    Image = pillow()
    with open_file(path) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with opened(stream) as image:
                yield image
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise DataError(
                f"{name} says that it has more than {Image.MAX_IMAGE_PIXELS:,} pixels, which is taken for an attack "
                "on memory. Make it smaller, or leave it out."
            ) from error
        except Image.UnidentifiedImageError as error:
            raise DataError(f"{name} is not an image that Pillow can read. Mend it, or leave it out.") from error
        except DataError:
            raise
        except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error) as error:
            raise DataError(f"{name} is a damaged image ({error}). Mend it, or leave it out.") from error


def _one_size(headers: Sequence[_Header]) -> tuple[int, int]:
    """Return the size that all images have, or say which have others."""
    sizes = Counter(header.size for header in headers)
    usual, count = sizes.most_common(1)[0]
    if len(sizes) > 1:
        other = next(header for header in headers if header.size != usual)
        raise DataError(
            f"images differ in size: {other.name} is {_said(other.size)} (height x width), while {count:,} of "
            f"{len(headers):,} are {_said(usual)}. Give a size, as in size={min(usual)}, which scales all to it; or "
            "cut patches of them with PatchParts."
        )
    return usual


def _said(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _is_grey(pixels: Array) -> bool:
    return bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 0] == pixels[..., 2]).all())


def _memory() -> int:
    """Return the bytes of memory of the machine; no limit where the system does not tell them, as on Windows."""
    if not hasattr(os, "sysconf"):
        return sys.maxsize
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _notes(found: _Folder, headers: Sequence[_Header], asked: Asked) -> list[str]:
    """Return what was done to images that the user may not expect."""
    told = []
    if found.others:
        told.append(
            f"{_count(len(found.others), 'file')} left out, no images by their names, such as {found.others[0]}"
        )
    paged = [header.name for header in headers if header.animated]
    if paged:
        told.append(f"of {_count(len(paged), 'image')} with several frames, such as {paged[0]}, the first is taken")
    clear = [header.name for header in headers if header.alpha]
    if clear:
        below = "unknown where they are transparent" if asked.background == "unknown" else f"put on {asked.background}"
        told.append(f"{_count(len(clear), 'image')} with transparent pixels, such as {clear[0]}: {below}")
    sizes = {header.size for header in headers}
    if asked.size is not None and sizes != {asked.size}:
        told.append(f"images of {_count(len(sizes), 'size')} scaled to {_said(asked.size)} (height x width)")
    return told


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
