"""What a stream keeps of its batches, in which older ones weigh less, and the parts that follow from it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from partwise import kernels
from partwise.domains import Plan, Squares
from partwise.losses import Loss
from partwise.losses.fixed import Fixed, own_gram
from partwise.losses.fixed import gram as gram_of
from partwise.matrix import Array, Matrix
from partwise.penalties import Penalty
from partwise.solvers.base import FROM_ZERO_UP, NONE, Factor, HalfStep
from partwise.solvers.hals import by_gram, squares
from partwise.solvers.multiplicative import Multiplicative, lift_levels, vanishing_levels
from partwise.threads import Workers

SWEEPS_W, SWEEPS_H = 8, 4
"""Sweeps of a step of least squares, chosen on generated data and cells: 2 over H get less far, 8 no further in total.
All are made: with an early end at a threshold, float32 and float64 would take different paths."""
WEAK = 8
"""A part is unknown to the past if its sum of squared weights is at most so many units of rounding of the largest."""


class Batch(NamedTuple):
    """A batch X (b, m) with the weights W (b, k) of its rows, the penalty on H, and whether the scale of H is free."""

    X: Matrix
    W: Array
    penalty: Penalty
    free: bool


class Past(ABC):
    """Sums over the batches of a stream, and the steps that use them. No method writes to its arguments."""

    @abstractmethod
    def weights(
        self, X: Matrix, W: Array, Ht: Array, loss: Loss, penalty: Penalty, workers: Workers
    ) -> tuple[Array, float | None]:
        """Return (better weights W (b, k) of a batch, the loss with them or None)."""

    @abstractmethod
    def learned(
        self, batch: Batch, Ht: Array, loss: Loss, forget: float, workers: Workers
    ) -> "tuple[Past, Array, float | None]":
        """Return (the past with this batch, the new parts (m, k), the loss before or None).

        The sums so far are multiplied by `forget`.
        """

    @abstractmethod
    def at(self, Ht: Array, loss: Loss) -> "Past":
        """Return a past of the same weight whose best parts are these (m, k)."""

    @abstractmethod
    def rescaled(self, scale: Array, loss: Loss) -> "Past":
        """Return the past of a stream for parts multiplied by `scale` (k,) and weights divided by it."""


@dataclass(frozen=True, eq=False)
class Products(Past):
    """Least squares: X' W and W' W are all that H needs of a batch.

    H takes coordinate steps for the sums over batches. Both include the penalties. A part whose scale is free keeps its
    norm; otherwise it would grow without end, because the weights of later batches are smaller than those in the sums.

    Parameters
    ----------
    cross : ndarray of shape (m, k)
        The sum of X' W, less L1 penalties.
    gram : ndarray of shape (k, k)
        The sum of W' W, with L2 penalties on its diagonal, in float64.
    own : ndarray of shape (k, k)
        H H' of the present parts.

    References
    ----------
    J. Mairal, F. Bach, J. Ponce and G. Sapiro, "Online learning for matrix factorization and sparse coding", JMLR 11,
    2010, algorithms 1 and 2, with forgetting as in its section 3.4.
    """

    cross: Array
    gram: Array
    own: Array

    @classmethod
    def none(cls, Ht: Array) -> "Products":
        """Return the past of a stream that begins."""
        return cls(np.zeros_like(Ht), np.zeros((Ht.shape[1],) * 2), own_gram(Ht))

    def weights(
        self, X: Matrix, W: Array, Ht: Array, loss: Loss, penalty: Penalty, workers: Workers
    ) -> tuple[Array, float | None]:
        found, cross = np.empty_like(W), X.product(Ht, workers)
        problem = Squares(cross, self.own, penalty, X.blocks)
        own, inner, _ = FROM_ZERO_UP.sweep((found, W, found), problem, Plan(SWEEPS_W, 0.0), workers)
        return found, by_gram(X, inner, squares([own], [problem.gram]))

    def learned(
        self, batch: Batch, Ht: Array, loss: Loss, forget: float, workers: Workers
    ) -> "tuple[Past, Array, float | None]":
        X, W, penalty, free = batch
        gram = forget * self.gram + gram_of(W, workers)
        cross = self.cross * Ht.dtype.type(forget)
        cross += X.T.product(W, workers)
        if penalty.l1:
            cross -= Ht.dtype.type(penalty.l1)
        diagonal = gram.diagonal() + penalty.l2
        least = WEAK * np.finfo(Ht.dtype).eps * diagonal.max()
        weak = diagonal <= least  # no batch has used these parts for long: they do not change
        if weak.any():
            cross[:, weak] += (least * Ht[:, weak]).astype(Ht.dtype)
            diagonal = diagonal + np.where(weak, least, 0)
        np.fill_diagonal(gram, diagonal)
        if not diagonal.any():
            return Products(cross, gram, self.own), Ht, None
        found, problem = np.empty_like(Ht), Squares(cross, gram.astype(Ht.dtype), NONE, [(0, len(Ht))])
        own, *_ = FROM_ZERO_UP.sweep((found, Ht, found), problem, Plan(SWEEPS_H, 0.0), workers)
        past = Products(cross, gram, own)
        if free:
            before, after = self.own.diagonal(), own.diagonal()
            scale = np.sqrt(np.divide(before, after, out=np.ones_like(own[0]), where=(before > 0) & (after > 0)))
            kernels.scale_columns(found, scale, workers.team)
            past = past.rescaled(scale, loss)
        return past, found, None

    def at(self, Ht: Array, loss: Loss) -> "Products":
        return Products(Ht @ self.gram.astype(Ht.dtype), self.gram, own_gram(Ht))

    def rescaled(self, scale: Array, loss: Loss) -> "Products":
        wide = scale.astype(np.float64)
        both = np.multiply.outer(wide, wide)
        return Products(self.cross / scale, self.gram / both, (self.own * both).astype(self.own.dtype))

    def as_ratio(self, Ht: Array) -> "Ratio":
        """Return the same past for multiplicative steps that start from these parts."""
        if not self.gram.any():
            return Ratio.none(Ht)
        H, cross = Ht.astype(np.float64), self.cross.astype(np.float64)
        return Ratio(np.maximum(cross, 0) * H, H @ self.gram + np.maximum(-cross, 0))


@dataclass(frozen=True, eq=False)
class Ratio(Past):
    """Any loss: the two parts of the gradient, whose ratio is a multiplicative step.

    Parameters
    ----------
    numerator, denominator : ndarray of shape (m, k)
        The sums, in float64; H is their ratio.

    References
    ----------
    A. Lefevre, F. Bach and C. Fevotte, "Online algorithms for nonnegative matrix factorization with the Itakura-Saito
    divergence", WASPAA 2011, doi:10.1109/ASPAA.2011.6082314.
    """

    numerator: Array
    denominator: Array

    @classmethod
    def none(cls, Ht: Array) -> "Ratio":
        """Return the past of a stream that begins."""
        return cls(Ht.astype(np.float64), np.ones(Ht.shape))

    def weights(
        self, X: Matrix, W: Array, Ht: Array, loss: Loss, penalty: Penalty, workers: Workers
    ) -> tuple[Array, float | None]:
        asked = HalfStep.alone(Factor(W, penalty), Factor(Ht), final=True)
        return Multiplicative().update(X, loss, asked, workers).point, None

    def learned(
        self, batch: Batch, Ht: Array, loss: Loss, forget: float, workers: Workers
    ) -> "tuple[Past, Array, float | None]":
        X, W, penalty, _ = batch
        across, exponent = X.T, loss.damped_exponent if penalty.l2 > 0 else loss.exponent
        levels = lift_levels(Ht.mean(axis=0, dtype=np.float64), X.mean).astype(Ht.dtype)
        least = vanishing_levels(W.max(axis=0, initial=0), X.floor)
        sides = loss.sides(across, Fixed(W), value=True, constant=loss.constant(X))
        found, up, down = Ht.copy(), self.numerator.copy(), self.denominator.copy()

        def block(number: int) -> float:
            rows = across.blocks[number]
            part = slice(*rows)
            pull, push, value = loss.gradient(across.rows(*rows), Ht[part], sides[number], value=True)
            kernels.remember(
                found[part], up[part], down[part], pull, push, least, levels, forget, penalty.l1, penalty.l2, exponent
            )
            return value

        value = sum(workers.map(block, range(len(across.blocks))))
        return Ratio(up, down), found, value

    def at(self, Ht: Array, loss: Loss) -> "Ratio":
        return replace(self, numerator=Ht.astype(np.float64) ** (1 / loss.exponent) * self.denominator)

    def rescaled(self, scale: Array, loss: Loss) -> "Ratio":
        return Ratio(self.numerator * scale ** (1 / loss.exponent - 1), self.denominator / scale)
