"""Images of one size as one value: pixels, names, and which pixels are known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from partwise.exceptions import DataError, DataTypeError, shown
from partwise.matrix import Array
from partwise.summary import Summary, size

__all__ = ["ImageStack", "as_picture", "as_stack", "masks_of"]

WHOLE = {"uint8": 255.0, "uint16": 65535.0, "bool": 1.0}
"""Dtypes of whole numbers that pixels can have, and what is 1 in them."""


@dataclass(frozen=True, eq=False, repr=False)
class ImageStack(Summary):
    """Images of one size, as `read_folder` makes them of files and `as_stack` of arrays.

    Parameters
    ----------
    pixels : ndarray of shape (n_images, height, width) or (n_images, height, width, 3)
        Brightness of uint8, or of float32 from 0 to 1; grey, or red, green and blue.
    names : sequence of str
        One for each image.
    mask : ndarray of bool, of the shape of `pixels`, or None
        True where a pixel is known; None: all are.
    notes : sequence of str
        What was found and done while files were read, one line each.

    Raises
    ------
    DataError
        If pixels, names and mask are of other shapes or dtypes. The values of pixels are not looked at.

    Examples
    --------
    >>> import numpy as np
    >>> from partwise.images import ImageStack
    >>> stack = ImageStack(np.zeros((2, 8, 6), np.uint8), ["a.png", "b.png"])
    >>> len(stack), stack.shape, stack.rows().shape
    (2, (8, 6), (2, 48))
    """

    pixels: Array
    names: Sequence[str]
    mask: Array | None = None
    notes: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        if not isinstance(self.pixels, np.ndarray):
            raise DataTypeError(f"pixels must be an array of uint8 or float32; got {shown(self.pixels)}.")
        shape, dtype = self.pixels.shape, self.pixels.dtype
        if len(shape) < 3:
            raise DataError(f"pixels must have shape (n, height, width) or (n, height, width, 3); got {shape}.")
        _check_shape(shape[1:], "each of pixels")
        if dtype not in (np.uint8, np.float32):
            raise DataTypeError(f"pixels have dtype {dtype}. Give uint8, or float32 between 0 and 1.")
        if len(self.names) != len(self.pixels):
            raise DataError(f"there are {len(self.pixels):,} images and {len(self.names):,} names. Give one for each.")
        if self.mask is not None:
            if not isinstance(self.mask, np.ndarray):
                raise DataTypeError(f"mask must be an array of bool, or None; got {shown(self.mask)}.")
            _check_mask(self.mask)
            if self.mask.shape != shape:
                raise DataError(f"mask has shape {self.mask.shape}, the pixels {shape}. Give a mask of their shape.")

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one image: (height, width), or (height, width, 3)."""
        return self.pixels.shape[1:]

    def rows(self) -> Array:
        """Return a row for each image: float32 from 0 to 1, NaN where a pixel is unknown.

        Returns
        -------
        ndarray of shape (n_images, n_pixels)
            The matrix that is factorized; colour images have three columns a pixel.
        """
        return self.images().reshape(len(self), -1)

    def images(self) -> Array:
        """Return the pixels as float32 from 0 to 1, NaN where they are unknown.

        Returns
        -------
        ndarray
            A new array of the shape of ``pixels``.
        """
        made = self.pixels.astype(np.float32)
        if self.pixels.dtype == np.uint8:
            made /= np.float32(WHOLE["uint8"])
        if self.mask is not None:
            made[~self.mask] = np.nan
        return made

    def take(self, rows: Any) -> "ImageStack":
        """Return some of the images.

        Parameters
        ----------
        rows : array of int
            Their numbers.

        Returns
        -------
        ImageStack
            These images in this order.
        """
        mask = None if self.mask is None else self.mask[rows]
        return ImageStack(self.pixels[rows], [self.names[int(i)] for i in rows], mask, self.notes)

    def _facts(self) -> dict[str, Any]:
        unknown = 0 if self.mask is None else int(np.count_nonzero(~self.mask))
        told = {"images": f"{len(self):,}", "size": size(self.pixels[0]) if len(self) else "none"}
        return told | {"unknown": f"{unknown:,} pixels"} if unknown else told


def _floats(pixels: Any, name: str) -> Array:
    """Return pixels as float32 from 0 to 1; NaN, where they are unknown, and masked ones stay NaN.

    Raises
    ------
    DataError
        If they are not valid pixels; the text says where, and what to do.
    """
    masked = np.ma.getmaskarray(pixels) if isinstance(pixels, np.ma.MaskedArray) else None
    array = np.asarray(pixels)
    if array.dtype.name in WHOLE:
        found = array.astype(np.float32) / np.float32(WHOLE[array.dtype.name])
    elif array.dtype.kind == "f":
        bad = (array < 0) | (array > 1)
        if masked is not None:
            bad &= ~masked
        if bad.any():
            where = tuple(int(i) for i in np.argwhere(bad)[0])
            raise DataError(
                f"{name}[{', '.join(map(str, where))}] is {array[where]:g}: pixels of {array.dtype} lie between 0 and "
                "1. Divide by the largest value there can be, such as 255, and clip what lies beyond with np.clip."
            )
        found = array.astype(np.float32)
    else:
        raise DataTypeError(
            f"{name} has dtype {array.dtype}. Give pixels of uint8, uint16 or bool, or floats between 0 and 1."
        )
    if masked is not None:
        found[masked] = np.nan
    return found


