"""Parts of an AnnData object, written where scanpy and similar libraries look for them."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from partwise.estimators.nmf import NMF
from partwise.exceptions import DataError, ParameterError
from partwise.matrix import Array
from partwise.matrix.containers import Named, is_anndata

__all__ = ["nmf"]


def nmf(
    adata: Any,
    n_components: Any,
    *,
    layer: str | None = None,
    mask_var: Any = None,
    key_added: str = "nmf",
    copy: bool = False,
    **options: Any,
) -> Any:
    """Find the parts (gene programs) of the cells of an AnnData object, and write them into it.

    Parameters
    ----------
    adata : AnnData of shape (n_obs, n_vars)
        Counts or other values of at least 0, in memory or lazy (Dask).
    n_components : int or NMF
        Number of parts, k; or an estimator. The estimator is fitted, and can ``transform`` other cells afterwards: give
        it the same layer and variables.
    layer : str or None, default=None
        Which layer to factorize; None means ``adata.X``.
    mask_var : str, array of bool of shape (n_vars,), or None, default=None
        Which variables to use: a column of ``adata.var``, such as 'highly_variable', or one value per variable. None:
        all.
    key_added : str, default='nmf'
        Where the results go; see Returns.
    copy : bool, default=False
        Whether to write into a copy and return it.
    **options
        Further parameters of NMF, such as ``beta_loss='kullback-leibler'`` and ``random_state=0``; not allowed with an
        estimator.

    Returns
    -------
    AnnData or None
        None, or the copy. The object then holds

        - ``obsm['X_<key_added>']``, (n_obs, k): how much of each part a cell has;
        - ``varm['<key_added>']``, (n_vars, k): the parts, 0 for variables that were not used;
        - ``uns['<key_added>']``: the parameters, and the loss, the number of iterations and why the fit stopped.

    Raises
    ------
    DataError
        If the matrix cannot be factorized, or `adata` is not an AnnData object.
    ParameterError
        If there is no such layer or column, or a parameter has an invalid value.

    Examples
    --------
    >>> import anndata
    >>> import numpy as np
    >>> from partwise.integrations.anndata import nmf
    >>> counts = np.random.default_rng(0).poisson(3.0, (50, 20)).astype("float32")
    >>> adata = anndata.AnnData(counts)
    >>> nmf(adata, 4, beta_loss="kullback-leibler", random_state=0)
    >>> adata.obsm["X_nmf"].shape, adata.varm["nmf"].shape, adata.uns["nmf"]["converged"]
    ((50, 4), (20, 4), True)
    """
    _check(adata)
    if not (isinstance(key_added, str) and key_added):
        raise ParameterError(f"key_added must be a name, got {key_added!r}.")
    if isinstance(n_components, NMF) and options:
        raise ParameterError(f"{_listed(options)} with an estimator: set parameters on the estimator.")
    model = n_components if isinstance(n_components, NMF) else NMF(n_components, **options)
    X, used, names = _matrix(adata, layer), _used(adata, mask_var), list(adata.var_names)
    if used is not None:
        X, names = X[:, used], [name for name, use in zip(names, used, strict=True) if use]
    W = np.asarray(model.fit_transform(Named(X, names)))
    parts = np.zeros((adata.n_vars, len(model.components_)), model.components_.dtype)
    parts[slice(None) if used is None else used] = model.components_.T
    if copy:
        adata = adata.copy()
    adata.obsm[f"X_{key_added}"], adata.varm[key_added] = W, parts
    given = model.get_params() | {"layer": layer, "mask_var": mask_var if isinstance(mask_var, str) else None}
    found = model.factorization_
    adata.uns[key_added] = {
        "params": {name: _told(value) for name, value in given.items() if value is not None},
        "loss": float(found.loss),
        "n_iter": int(found.n_iter),
        "converged": bool(found.converged),
        "reason": str(found.reason),
    }
    return adata if copy else None


def _check(adata: Any) -> None:
    if not is_anndata(adata):
        raise DataError(
            f"adata is a {type(adata).__name__}, but an AnnData object is needed; NMF(...).fit takes arrays."
        )


def _matrix(adata: Any, layer: str | None) -> Any:
    if layer is None:
        if adata.X is None:
            raise DataError(f"adata has no X; give one of its layers ({_listed(adata.layers)}) as layer=.")
        return adata.X
    if layer not in adata.layers:
        raise ParameterError(f"layer={layer!r}, but adata.layers has {_listed(adata.layers)}.")
    return adata.layers[layer]


def _used(adata: Any, mask_var: Any) -> Array | None:
    """Return which variables are used, as an array of bool, or None for all."""
    if mask_var is None:
        return None
    if isinstance(mask_var, str):
        if mask_var not in adata.var:
            raise ParameterError(f"mask_var={mask_var!r}, but adata.var has {_listed(adata.var)}.")
        mask_var = adata.var[mask_var]
    elif hasattr(mask_var, "reindex"):  # a Series, by its names
        mask_var = mask_var.reindex(adata.var_names)
    used = np.asarray(mask_var)
    if used.dtype != bool or used.shape != (adata.n_vars,):
        raise ParameterError(
            f"mask_var holds {used.dtype} of shape {used.shape}; it needs a bool for each of {adata.n_vars} variables."
        )
    if not used.any():
        raise ParameterError("mask_var uses no variable; at least one must be True.")
    return used


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(map(repr, names)) or "none"


def _told(value: Any) -> Any:
    """Return a parameter as what h5ad and zarr files hold: a string, number or bool."""
    return value if isinstance(value, str | bool | int | float) else str(value)
