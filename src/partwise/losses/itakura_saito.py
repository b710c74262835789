"""The Itakura-Saito divergence: it measures relative errors, the same for loud and quiet parts; for power spectra."""

from dataclasses import dataclass, field
from typing import ClassVar

from partwise.losses.beta import BetaDivergence


@dataclass(frozen=True)
class ItakuraSaito(BetaDivergence):
    r"""Itakura-Saito divergence, :math:`d(x, p) = x / p - \log(x / p) - 1`; every entry of X must be positive.

    References
    ----------
    C. Fevotte, N. Bertin and J.-L. Durrieu, "Nonnegative matrix factorization with the Itakura-Saito divergence",
    Neural Computation 21, 2009, doi:10.1162/neco.2008.04-08-771, eq. (7).

    Examples
    --------
    >>> ItakuraSaito().domain.closed
    False
    """

    beta: float = field(default=0.0, init=False)
    name: ClassVar[str] = "itakura-saito"