def as_picture(image: Any, mask: Any = None, name: str = "image") -> Array:
    """Return one image of any size as float32 from 0 to 1, (h, w) or (h, w, 3), NaN where it is unknown."""
    found = _floats(image, name)
    if found.ndim == 3 and found.shape[2] == 1:
        found = found[:, :, 0]
    _check_shape(found.shape, name)
    if mask is not None:
        found[~_known(mask, found.shape, 0, name)] = np.nan
    return found


def as_stack(images: Any, mask: Any = None) -> ImageStack:
    """Return images of one size as a stack.

    Parameters
    ----------
    images : ImageStack, ndarray of shape (n, h, w) or (n, h, w, 3), or sequence of images of one size
        Pixels of uint8, uint16, bool, or floats from 0 to 1; NaN is unknown.
    mask : ndarray of bool of shape (h, w), (n, h, w) or that of the pixels, or a sequence of n masks, default=None
        True where a pixel is known.

    Returns
    -------
    ImageStack
        The stack; images of arrays are called by their numbers.

    Raises
    ------
    DataError
        If these are not images, or not of one size.
    """
    if isinstance(images, ImageStack):
        if mask is None:
            return images
        given = _known_of(mask, images.pixels.shape)
        both = given if images.mask is None else given & images.mask
        return ImageStack(images.pixels, images.names, both, images.notes)
    if isinstance(images, list | tuple):
        images = _joined(images) if images else np.zeros((0, 1, 1))
    array = images if isinstance(images, np.ma.MaskedArray) else np.asarray(images)
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim < 3:
        raise DataError(f"images must be an array (n, height, width) or (n, height, width, 3); got {shown(array)}.")
    if not len(array):
        raise DataError("there are no images.")
    _check_shape(array.shape[1:], "each of images")
    pixels: Array = array
    known: Array | None = None
    if array.dtype != np.uint8 or isinstance(array, np.ma.MaskedArray):
        pixels = _floats(array, "images")
        unknown = np.isnan(pixels)
        known = ~unknown if unknown.any() else None
        pixels[unknown] = 0
    if mask is not None:
        known = _known_of(mask, pixels.shape) & (True if known is None else known)
    return ImageStack(pixels, [str(i) for i in range(len(pixels))], known)


def _joined(images: Sequence[Any]) -> Array:
    """Return images of one size as an array: uint8 if all are, else float32, each by its own dtype."""
    shapes = [np.shape(image) for image in images]
    other = next((i for i, shape in enumerate(shapes) if shape != shapes[0]), None)
    if other is not None:
        raise DataError(
            f"images[{other}] has shape {shapes[other]}, images[0] {shapes[0]}. Scale them to one size, as "
            "read_folder(path, size=64) does, or cut patches of them with PatchParts."
        )
    if all(isinstance(image, np.ndarray) and image.dtype == np.uint8 for image in images):
        masked = any(isinstance(image, np.ma.MaskedArray) for image in images)
        return (np.ma.stack if masked else np.stack)(images)
    return np.stack([_floats(image, f"images[{i}]") for i, image in enumerate(images)])


def masks_of(mask: Any, n: int) -> list[Any]:
    """Return a mask for each of n images, from None, one array (height, width) for all, or one for each."""
    if mask is None or (isinstance(mask, np.ndarray) and mask.ndim == 2):
        return [mask] * n
    if not isinstance(mask, list | tuple) and np.ndim(mask) == 0:
        raise DataError(f"mask must be an array (height, width), or one for each image; got {shown(mask)}.")
    if len(mask) != n:
        raise DataError(f"there are {n:,} images and {len(mask):,} masks. Give one for each.")
    return [*mask]


def _check_shape(shape: tuple[int, ...], name: str) -> None:
    if len(shape) not in (2, 3) or 0 in shape:
        raise DataError(f"{name} must have shape (height, width) or (height, width, 3), and pixels; got {shape}.")
    if len(shape) == 3 and shape[2] != 3:
        alpha = " Leave out the alpha channel, as in images[..., :3]." if shape[2] == 4 else ""
        raise DataError(f"{name} has {shape[2]} channels: give grey images, or three for red, green and blue.{alpha}")


def _check_mask(mask: Array, name: str = "") -> None:
    if mask.dtype != bool:
        raise DataTypeError(
            f"mask{name and f' of {name}'} has dtype {mask.dtype}. Give booleans: True where a pixel is known."
        )


def _known_of(mask: Any, shape: tuple[int, ...]) -> Array:
    """Return a mask (True: known) for images of shape (n, height, width) or (n, height, width, 3).

    It comes of one array, or of a list with a mask for each image, where None knows all pixels.
    """
    if not isinstance(mask, list | tuple):
        return _known(mask, shape, 1)
    each = masks_of(mask, shape[0])
    one = shape[1:]
    return np.stack(
        [np.ones(one, bool) if known is None else _known(known, one, 0, f"images[{i}]") for i, known in enumerate(each)]
    )


def _known(mask: Any, shape: tuple[int, ...], height: int, name: str = "") -> Array:
    """Return a mask (True: known) for pixels of some shape, whose axis `height` is the height of an image.

    The mask can be one for all images, (height, width), one for each, or one for each colour too: no other shape.
    """
    array = np.asarray(mask)
    _check_mask(array, name)
    one, each = shape[height : height + 2], shape[: height + 2]
    if array.shape in (one, each):
        return np.broadcast_to(array.reshape(array.shape + (1,) * (len(shape) - len(each))), shape)
    if array.shape == shape:
        return array
    allowed = " or ".join(map(str, dict.fromkeys((one, each, shape))))
    raise DataError(
        f"mask has shape {array.shape}, which does not fit {name or 'images'} of shape {shape}. Give {allowed}."
    )
