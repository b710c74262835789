"""PatchParts: the parts that small patches of pictures share, whatever the size of a picture."""

from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np

from partwise.atomic import rebuilt
from partwise.exceptions import DataError
from partwise.images.base import BasePixels
from partwise.images.stack import ImageStack, as_picture, masks_of
from partwise.matrix import Array
from partwise.parameters import check_integer, check_seed

__all__ = ["PatchParts"]

STEPS = 4
"""Patches that overlap at each pixel, along each side: a patch begins every quarter of its side."""
AT_ONCE = 16_384
"""Patches that are held in memory at once."""


class PatchParts(BasePixels):
    r"""The parts that patches of pictures share; pictures are the means of patches that overlap.

    For a single picture, pictures of different sizes, and pictures larger than ``ImageParts`` can take whole. It has no
    weights of pictures: a weight belongs to a patch.

    Parameters
    ----------
    n_components : int or 'choose', default=25
        Number of parts, see ``ImageParts``.
    patch_size : int, default=8
        Side of a patch in pixels. A hole has to be smaller than a patch.
    n_patches : int, default=20000
        Patches that the parts are found in, drawn at random from those of all pictures that have a known pixel; fewer
        if there are no more.
    alpha_W : float or 'choose', default=0.0
        Weight of the penalty, see ``ImageParts``.
    loss, random_state, max_iter, n_jobs : see ``ImageParts``
        Passed to the factorization; the seed also draws the patches.

    Attributes
    ----------
    parts_ : ndarray of shape (n_components\_, patch_size, patch_size) or (..., 3)
        The parts as pictures, at any scale.
    n_components_ : int
        Number of parts.
    components_ : ndarray of shape (n_components\_, n_pixels)
        The parts as rows of pixels, for functions that take models, such as ``partwise.match``.
    pixel_shape_ : tuple of int
        Shape of a patch.
    nmf_ : NMF
        The factorization of the patches.

    See Also
    --------
    partwise.images.ImageParts : For many images of one size.

    References
    ----------
    M. Elad and M. Aharon, IEEE Transactions on Image Processing 15, 2006, doi:10.1109/TIP.2006.881969: patches that
    overlap, averaged.

    Examples
    --------
    >>> import numpy as np
    >>> from partwise.images import PatchParts
    >>> wave = np.sin(np.arange(48) / 5)
    >>> picture = 0.5 + 0.4 * np.outer(wave, wave[:40])
    >>> known = np.random.default_rng(0).random(picture.shape) > 0.3
    >>> model = PatchParts(8).fit(picture, mask=known)
    >>> filled = model.inpaint(picture, mask=known)
    >>> bool(np.abs(filled - picture).max() < 0.01)
    True
    """

    def __init__(
        self,
        n_components: Any = 25,
        *,
        patch_size: int = 8,
        n_patches: int = 20_000,
        alpha_W: Any = 0.0,
        loss: Any = "frobenius",
        random_state: Any = 0,
        max_iter: int = 200,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.patch_size = patch_size
        self.n_patches = n_patches
        self.alpha_W = alpha_W
        self.loss = loss
        self.random_state = random_state
        self.max_iter = max_iter
        self.n_jobs = n_jobs

    def fit(self, images: Any, mask: Any = None) -> Self:
        """Find the parts of patches.

        Parameters
        ----------
        images : array of shape (h, w) or (h, w, 3), sequence of these, ImageStack, or array of grey or colour images
            One picture or several, of any size that holds a patch: pixels of uint8, uint16, bool, or floats from 0 to
            1, NaN where unknown. An array (n, h, 3) is taken for one picture in colour.
        mask : ndarray of bool, or sequence of these, default=None
            True where a pixel is known.

        Returns
        -------
        PatchParts
            The fitted model.

        Raises
        ------
        DataError
            If these are not pictures, some are grey and others not, one is smaller than a patch, or no pixel is known.
        ParameterError
            If a parameter has an invalid value, or there are more parts than patches.
        """
        side = check_integer("patch_size", self.patch_size, 2)
        most = check_integer("n_patches", self.n_patches)
        called, pictures = zip(*_pictures(images, mask), strict=True)
        for name, picture in zip(called, pictures, strict=True):
            _check_picture(picture, side, name)
            if picture.ndim != pictures[0].ndim:
                raise DataError(f"{name} and {called[0]} are not both grey, or both in colour. Read them alike.")
        rng = check_seed("random_state", self.random_state)
        X = _drawn(pictures, side, most, rng)
        with rebuilt(self) as made:
            made.nmf_, _ = made._fitted(X, "patches")
            made.pixel_shape_ = (side, side, *pictures[0].shape[2:])
        return self

    def _check_images(self, stack: ImageStack) -> None:
        for name, picture in zip(stack.names, stack.pixels, strict=True):
            _check_picture(picture, self.pixel_shape_[0], f"image {name!r}")
        if len(stack.shape) != len(self.pixel_shape_):
            kinds = ("grey", "in colour")[:: 1 if len(stack.shape) == 2 else -1]
            what = f"image {stack.names[0]!r} is" if len(stack) == 1 else "the pictures are"
            raise DataError(f"{what} {kinds[0]}, and the parts {kinds[1]}. Read them alike.")

    def _remade(self, stack: ImageStack) -> Array:
        return np.stack(
            [self._of_patches(picture, name) for picture, name in zip(stack.images(), stack.names, strict=True)]
        )

    def _of_patches(self, picture: Array, name: str) -> Array:
        """Return a picture made of patches that overlap, each counting by its share of known pixels."""
        side = self.pixel_shape_[0]
        step = max(side // STEPS, 1)
        rows, columns = (_places(length - side, step) for length in picture.shape[:2])
        windows = _windows(picture, side)
        total = np.zeros(picture.shape, np.float64)
        count = np.zeros(picture.shape[:2] + (1,) * (picture.ndim - 2), np.float64)
        band = max(AT_ONCE // len(columns), 1)
        for first in range(0, len(rows), band):
            now = rows[first : first + band]
            patches = windows[now[:, None], columns]
            flat = patches.reshape(len(now) * len(columns), -1)
            shape = (len(now), len(columns)) + (1,) * (patches.ndim - 2)
            known = np.mean(~np.isnan(flat), axis=1).reshape(shape)
            weighed = self._modelled(flat).reshape(patches.shape) * known
            for i in range(side):
                for j in range(side):
                    at = np.ix_(now + i, columns + j)
                    total[at] += weighed[:, :, i, j]
                    count[at] += known[:, :, 0, 0]
        if not count.all():
            y, x = np.argwhere(count == 0)[0][:2]
            raise DataError(
                f"pixel [{y}, {x}] of image {name!r} lies in a hole that is larger than a patch of {side} x {side}. "
                "Fit with a larger patch_size."
            )
        return total / count


def _pictures(images: Any, mask: Any) -> Iterator[tuple[str, Array]]:
    """Yield what errors call each picture, and its pixels as float32 from 0 to 1, NaN where they are unknown."""
    names = None
    if isinstance(images, ImageStack):
        images, names = images.images(), images.names
    single = not isinstance(images, list | tuple) and (
        np.ndim(images) == 2 or (np.ndim(images) == 3 and np.shape(images)[2] == 3)
    )
    if single:
        yield "the picture", as_picture(images, mask)
        return
    if not len(images):
        raise DataError("there are no images.")
    for i, (image, known) in enumerate(zip(images, masks_of(mask, len(images)), strict=True)):
        name = f"images[{i}]" if names is None else f"image {names[i]!r}"
        yield name, as_picture(image, known, name)


def _check_picture(picture: Array, side: int, name: str) -> None:
    if min(picture.shape[:2]) < side:
        height, width = picture.shape[:2]
        raise DataError(
            f"{name} is {height} x {width} pixels, smaller than a patch of {side} x {side}. Give a smaller patch_size, "
            "or leave it out."
        )


def _windows(picture: Array, side: int) -> Array:
    """Return a view of all patches of a picture: (rows, columns, side, side) or (rows, columns, side, side, 3)."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, (side, side), axis=(0, 1))
    return windows if picture.ndim == 2 else np.moveaxis(windows, 2, -1)


def _places(last: int, step: int) -> Array:
    """Return where patches begin along one side: every `step` pixels, and at the last place."""
    return np.unique(np.append(np.arange(0, last + 1, step), last))


def _drawn(pictures: Sequence[Array], side: int, most: int, rng: np.random.RandomState) -> Array:
    """Return patches with a known pixel as rows, drawn from all places of all pictures alike."""
    known = [_with_known(picture, side) for picture in pictures]
    ends = np.cumsum([np.count_nonzero(places) for places in known])
    if not ends[-1]:
        raise DataError("no pixel of the pictures is known. Mend the mask: True is known.")
    drawn = np.sort(rng.choice(ends[-1], min(most, int(ends[-1])), replace=False))
    rows = []
    for picture, places, first, end in zip(pictures, known, [0, *ends[:-1]], ends, strict=True):
        own = np.flatnonzero(places)[drawn[(drawn >= first) & (drawn < end)] - first]
        patches = _windows(picture, side)[np.unravel_index(own, places.shape)]
        rows.append(patches.reshape(len(own), np.prod(patches.shape[1:], dtype=int)))  # also if none is of this picture
    return np.concatenate(rows)


def _with_known(picture: Array, side: int) -> Array:
    """Return for each place of a patch whether the patch has a known pixel, (rows, columns)."""
    known: Any = ~np.isnan(picture)
    known = known.any(axis=2) if known.ndim == 3 else known
    for axis in (0, 1):
        known = np.lib.stride_tricks.sliding_window_view(known, side, axis=axis).any(axis=-1)
    return known
