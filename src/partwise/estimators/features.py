"""Weights of parts as features for other models, in the metric of the parts."""

from typing import Any, Self

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, MetaEstimatorMixin, TransformerMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted

from partwise.atomic import rebuilt
from partwise.exceptions import ParameterError, shown
from partwise.matrix import Array


class PartFeatures(ClassNamePrefixFeaturesOutMixin, MetaEstimatorMixin, TransformerMixin, BaseEstimator):
    r"""Weights of parts as features: distances between their rows are those between rows of the model W H.

    Parts overlap and have any scale, so distances between rows of W do not measure distances in the data. The features
    are

    .. math:: F = W (H H')^{1/2}, \qquad \|f_i - f_j\| = \|w_i H - w_j H\|,

    with the symmetric square root. Column t is part t without what the other parts share with it. F can have negative
    entries. Neighbours, kernels, clusterings and penalized linear models need these features; trees do not.

    Parameters
    ----------
    estimator : estimator
        What finds the parts: ``NMF``, ``MiniBatchNMF``, or another transformer that returns W and has ``components_``.
        It is cloned.

    Attributes
    ----------
    estimator_ : estimator
        The fitted clone: its ``transform`` gives W, its ``components_`` are the parts.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had names that are all strings.

    See Also
    --------
    partwise.NMF : The parts, and their plain weights.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from partwise import NMF, PartFeatures
    >>> X, y = load_digits(return_X_y=True)
    >>> parts = NMF(20, random_state=0, tol=1e-3)
    >>> for features in (parts, PartFeatures(parts)):
    ...     model = make_pipeline(features, KNeighborsClassifier()).fit(X[::2], y[::2])
    ...     print(round(model.score(X[1::2], y[1::2]), 2))
    0.95
    0.97
    """

    estimator_: Any

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if hasattr(self.estimator, "__sklearn_tags__"):
            own = get_tags(self.estimator)
            tags.input_tags, tags.transformer_tags = own.input_tags, own.transformer_tags
        return tags

    @property
    def n_features_in_(self) -> int:
        """Number of features seen during fit."""
        return int(self.estimator_.n_features_in_)

    @property
    def feature_names_in_(self) -> Array:
        """Names of the features seen during fit."""
        return np.asarray(self.estimator_.feature_names_in_)

    @property
    def _n_features_out(self) -> int:
        return len(self.estimator_.components_)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the parameters of a fit that the estimator requests, if scikit-learn's routing is enabled.

        Returns
        -------
        routing : MetadataRouter
            A router to the estimator's ``fit_transform``.
        """
        mapping = MethodMapping()
        for caller in ("fit", "fit_transform"):
            mapping.add(caller=caller, callee="fit_transform")
        return MetadataRouter(owner=self).add(estimator=self.estimator, method_mapping=mapping)

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """Learn the parts of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data, in any form that the estimator takes.
        y : Ignored
            Not used, present for API consistency by convention.
        **fit_params : dict
            Passed to the estimator's ``fit_transform``, for example ``sample_weight`` for ``NMF``.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ParameterError
            If the estimator has no ``fit_transform``, or no ``components_`` after its fit.
        """
        self.fit_transform(X, y, **fit_params)
        return self

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Array:
        """Learn the parts of X and return the features of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data, in any form that the estimator takes.
        y : Ignored
            Not used, present for API consistency by convention.
        **fit_params : dict
            Passed to the estimator's ``fit_transform``, for example ``sample_weight`` for ``NMF``.

        Returns
        -------
        F : ndarray of shape (n_samples, n_components)
            The features.

        Raises
        ------
        ParameterError
            If the estimator has no ``fit_transform``, or no ``components_`` after its fit.
        """
        if isinstance(self.estimator, type) or not hasattr(self.estimator, "fit_transform"):
            raise ParameterError(f"estimator must be a transformer such as NMF(20); got {shown(self.estimator)}.")
        fitted = clone(self.estimator)
        if get_config()["enable_metadata_routing"]:
            fit_params = process_routing(self, "fit_transform", **fit_params).estimator.fit_transform
        W = fitted.fit_transform(X, **fit_params)
        if not hasattr(fitted, "components_"):
            raise ParameterError(f"estimator must find parts; {shown(fitted)} has no components_ after its fit.")
        with rebuilt(self) as made:
            made.estimator_ = fitted
        return self._features(W)

    def transform(self, X: Any) -> Array:
        """Return the features of new rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            New data, in any form that the estimator takes.

        Returns
        -------
        F : ndarray of shape (n_samples, n_components)
            The features.
        """
        check_is_fitted(self)
        return self._features(self.estimator_.transform(X))

    def _features(self, W: Any) -> Array:
        """Return the features of rows with these weights. Parts are read at each call, because they can change."""
        weights = W.to_numpy() if hasattr(W, "to_numpy") else W  # a frame, if the estimator returns one
        features: Array = weights @ _root(np.asarray(self.estimator_.components_)).astype(weights.dtype)
        return features


def _root(H: Array) -> Array:
    """Return the symmetric square root of H H', (k, k), in float64."""
    parts = H.astype(np.float64)
    scale = float(np.abs(parts).max(initial=0.0)) or 1.0  # keeps squares in the range of numbers
    parts /= scale
    values, vectors = np.linalg.eigh(parts @ parts.T)
    root: Array = scale * (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root
