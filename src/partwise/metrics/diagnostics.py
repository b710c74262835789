"""What a model does not explain, and what each of its parts adds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partwise.exceptions import DataError, ParameterError
from partwise.factorization import Factorization
from partwise.losses import Frobenius, Loss, get_loss
from partwise.losses.fixed import Fixed, gram
from partwise.matching import duplicates
from partwise.matrix import Array, Matrix, array_of, as_matrix, rescaled, widened
from partwise.matrix.names import feature_names, like_columns, order_of
from partwise.metrics.reconstruction import comparable
from partwise.parameters import check_flag, check_integer, check_number
from partwise.summary import Summary, spread
from partwise.units import scaled

SHOWN = 10
"""Most parts that a summary lists."""
NAMED = 3
"""Most rows, columns and pairs that it names."""


@dataclass(frozen=True, eq=False, repr=False)
class Diagnostics(Summary):
    """What a model does not explain of each row and column, and what its parts add; ``str()`` is a summary.

    Parameters
    ----------
    loss_function : Loss
        The loss of which ``loss``, ``row_loss``, ``column_loss`` and ``part_gain`` are values. `objective` is its
        deprecated name.
    loss : float
        Its value, summed over all cells.
    relative_error : float
        ``||X - W H|| / ||X||`` in the Frobenius norm, for any loss.
    row_error, column_error : ndarray of shape (n_samples,), (n_features,)
        Euclidean norm of the residual of each row and column, in X's units.
    row_relative_error, column_relative_error : ndarray of shape (n_samples,), (n_features,)
        The same divided by the norm of the row or column itself: 1 if a model of zeros would be as good. Infinite if
        the data are all zero and the model is not.
    row_loss, column_loss : ndarray of shape (n_samples,), (n_features,)
        Loss of each row and column. Both add up to ``loss``.
    part_share : ndarray of shape (n_components,)
        Share of each part in the sum of all entries of the model, ``W[:, t].sum() * H[t].sum()``. Entries are at least
        0, so the shares sum to 1, also if parts overlap.
    part_gain : ndarray of shape (n_components,)
        How much the loss rises if the part is left out and the weights of the others stay. The sum of these means
        nothing: what two parts explain together, each can explain nearly as well alone. If the loss divides by a model
        of zero, that is raised to a tiny number.
    near_duplicates : list of (int, int, float)
        Pairs of parts whose rows of H point the same way, and their cosine; the most similar first.
    dead : list of int
        Parts that add nothing: their column of W or row of H is all zero.

    Examples
    --------
    >>> import numpy as np
    >>> from partwise import diagnose
    >>> X = np.array([[4.0, 4.0, 0.0], [0.0, 0.0, 3.0], [0.0, 2.0, 0.0]])
    >>> found = diagnose(X, ([[2.0, 0.0], [0.0, 1.0], [0.5, 0.0]], [[2.0, 2.0, 0.0], [0.0, 0.0, 3.0]]))
    >>> print(found)
    3 x 3, 2 parts: frobenius loss 1, relative error 0.211
     part    share     gain
        0    76.9%       17
        1    23.1%      4.5
    worst rows      2 (100.0% of the loss)
    worst columns   0 (50.0% of the loss), 1 (50.0%)
    near duplicates none
    dead parts      none
    """

    loss_function: Loss
    loss: float
    relative_error: float
    row_error: Array
    column_error: Array
    row_relative_error: Array
    column_relative_error: Array
    row_loss: Array
    column_loss: Array
    part_share: Array
    part_gain: Array
    near_duplicates: list[tuple[int, int, float]]
    dead: list[int]

    @property
    def objective(self) -> Loss:
        """The deprecated name of loss_function."""
        return self.loss_function

    def _facts(self) -> dict[str, Any]:
        return {
            "X": f"{len(self.row_error):,} x {len(self.column_error):,}",
            "parts": len(self.part_share),
            "loss": f"{self.loss:.6g} ({self.loss_function.name})",
            "relative error": self.relative_error,
            "shares": spread(self.part_share, ".1%"),
            "near duplicates": len(self.near_duplicates),
            "dead parts": len(self.dead),
        }

    def worst_rows(self, count: int = 10, *, relative: bool = False) -> Array:
        """Return the rows that the model explains worst, the worst first.

        Parameters
        ----------
        count : int, default=10
            Most rows.
        relative : bool, default=False
            Order by relative error instead of loss, so that small rows count as much as large ones.

        Returns
        -------
        ndarray of shape (count,)
            Their indices.
        """
        values = self.row_relative_error if check_flag("relative", relative) else self.row_loss
        return _worst(values, check_integer("count", count, 0))

    def worst_columns(self, count: int = 10, *, relative: bool = False) -> Array:
        """Return the columns that the model explains worst, the worst first.

        Parameters
        ----------
        count : int, default=10
            Most columns.
        relative : bool, default=False
            Order by relative error instead of loss, so that small columns count as much as large ones.

        Returns
        -------
        ndarray of shape (count,)
            Their indices.
        """
        values = self.column_relative_error if check_flag("relative", relative) else self.column_loss
        return _worst(values, check_integer("count", count, 0))

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        n, m, k = len(self.row_error), len(self.column_error), len(self.part_share)
        yield (
            f"{n} x {m}, {k} part{'s' * (k != 1)}: {self.loss_function.name} loss {self.loss:.4g}, "
            f"relative error {self.relative_error:.3g}"
        )
        yield f"{'part':>5}{'share':>9}{'gain':>9}"
        for t in _worst(self.part_share, SHOWN):
            yield f"{t:>5}{self.part_share[t]:>9.1%}{self.part_gain[t]:>9.3g}"
        if k > SHOWN:
            yield f"  and {k - SHOWN} smaller ones"
        yield f"{'worst rows':<16}{self._named(self.row_loss)}"
        yield f"{'worst columns':<16}{self._named(self.column_loss)}"
        pairs = [f"{s} and {t} ({cosine:.2f})" for s, t, cosine in self.near_duplicates]
        more = f" and {len(pairs) - NAMED} more" if len(pairs) > NAMED else ""
        yield f"{'near duplicates':<16}{', '.join(pairs[:NAMED]) or 'none'}{more}"
        yield f"{'dead parts':<16}{', '.join(map(str, self.dead)) or 'none'}"

    def _named(self, losses: Array) -> str:
        worst = [i for i in _worst(losses, NAMED) if losses[i] > 0]
        told = [f"{i} ({losses[i] / self.loss:.1%})" for i in worst] or ["none"]
        return ", ".join(told).replace("%)", "% of the loss)", 1)


def diagnose(
    X: Any,
    model: Any,
    *,
    loss: Loss | str | float | None = None,
    alike: float = 0.9,
    missing_values: Any = None,
    negatives: str = "error",
) -> Diagnostics:
    """Return what a model does not explain of each row and column of X, and what each of its parts adds.

    All cells count alike, also if the fit had weights. A sparse X stays sparse: no array of its shape is made.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features), or images
        Data, at least 0; zeros of a sparse X count. Columns with names are matched by name to those of the model, and
        the result is in X's order. With ``ImageParts``, images: each is a row, and each pixel a column.
    model : Factorization, fitted NMF, MiniBatchNMF or ImageParts, or pair (W, H)
        The model. For an estimator, ``transform`` finds the weights of X, so X can be new. A Factorization or a pair
        has the weights of the data that it was fitted to.
    loss : str, float (beta), Loss or None, default=None
        The loss to measure besides the Frobenius norm. None: that of the model's fit, or Frobenius for a pair.
    alike : float, default=0.9
        Parts are near duplicates if the cosine of their rows of H is at least this.
    missing_values : None, nan or 0, default=None
        Which entries of X are unknown and count for nothing. For an estimator, its own setting counts.
    negatives : {'error', 'clip'}, default='error'
        Refuse negative entries of X, or take them as zeros. For an estimator, its own setting counts.

    Returns
    -------
    Diagnostics
        Errors by row and column, shares of the parts, near duplicates and dead parts.

    Raises
    ------
    DataError
        If the shapes of X and the factors do not fit, or X has an entry that the loss is not defined for.
    NotFittedError
        If the model is not fitted.
    ParameterError
        If ``model`` is none of these, or ``alike`` is not in (0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> import partwise as pw
    >>> rng = np.random.default_rng(0)
    >>> X = rng.gamma(1.0, 1.0, (40, 3)) @ rng.gamma(1.0, 1.0, (3, 25))
    >>> X[7] = 5 * rng.random(25)
    >>> found = pw.diagnose(X, pw.NMF(3, random_state=0).fit(X))
    >>> int(found.worst_rows()[0])
    7
    """
    alike = check_number("alike", alike, highest=1, above=True, hint="It is a cosine.")
    X, model = of_rows(X, model)
    W, H, own = factors(X, model)
    loss_function = get_loss(own if loss is None else loss)
    given = as_matrix(
        X,
        missing_values=getattr(model, "missing_values", missing_values),
        negatives=getattr(model, "negatives", negatives),
    )
    loss_function.check(given)
    matrix, left, right, unit = comparable(given, W, H, loss_function.unit_degree)
    own, own_unit = rescaled(widened(given))
    inside = loss_function.in_units(unit)
    squares, losses = [], []
    for sides in ((matrix, left, right), (matrix.T, right, left)):
        half = _row_losses(sides[0], Frobenius(), *sides[1:])
        squares.append(2 * half)
        losses.append(half if isinstance(loss_function, Frobenius) else _row_losses(sides[0], inside, *sides[1:]))
    own_squares = [side.row_squares() for side in (own, own.T)]
    ratio = float(np.log2(unit) - np.log2(own_unit))
    exponent = loss_function.log_unit(unit)
    mass = left.sum(axis=0, dtype=np.float64) * right.sum(axis=0, dtype=np.float64)
    return Diagnostics(
        loss_function=loss_function,
        loss=scaled(float(losses[0].sum()), exponent),
        relative_error=float(_relative(squares[0].sum(), own_squares[0].sum(), ratio)),
        row_error=scaled(np.sqrt(squares[0]), float(np.log2(unit))),
        column_error=scaled(np.sqrt(squares[1]), float(np.log2(unit))),
        row_relative_error=_relative(squares[0], own_squares[0], ratio),
        column_relative_error=_relative(squares[1], own_squares[1], ratio),
        row_loss=scaled(losses[0], exponent),
        column_loss=scaled(losses[1], exponent),
        part_share=mass / (mass.sum() or 1.0),
        part_gain=scaled(_gains(matrix, inside, left, right), exponent),
        near_duplicates=duplicates(right.T, alike),
        dead=[int(t) for t in np.flatnonzero(~(left.any(axis=0) & right.any(axis=0)))],
    )


def part_order(W: Any, H: Any) -> Array:
    """Return the order of the parts by falling share in the sum of all entries of the model.

    Different starts find the same parts in different orders. This order depends on the parts alone, so fits can be
    compared side by side.

    Parameters
    ----------
    W : array-like of shape (n_samples, n_components)
        Weights.
    H : array-like of shape (n_components, n_features)
        Parts.

    Returns
    -------
    ndarray of shape (n_components,)
        Their indices, the largest part first. Of two whose shares agree to nine digits, the one whose heaviest column
        comes first.

    Raises
    ------
    DataError
        If the shapes do not fit, or an entry is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> W, H = np.array([[1.0, 3.0], [2.0, 0.0]]), np.array([[0.0, 1.0], [4.0, 1.0]])
    >>> order = part_order(W, H)
    >>> W[:, order], H[order]
    (array([[3., 1.], [0., 2.]]), array([[4., 1.], [0., 1.]]))
    """
    W, H = (array_of(factor, name).astype(np.float64, copy=False) for factor, name in ((W, "W"), (H, "H")))
    if W.ndim != 2 or H.ndim != 2 or W.shape[1] != len(H) or not (np.isfinite(W).all() and np.isfinite(H).all()):
        raise DataError(f"W (n, k) and H (k, m) must fit, and be finite; got shapes {W.shape} and {H.shape}.")
    mass = W.sum(axis=0) * H.sum(axis=1)
    shares = np.round(mass / (mass.sum() or 1.0), 9)  # rounding alone is to decide nothing
    return np.lexsort((H.argmax(axis=1), -shares))


def of_rows(X: Any, model: Any) -> tuple[Any, Any]:
    """Return data and a model of their rows: of a model of images, the rows that these make, and its factorization."""
    if not hasattr(model, "pixel_shape_"):
        return X, model
    if not hasattr(model, "rows_of"):
        raise ParameterError(
            f"model={type(model).__name__} makes pictures of patches that overlap, so a picture is no row of its "
            "weights. Give ImageParts, or compare the picture with model.reconstruct(picture)."
        )
    return model.rows_of(X), model.nmf_


def factors(X: Any, model: Any) -> tuple[Any, Any, Any]:
    """Return (W, H, loss) of whatever stands for a model, the columns of H in X's order."""
    names = feature_names(X)
    if isinstance(model, tuple | list) and len(model) == 2:
        return model[0], like_columns(model[1], names, "H"), "frobenius"
    if isinstance(model, Factorization) or hasattr(model, "components_"):
        order = order_of(names, getattr(model, "feature_names_in_", None))
        back = slice(None) if order is None else np.argsort(order)
        if isinstance(model, Factorization):
            return model.W, model.H[:, back], model.loss_function
        own = getattr(model, "loss", None)
        own = getattr(model, "beta_loss", "frobenius") if own is None else own
        return model.transform(X), np.asarray(model.components_)[:, back], own
    if hasattr(model, "fit"):
        check_is_fitted(model)
    raise ParameterError(
        f"model={type(model).__name__} has no parts; give a Factorization, a fitted NMF or MiniBatchNMF, or a pair "
        f"(W, H)."
    )


def _row_losses(X: Matrix, loss: Loss, left: Array, right: Array) -> Array:
    """Return the loss of each row, (n,), in float64."""
    sides = loss.sides(X, Fixed(right), value=False, exact=True)
    return np.concatenate(
        [loss.row_values(X.rows(*rows), left[slice(*rows)], side) for rows, side in zip(X.blocks, sides, strict=True)]
    )


def _gains(X: Matrix, loss: Loss, left: Array, right: Array) -> Array:
    """Return by how much the loss rises without each part, (k,)."""
    if X.can("complete") and isinstance(loss, Frobenius):
        both = gram(left), gram(right)
        inner = np.einsum("it,it->t", X.product(np.ascontiguousarray(right, X.dtype)), left, dtype=np.float64)
        overlap = (both[0] * both[1]).sum(axis=0)
        return inner - overlap + 0.5 * np.diagonal(both[0]) * np.diagonal(both[1])
    whole, gains = loss.value(X, left, right), []
    for t in range(left.shape[1]):
        without = left.copy()
        without[:, t] = 0
        gains.append(loss.value(X, without, right) - whole)
    return np.array(gains)


def _relative(squares: Any, own: Any, log_ratio: float) -> Any:
    """Return sqrt(squares / own) times the ratio of their units, 0 where both are 0, infinity where own alone is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.sqrt(squares / own)
    exact = np.where(squares == 0, 0.0, np.inf)
    return np.where(own == 0, exact, scaled(np.where(own == 0, 0.0, found), log_ratio))


def _worst(values: Array, count: int) -> Array:
    return np.argsort(-values, kind="stable")[:count]
