"""What NMF and MiniBatchNMF share: parameters, checks, and the data back from W."""

import sys
import warnings
from abc import ABC, abstractmethod
from copy import copy
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from partwise.atomic import rebuilt
from partwise.estimators.callbacks import CallbackSupportMixin
from partwise.exceptions import DataError, FactorTypeError, ParameterError
from partwise.init.given import check_factor, check_parts
from partwise.losses import Loss, get_loss
from partwise.matrix import Array, Matrix, array_of, as_matrix, entries_of
from partwise.matrix.names import feature_names, like_columns, order_of, with_columns
from partwise.parameters import check_count, check_integer, check_number
from partwise.penalties import Penalty
from partwise.problem import NONE
from partwise.projection import KeptProjection, Projection
from partwise.solvers import Iteration

COLUMNS = ("n_features_in_", "feature_names_in_")
"""Attributes in which scikit-learn's checks note the columns of the fitted data."""
FOUND = (
    *COLUMNS, "components_", "n_components_", "n_iter_", "n_steps_", "converged_", "reconstruction_err_",
    "factorization_", "rank_choice_", "alpha_W_", "alpha_H_",
)  # fmt: skip
"""Attributes that a fit sets. The next fit drops these, but no attribute that the user added."""


def warn(message: str, category: type[Warning]) -> None:
    """Warn with the line of the caller's own code, however many frames of partwise and scikit-learn lie between."""
    level, frame = 1, sys._getframe(0)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ("partwise", "sklearn"):
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    warnings.warn(message, category, stacklevel=level)


