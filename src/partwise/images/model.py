"""ImageParts: images of one size in, the parts that they share out."""

from dataclasses import dataclass
from os import PathLike
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partwise.atomic import rebuilt
from partwise.exceptions import DataError, ParameterError, likely, shown
from partwise.images.base import BasePixels, check_known
from partwise.images.stack import ImageStack, as_picture, as_stack
from partwise.images.survey import likeness, surveyed
from partwise.matrix import Array
from partwise.parameters import check_integer

__all__ = ["BadlyExplained", "ImageParts", "SimilarImage"]


@dataclass(frozen=True)
class SimilarImage:
    """An image that is like another, as `ImageParts.similar` finds it.

    Parameters
    ----------
    name : str
        Its name.
    index : int
        Its number.
    score : float
        How alike they are, 1 for the same.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> digits = load_digits()
    >>> images = digits.images[:500] / 16
    >>> near = ImageParts(16).fit(images).similar(images[0], n=4)
    >>> [(image.name, int(digits.target[image.index])) for image in near]
    [('0', 0), ('464', 0), ('396', 0), ('160', 0)]
    """

    name: str
    index: int
    score: float


@dataclass(frozen=True)
class BadlyExplained:
    """An image that the parts explain badly, as `ImageParts.badly_explained` finds it.

    Parameters
    ----------
    name : str
        Its name.
    index : int
        Its number.
    error : float
        What the parts leave of it, relative to it, 0 for nothing.

    Examples
    --------
    >>> import numpy as np
    >>> slash, backslash = np.fliplr(np.eye(4)), np.eye(4)
    >>> worst = ImageParts(1).fit(np.stack([slash, slash, backslash, slash])).badly_explained(1)[0]
    >>> worst.index, round(worst.error, 2)
    (2, 1.0)
    """

    name: str
    index: int
    error: float


