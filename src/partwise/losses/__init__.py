"""Losses: what a factorization minimises; one file each. A new file here is found by the name of its loss."""

import sys
from importlib import import_module
from numbers import Real
from pkgutil import iter_modules

from partwise.exceptions import ParameterError, shown, unknown_name
from partwise.losses.base import Interval, Loss
from partwise.losses.beta import BetaDivergence
from partwise.losses.frobenius import Frobenius
from partwise.losses.huber import Huber
from partwise.losses.itakura_saito import ItakuraSaito
from partwise.losses.kullback_leibler import KullbackLeibler
from partwise.parameters import check_number

__all__ = ["BetaDivergence", "Frobenius", "Huber", "Interval", "ItakuraSaito", "KullbackLeibler", "Loss", "get_loss"]


def _named() -> dict[str, type[Loss]]:
    """Return, by name, every loss of this folder that needs no parameter."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    found = {kind for module in modules for kind in vars(module).values() if isinstance(kind, type)}
    losses = [kind for kind in found if issubclass(kind, Loss) and kind not in (Loss, BetaDivergence)]
    return {kind.name: kind for kind in sorted(losses, key=lambda kind: kind.name)}


LOSSES = _named()


def get_loss(loss: Loss | str | float, name: str = "loss") -> Loss:
    """Return the loss for a name, a beta or a loss object.

    Parameters
    ----------
    loss : str, float or Loss
        Its name, such as 'huber'; beta of a beta-divergence, any finite number; or a loss object.
    name : str, default='loss'
        What error texts call it.

    Returns
    -------
    Loss
        The loss.

    Raises
    ------
    ParameterError
        If there is no such loss.

    Examples
    --------
    >>> get_loss("itakura-saito") == get_loss(0)
    True
    >>> get_loss(1.5)
    BetaDivergence(beta=1.5)
    """
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, str):
        if loss not in LOSSES:
            raise unknown_name(name, loss, LOSSES)
        return LOSSES[loss]()
    if isinstance(loss, Real) and not isinstance(loss, bool):
        beta = check_number(name, loss, -sys.float_info.max)
        named: dict[float, type[Loss]] = {2.0: Frobenius, 1.0: KullbackLeibler, 0.0: ItakuraSaito}
        return named[beta]() if beta in named else BetaDivergence(beta)
    raise ParameterError(f"{name} must be a name, a number (beta) or a loss object; got {shown(loss)}.")
