"""One image that Pillow has opened as an array: upright, in grey or in colour, in a size."""

from typing import IO, Any

import numpy as np

from partwise.exceptions import DataError, MissingExtraError
from partwise.matrix import Array

__all__ = ["ENDINGS", "GREY", "decoded", "has_alpha", "opened", "pillow"]

FORMATS = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "MPO": (".mpo",),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "JPEG2000": (".jp2", ".j2k"),
    "AVIF": (".avif",),
    "TGA": (".tga",),
    "ICO": (".ico",),
}
"""Formats that are read, by Pillow's names. It knows others, of which some run other programs, such as EPS."""
ENDINGS = {ending for endings in FORMATS.values() for ending in endings}

DEEP = {"I;16": 65535.0, "I;16L": 65535.0, "I;16B": 65535.0, "I;16N": 65535.0, "I": 65535.0, "F": 1.0}
"""Modes of Pillow with more than 8 bits, all grey, and what is 1 in them."""
GREY = {"1", "L", "LA", "La", *DEEP}
"""Modes of Pillow without colour."""


def pillow() -> Any:
    """Return the module Image of Pillow."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError(
            "images need Pillow, which is not installed: pip install 'partwise[images]'."
        ) from error
    return Image


def opened(stream: IO[bytes]) -> Any:
    """Return an image of a format that is read; its pixels are not decoded yet."""
    Image = pillow()
    Image.init()
    return Image.open(stream, formats=[format for format in FORMATS if format in Image.OPEN])


def has_alpha(image: Any) -> bool:
    """Return whether an image may have transparent pixels."""
    return image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info


def decoded(image: Any, name: str, grey: bool, size: tuple[int, int], background: str) -> tuple[Array, Array | None]:
    """Return the pixels of an opened image, and which are known, or None if all are.

    Parameters
    ----------
    image : PIL.Image.Image
        The image; its first frame.
    name : str
        What an error calls it.
    grey : bool
        Whether to return brightness alone.
    size : (int, int)
        Height and width: the image is scaled to cover them, and cut to its middle.
    background : {'white', 'black', 'unknown'}
        What lies below transparent pixels.

    Returns
    -------
    pixels : ndarray of shape (height, width) or (height, width, 3)
        Of uint8; float32 from 0 to 1 for an image of more than 8 bits.
    known : ndarray of bool of shape (height, width), or None
        False where a pixel is wholly transparent and the background unknown.
    """
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode in DEEP:
        deep = np.clip(_fitted(Image.fromarray(_deep(upright, name)), size), 0, 1)
        return (deep if grey else np.repeat(deep[:, :, None], 3, axis=2)), None
    known = None
    if has_alpha(upright):
        upright = upright.convert("RGBA")
        if background == "unknown":
            seen = _fitted(upright.getchannel("A"), size) > 0
            known = None if seen.all() else seen
        below = Image.new("RGBA", upright.size, "black" if background == "black" else "white")
        upright = Image.alpha_composite(below, upright)
    return _fitted(upright.convert("L" if grey else "RGB"), size), known


def _deep(image: Any, name: str) -> Array:
    """Return an image of more than 8 bits as float32 from 0 to 1."""
    values = np.asarray(image).astype(np.float32) / np.float32(DEEP[image.mode])
    if not ((values >= 0) & (values <= 1)).all():
        highest = "1" if image.mode == "F" else "65535"
        raise DataError(
            f"{name} has pixels of mode {image.mode!r} beyond 0 to {highest}. Scale them, and give them as an array."
        )
    return values


def _fitted(image: Any, size: tuple[int, int]) -> Array:
    """Return an image scaled to cover a size, height and width, and cut to its middle."""
    from PIL import Image, ImageOps

    if image.size != size[::-1]:
        image = ImageOps.fit(image, size[::-1], Image.Resampling.LANCZOS)
    return np.asarray(image)
