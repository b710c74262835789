"""Putting an earlier fit into use: only if its models can be loaded."""

from partwise.exceptions import PartwiseError
from partwise.portal.database import Database
from partwise.portal.fits import fit_in_use, use_fit
from partwise.portal.models import Models

__all__ = ["UnusableError", "put_into_use"]


class UnusableError(PartwiseError, RuntimeError):
    """A fit cannot be used."""


def put_into_use(db: Database, models: Models, number: int) -> None:
    """Put a fit into use, also one that was kept aside.

    Raises
    ------
    UnusableError
        If it runs, failed or is no longer kept, or its models cannot be loaded; then the one in use stays so.
    """
    before = fit_in_use(db)
    if not use_fit(db, number):
        raise UnusableError(f"fit {number} is not ready: it runs, failed or is no longer kept.")
    models.look()
    loaded, used = models.loaded, fit_in_use(db)
    if (loaded is not None and loaded.number == number) or used is None or used.number != number:
        return  # it is in use, or others put yet another one into use since
    kept = loaded.number if loaded is not None else before.number if before is not None else number
    use_fit(db, kept)
    models.look()
    raise UnusableError(f"the models of fit {number} cannot be loaded, so fit {kept} stays in use.")
