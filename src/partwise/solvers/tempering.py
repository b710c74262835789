"""A start for losses with many local minima: a few iterations of gentler ones lead past the worst of them."""

from partwise.losses import Loss
from partwise.matrix import Matrix
from partwise.solvers.alternate import alternate
from partwise.solvers.base import Factor
from partwise.solvers.multiplicative import Multiplicative
from partwise.stopping import Stopping, StopReason
from partwise.threads import Workers

ITERATIONS = 5
"""Of each gentler loss."""


def temper(
    X: Matrix,
    loss: Loss,
    starts: list[tuple[Factor, Factor]],
    workers: Workers,
    began: float,
    max_seconds: float | None,
) -> None:
    """Replace the starts (W (n, k), Ht (m, k)) in the list, so that none is held longer than needed.

    They become what iterations of the gentler losses, without penalties and terms, make of them.
    N. Bertin, C. Fevotte and R. Badeau, "A tempering approach for Itakura-Saito non-negative matrix factorization",
    ICASSP 2009, lower beta step by step to the one asked for.
    """
    limit, solver = Stopping(0.0, ITERATIONS, max_seconds), Multiplicative(begins_ahead=True)
    for gentler in loss.gentler:
        bare = [(Factor(w.point, domain=w.domain), Factor(h.point, domain=h.domain)) for w, h in starts]
        found = alternate(X, gentler, solver, bare, stopping=limit, workers=workers, began=began)
        starts[:] = [(w.at(end.W), h.at(end.Ht)) for (w, h), end in zip(starts, found, strict=True)]
        if any(end.reason is StopReason.MAX_TIME for end in found):
            break