class BaseNMF(CallbackSupportMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator, ABC):
    """Parameters and behaviour that every NMF estimator has, under scikit-learn's names."""

    n_components: Any
    init: Any
    beta_loss: Any
    tol: float
    max_iter: int
    random_state: Any
    alpha_W: float
    alpha_H: Any
    l1_ratio: float
    verbose: int
    loss: Any
    n_jobs: int | None
    missing_values: Any
    negatives: str
    components_: Array
    _words: tuple[str, ...] = ("auto",)
    """Values of n_components that are not numbers."""
    _penalty_words: tuple[str, ...] = ()
    """Values of alpha_W that are not numbers."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = isinstance(self.missing_values, Real) and bool(np.isnan(float(self.missing_values)))
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _n_components(self) -> int:
        """Number of parts, under the name that scikit-learn's own tests read."""
        return int(self.n_components_)

    @property
    def _n_features_out(self) -> int:
        return len(self._checked_components())

    @property
    def _loss_function(self) -> Loss:
        return get_loss(self.beta_loss, "beta_loss") if self.loss is None else get_loss(self.loss)

    def _check_params(self) -> None:
        check_count("n_components", self.n_components, also=(*self._words, None))
        check_number("alpha_W", self.alpha_W, also=self._penalty_words)
        check_number("alpha_H", self.alpha_H, also=("same",))
        check_number("l1_ratio", self.l1_ratio, highest=1)
        if not isinstance(self.verbose, bool):
            check_integer("verbose", self.verbose, 0)

    def _validate(self, X: Any, *, reset: bool, entry_weight: Any = None) -> tuple[Matrix, dict[str, Any]]:
        """Return X as a storage, and its columns' names and number, checked against the last fit unless `reset`.

        First check the model's parameters: the user can set them between any two calls.
        """
        self._check_params()
        names, known = feature_names(X), None if reset else getattr(self, "feature_names_in_", None)
        order = order_of(names, known)
        matrix = as_matrix(
            X, model=type(self).__name__, negatives=self.negatives, missing_values=self.missing_values,
            entry_weight=entry_weight,
        )  # fmt: skip
        seen = copy(self) if reset else self  # a failed fit keeps the attributes of the last one
        if names is not None and not reset and known is None:
            warn(f"X has feature names, but {type(self).__name__} was fitted without feature names", UserWarning)
        # for a single row, scikit-learn's check takes longer than everything else
        if reset or (names is None and known is not None) or matrix.shape[1] != getattr(self, "n_features_in_", None):
            validate_data(seen, matrix, reset=reset, skip_check_array=True)
        if reset and names is not None:
            seen.feature_names_in_ = names
        return with_columns(matrix, order), {name: value for name, value in vars(seen).items() if name in COLUMNS}

    def _become(self, **fitted: Any) -> None:
        """Replace the results of an earlier fit by those of this one."""
        with rebuilt(self) as made:
            made.__dict__ = {name: value for name, value in vars(made).items() if name not in FOUND}
            made.__dict__.update(fitted, _kept=KeptProjection())

    def _penalties(self, shape: tuple[float, int]) -> tuple[Penalty, Penalty]:
        """Return the penalties of W and H in units of the summed loss: scaled by features for W, by samples for H."""
        alpha_H = self.alpha_W if isinstance(self.alpha_H, str) else self.alpha_H
        return self._penalty(self.alpha_W, shape[1]), self._penalty(alpha_H, shape[0])

    @property
    def _fitted_alpha_W(self) -> float:
        """The weight of W's penalty, as given or as chosen."""
        return float(getattr(self, "alpha_W_", 0.0 if isinstance(self.alpha_W, str) else self.alpha_W))

    def _penalty(self, alpha: float, count: float) -> Penalty:
        weight = count * alpha
        return NONE if weight == 0 else Penalty(float(weight * self.l1_ratio), float(weight * (1.0 - self.l1_ratio)))

    def _start(self, X: Matrix, k: Any, W: Any, H: Any, names: Array | None) -> tuple[int, Any, Any]:
        """Return (n_components, W, H): the start, checked as scikit-learn does, and its number of parts.

        `names` are those of X's columns.
        """
        if self.init == "custom":
            if W is None and H is None:
                raise ParameterError("init='custom' needs a start: pass W or H, or both, to fit_transform.")
            given = ((W, "W"), (like_columns(H, names, "H"), "H"))
            W, H = (None if F is None else array_of(F, name) for F, name in given)
            if k == "auto" or k is None:
                k = len(np.atleast_2d(W.T if H is None else H))
            self._same_dtype(X, H=H, W=W)
            H = None if H is None else check_factor(H, (k, X.shape[1]), "H", X.dtype)
            W = None if W is None else check_factor(W, (X.shape[0], k), "W", X.dtype)
        else:
            if W is not None or H is not None:
                warn(
                    "When init!='custom', provided W or H are ignored. Set  init='custom' to use them as "
                    "initialization.",
                    RuntimeWarning,
                )
            W = H = None
            if k == "auto" or k is None:
                k = X.shape[1]
        return int(k), W, H

    @staticmethod
    def _same_dtype(X: Matrix, **factors: Any) -> None:
        given = {name: f.dtype for name, f in factors.items() if f is not None}
        if any(dtype != X.dtype for dtype in given.values()):
            names = " and ".join(given)
            got = " and ".join(f"{name}.dtype = {dtype}" for name, dtype in given.items())
            raise FactorTypeError(
                f"{names} should have the same dtype as X. Got {got}, and X.dtype = {X.dtype}; convert with .astype."
            )

    @abstractmethod
    def fit_transform(self, X: Any, y: Any = None, W: Any = None, H: Any = None) -> Any:
        """Learn the parts of X and return their weights in each row; see the subclasses."""

    def _state(self, found: Iteration) -> dict[str, Any]:
        """Return the attributes with which an estimator is fitted to what the loop has found so far."""
        return {
            "components_": np.array(found.H),
            "n_components_": found.H.shape[0],
            "n_iter_": found.iteration,
            "n_features_in_": found.H.shape[1],
        }

    def inverse_transform(self, X: Any) -> Any:
        """Return the data of the model for these weights, W H.

        Parameters
        ----------
        X : {ndarray, sparse matrix} of shape (n_samples, n_components)
            Weights of the parts.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
            The model of the data.

        Raises
        ------
        DataError
            If W has another number of columns, or W H is beyond the range of numbers.
        """
        check_is_fitted(self)
        weights, H = entries_of(X, "W"), self._checked_components()
        if weights.shape[1] != len(H):
            raise DataError(f"W has shape {weights.shape}; it needs one column for each of the {len(H)} parts.")
        with np.errstate(over="ignore", invalid="ignore"):  # refused below
            model = weights @ H
        if not np.isfinite(model).all():
            raise DataError(
                f"W H has entries that {model.dtype} cannot hold, or W is not finite. Scale W and components_ down."
            )
        return model

    def _given_components(self) -> tuple[Array, int]:
        """Return components_, which the user can set, as an array, and the number of features that they must have."""
        H = array_of(self.components_, "components_")
        return H, getattr(self, "n_features_in_", H.shape[-1] if H.ndim else 0)  # set by the user alone, they decide it

    def _checked_components(self) -> Array:
        """Return components_ as a float array (k, m), checked: shape, finite, at least 0."""
        return check_parts(*self._given_components(), "components_")

    def _projection(self) -> Projection:
        """Return the projection onto components_, kept until they, the loss or the penalties change."""
        kept: KeptProjection = self.__dict__.setdefault("_kept", KeptProjection())
        H, m = self._given_components()
        signed = self.negatives == "keep"
        return kept.onto(H, m, "components_", self._loss_function, *self._limits(m), signed=signed)

    def _limits(self, m: int) -> tuple[Any, ...]:
        """Return the penalty on weights of data with m columns, and the other limits of a projection."""
        return (self._penalty(self._fitted_alpha_W, m),)