class ImageParts(BasePixels):
    r"""The parts that images of one size share: each image is a sum of parts with weights of its own.

    Images are rows of X ~ W H, a column for each pixel (of each colour), brightness from 0 to 1: see ``partwise.NMF``.
    What is bright adds up, so images on a dark ground suit it best.

    Parameters
    ----------
    n_components : int or 'choose', default=25
        Number of parts. 'choose' finds it by pixels that it holds out, at the cost of some fifty fits.
    alpha_W : float or 'choose', default=0.0
        Weight of the penalty, see ``partwise.NMF``. With n_components='choose', 'choose' finds the parts that predict
        pixels best, which are many: for denoising and inpainting, not for looking at. So does 0.0 where pixels are
        unknown.
    loss : {'frobenius', 'kullback-leibler'} or another loss of ``partwise.NMF``, default='frobenius'
        What a good fit is.
    random_state : int, default=0
        Seed of the factorization.
    max_iter : int, default=200
        Most iterations.
    n_jobs : int, default=None
        Threads; None leaves it to ``partwise.NMF``. The result has the same bits at any number.

    Attributes
    ----------
    parts_ : ndarray of shape (n_components\_, height, width) or (n_components\_, height, width, 3)
        The parts as pictures, at any scale, those with most of the brightness first.
    weights_ : ndarray of shape (n_images, n_components\_)
        Weight of each part in each image that was fitted.
    shares_ : ndarray of shape (n_images, n_components\_)
        The same as shares of the brightness that the parts give the image; rows sum to 1, or 0 for a black image.
    errors_ : ndarray of shape (n_images,)
        What the parts leave of each image, relative to it: 0 is nothing, 1 all.
    names_ : list of str
        Names of the images.
    n_components_ : int
        Number of parts.
    components_ : ndarray of shape (n_components\_, n_pixels)
        The parts as rows of pixels, for functions that take models, such as ``partwise.match``.
    pixel_shape_ : tuple of int
        Shape of an image.
    nmf_ : NMF
        The factorization; with 'choose', ``nmf_.rank_choice_.reason`` says why so many. Its ``factorization_`` keeps
        the order in which the fit found the parts.

    See Also
    --------
    partwise.images.PatchParts : For a single large picture, or pictures of different sizes.

    References
    ----------
    D. D. Lee and H. S. Seung, Nature 401, 1999, doi:10.1038/44565.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from partwise.images import ImageParts
    >>> digits = load_digits().images / 16
    >>> model = ImageParts(n_components=16).fit(digits[:500])
    >>> model.parts_.shape, model.weights_.shape
    ((16, 8, 8), (500, 16))
    >>> known = np.random.default_rng(0).random((8, 8)) > 0.3
    >>> filled = model.inpaint(digits[600], mask=known)
    >>> bool((filled[known] == digits[600][known].astype(np.float32)).all()), filled.shape
    (True, (8, 8))
    """

    def __init__(
        self,
        n_components: Any = 25,
        *,
        alpha_W: Any = 0.0,
        loss: Any = "frobenius",
        random_state: Any = 0,
        max_iter: int = 200,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.alpha_W = alpha_W
        self.loss = loss
        self.random_state = random_state
        self.max_iter = max_iter
        self.n_jobs = n_jobs

    def fit(self, images: Any, mask: Any = None) -> Self:
        """Find the parts of images.

        Parameters
        ----------
        images : ImageStack, ndarray of shape (n, h, w) or (n, h, w, 3), or sequence of images of one size
            Two or more images: pixels of uint8, uint16, bool, or floats from 0 to 1. NaN, and masked entries of a
            masked array, are unknown.
        mask : ndarray of bool of shape (h, w), (n, h, w) or that of the images, or sequence of n masks, default=None
            True where a pixel is known.

        Returns
        -------
        ImageParts
            The fitted model.

        Raises
        ------
        DataError
            If these are not images, not of one size, or only one, or no pixel of one is known.
        ParameterError
            If a parameter has an invalid value, or there are more parts than images.
        """
        stack = as_stack(images, mask)
        if len(stack) < 2:
            raise DataError("one image shares its parts with none. Give more, or cut patches of it with PatchParts.")
        X = stack.rows()
        check_known(X, stack.names)
        with rebuilt(self) as made:
            made.nmf_, W = made._fitted(X, "images")
            made.pixel_shape_, made.names_ = stack.shape, [*stack.names]
            order = np.argsort(-made.shares_of(W).mean(axis=0), kind="stable")
            made.nmf_.components_, made.weights_ = made.nmf_.components_[order], W[:, order]
            made.errors_, _, made._looks = surveyed(stack, made.nmf_, made.weights_)
        return self

    def transform(self, images: Any, mask: Any = None) -> Array:
        """Return the weights of the parts in images.

        Parameters
        ----------
        images : ImageStack, array or sequence of images
            Images of the size and colours that the parts have.
        mask : ndarray of bool, or sequence of these, default=None
            True where a pixel is known, as in `fit`.

        Returns
        -------
        ndarray of shape (n_images, n_components\\_)
            The weights, those of `fit` for the images that were fitted.

        Raises
        ------
        DataError
            If these are not images, of another size than the parts, or no pixel of one is known.
        """
        return np.asarray(self.nmf_.transform(self.rows_of(images, mask)))

    def rows_of(self, images: Any, mask: Any = None) -> Array:
        """Return images as the factorization reads them: a row for each, a column for each pixel of each colour.

        Parameters
        ----------
        images, mask : see `transform`
            The images, and which pixels are known.

        Returns
        -------
        ndarray of shape (n_images, n_pixels)
            Brightness of float32 from 0 to 1, NaN where it is unknown.

        Raises
        ------
        DataError
            As of `transform`.
        """
        check_is_fitted(self)
        stack = as_stack(images, mask)
        self._check_images(stack)
        X = stack.rows()
        check_known(X, stack.names)
        return X

    @property
    def shares_(self) -> Array:
        """Shares of the brightness of each fitted image, (n_images, n_components)."""
        check_is_fitted(self)
        return self.shares_of(self.weights_)

    def shares_of(self, weights: Any) -> Array:
        """Return weights as shares of the brightness that the parts give each image.

        Parameters
        ----------
        weights : ndarray of shape (n_images, n_components\\_)
            As of `transform`.

        Returns
        -------
        ndarray of shape (n_images, n_components\\_)
            Rows that sum to 1, or 0 for a black image.
        """
        check_is_fitted(self)
        light = np.asarray(weights, np.float64) * self.nmf_.components_.sum(axis=1, dtype=np.float64)
        sums = light.sum(axis=1, keepdims=True)
        return np.divide(light, sums, out=np.zeros_like(light), where=sums > 0)

    def similar(self, image: Any, n: int = 5) -> list[SimilarImage]:
        """Return the fitted images that are most like one.

        The score is the mean of two cosines, between what the parts make of the images and between the images
        themselves, in up to 16 x 16 pixels: 1 for the same image, 0 for nothing in common.

        Parameters
        ----------
        image : str, int or array of shape (h, w) or (h, w, 3)
            Name or number of a fitted image, which is then left out, or a new one.
        n : int, default=5
            Images to find.

        Returns
        -------
        list of SimilarImage
            The most similar first; those of the same score in their order.

        Raises
        ------
        DataError
            If the array is not an image of the size of the parts.
        ParameterError
            If there is no image of that name or number.
        """
        check_is_fitted(self)
        n = check_integer("n", n)
        own = self._number(image) if isinstance(image, str | int | np.integer) else None
        if own is None:
            stack = as_stack(as_picture(image)[None])
            weights = self.transform(stack)
            one = weights, surveyed(stack, self.nmf_, weights).looks
        else:
            one = self.weights_[[own]], self._looks[[own]]
        score = likeness(one, (self.weights_, self._looks), self.nmf_.components_)[0]
        order = [int(i) for i in np.argsort(-score, kind="stable") if i != own][:n]
        return [SimilarImage(self.names_[i], i, float(score[i])) for i in order]

    def badly_explained(self, n: int = 10) -> list[BadlyExplained]:
        """Return the fitted images that the parts explain worst.

        Parameters
        ----------
        n : int, default=10
            Images to find.

        Returns
        -------
        list of BadlyExplained
            The worst first.
        """
        check_is_fitted(self)
        order = np.argsort(-self.errors_, kind="stable")[: check_integer("n", n)]
        return [BadlyExplained(self.names_[i], int(i), float(self.errors_[i])) for i in order]

    def report(self, path: str | PathLike[str], images: Any, *, title: str | None = None) -> None:
        """Write a report: one HTML page with pictures that needs no network.

        Parameters
        ----------
        path : str or path-like
            The page to write; an existing file is replaced once the new one is complete.
        images : see `fit`
            The images to show, those that were fitted or others of their size.
        title : str, default=None
            Title of the page; by default the numbers of parts and images.

        Raises
        ------
        DataError
            If these are not images, or of another size than the parts.
        MissingExtraError
            If Pillow is not installed.
        OSError
            If the page cannot be written; an existing file stays unchanged.
        """
        from partwise.images.reporting import write_report

        check_is_fitted(self)
        write_report(self, path, images, title)

    def _number(self, image: Any) -> int:
        if isinstance(image, str):
            if image not in self.names_:
                raise ParameterError(f"there is no image {shown(image)}.{likely(image, self.names_)}")
            return self.names_.index(image)
        if not 0 <= image < len(self.names_):
            raise ParameterError(f"there is no image {image}: they are numbered from 0 to {len(self.names_) - 1}.")
        return int(image)

    def _check_images(self, stack: ImageStack) -> None:
        if stack.shape != self.pixel_shape_:
            what = f"image {stack.names[0]!r} has" if len(stack) == 1 else "images have"
            raise DataError(
                f"{what} shape {stack.shape}, the parts {self.pixel_shape_}. Read them in the same size and "
                "colours, as with read_folder(path, size=..., colour=...)."
            )

    def _remade(self, stack: ImageStack) -> Array:
        return self._modelled(stack.rows()).reshape(-1, *stack.shape)
