"""What models of whole images and of patches share: the fit of a matrix of pixels, and what is made of a model."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from partwise.estimators.nmf import NMF
from partwise.exceptions import DataError, ParameterError
from partwise.images.stack import ImageStack, as_picture, as_stack, masks_of
from partwise.matrix import Array
from partwise.parameters import check_count, check_number

__all__ = ["BasePixels", "check_known"]


class BasePixels(BaseEstimator, ABC):
    """Parts of rows of pixels, and pictures that are made of them."""

    n_components: Any
    alpha_W: Any
    loss: Any
    random_state: Any
    max_iter: int
    n_jobs: int | None
    nmf_: NMF
    pixel_shape_: tuple[int, ...]

    def set_callbacks(self, *callbacks: Any) -> Self:
        """Hand callbacks to the factorization; needs scikit-learn 1.9.

        Parameters
        ----------
        *callbacks : callback instances
            Objects that follow scikit-learn's callback protocol, such as ``sklearn.callback.ProgressBar()``.

        Returns
        -------
        self : object
            The model itself.
        """
        self._callbacks = callbacks
        return self

    @property
    def parts_(self) -> Array:
        """The parts as pictures, brightest pixel of any size."""
        check_is_fitted(self)
        return self.components_.reshape(-1, *self.pixel_shape_)

    @property
    def components_(self) -> Array:
        """The parts as rows of pixels, (n_components, n_pixels); `parts_` has them as pictures."""
        check_is_fitted(self)
        return self.nmf_.components_

    @property
    def n_components_(self) -> int:
        """Number of parts."""
        check_is_fitted(self)
        return len(self.nmf_.components_)

    def _fitted(self, X: Array, what: str) -> tuple[NMF, Array]:
        """Return parts of rows of pixels, NaN where they are unknown, and their weights in each row."""
        k = check_count("n_components", self.n_components, also=("choose",))
        if not isinstance(k, str) and k > len(X):
            raise ParameterError(
                f"n_components={k} is more than the {len(X):,} {what}: each would be a part. Give fewer."
            )
        nmf = NMF(
            k, alpha_W=self.alpha_W, beta_loss=self.loss, missing_values=np.nan, random_state=self.random_state,
            max_iter=self.max_iter, n_jobs=self.n_jobs,
        )  # fmt: skip
        nmf.set_output(transform="default")  # weights are an array, whatever scikit-learn is told to give
        watched = hasattr(nmf, "set_callbacks")
        if watched:
            nmf.set_callbacks(*getattr(self, "_callbacks", ()))
        W = nmf.fit_transform(X)
        if watched:
            nmf.set_callbacks()  # they are of this fit
        return nmf, W

    def _modelled(self, X: Array) -> Array:
        """Return what the parts make of rows of pixels."""
        return np.asarray(self.nmf_.inverse_transform(self.nmf_.transform(X)))

    @abstractmethod
    def _remade(self, stack: ImageStack) -> Array:
        """Return what the parts make of each image, of the stack's shape."""

    @abstractmethod
    def _check_images(self, stack: ImageStack) -> None:
        """Raise if the images are not of a kind that the parts can make."""

    def reconstruct(self, images: Any, mask: Any = None) -> Any:
        """Return what the parts make of images.

        Parameters
        ----------
        images : ImageStack, array or sequence of arrays
            Images of the kind that the parts were found in, or a single one.
        mask : ndarray of bool, default=None
            True where a pixel is known: of shape (h, w), (n, h, w) or that of the images; for a sequence, a mask for
            each. Pixels that are NaN are unknown too.

        Returns
        -------
        ndarray, or list of ndarray for a sequence
            Pixels of float32 from 0 to 1, in the shape of the images; none is NaN.

        Raises
        ------
        DataError
            If these are not images, not of the size and colours of the parts, or no pixel of one is known.
        """
        return self._each(images, mask, lambda given, model: model)

    def denoise(self, images: Any, mask: Any = None, *, strength: float = 1.0) -> Any:
        """Return images without what the parts do not explain, which is noise if there are enough parts.

        Parameters
        ----------
        images, mask : see `reconstruct`
            The images, and which pixels are known.
        strength : float, default=1.0
            Share that is taken away of what the parts do not explain: 1 leaves what `reconstruct` makes of the images,
            0 the images. Unknown pixels are always made of the parts.

        Returns
        -------
        ndarray, or list of ndarray for a sequence
            As of `reconstruct`.

        Raises
        ------
        DataError
            As of `reconstruct`.
        ParameterError
            If strength is not between 0 and 1.
        """
        share = np.float32(check_number("strength", strength, highest=1))
        return self._each(
            images, mask, lambda given, model: np.where(np.isnan(given), model, (1 - share) * given + share * model)
        )

    def inpaint(self, images: Any, mask: Any = None) -> Any:
        """Return images whose unknown pixels are made of the parts; known ones stay as they are.

        Parameters
        ----------
        images, mask : see `reconstruct`
            The images, and which pixels are known.

        Returns
        -------
        ndarray, or list of ndarray for a sequence
            As of `reconstruct`.

        Raises
        ------
        DataError
            As of `reconstruct`.
        """
        return self._each(images, mask, lambda given, model: np.where(np.isnan(given), model, given))

    def _each(self, images: Any, mask: Any, made: Any) -> Any:
        """Return images in the form in which they came: one, an array of them, or a list."""
        check_is_fitted(self)
        if isinstance(images, list | tuple):
            each = enumerate(zip(images, masks_of(mask, len(images)), strict=True))
            return [self._one(as_picture(image, known, f"images[{i}]"), str(i), made) for i, (image, known) in each]
        if not isinstance(images, ImageStack) and np.ndim(images) == len(self.pixel_shape_):
            return self._one(as_picture(images, mask), "0", made)
        return self._all(as_stack(images, mask), made)

    def _one(self, picture: Array, name: str, made: Any) -> Array:
        return self._all(replace(as_stack(picture[None]), names=[name]), made)[0]

    def _all(self, stack: ImageStack, made: Any) -> Array:
        self._check_images(stack)
        given = stack.images()
        check_known(given.reshape(len(given), -1), stack.names)
        return np.clip(made(given, self._remade(stack)), 0, 1).astype(np.float32)


def check_known(X: Array, names: Sequence[str]) -> None:
    """Raise if a row of pixels, NaN where they are unknown, has no known one; the text names the images."""
    blank = [names[int(i)] for i in np.flatnonzero(np.isnan(X).all(axis=1))]
    if blank:
        others = f" (nor of {len(blank) - 1:,} more, such as {blank[1]!r})" if len(blank) > 1 else ""
        raise DataError(
            f"no pixel of image {blank[0]!r}{others} is known: nothing tells what it shows. Leave it out, or mend the "
            "mask: True is known."
        )
