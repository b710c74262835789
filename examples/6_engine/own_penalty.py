"""
A penalty of your own: smooth parts
===================================

A term is a penalty on a factor. Spectra are smooth, so the term here draws neighbouring
entries of a part together. Its result is the same as with ``GraphSmoothness``, which
comes with partwise and takes any graph.
"""

# %%
# X is simulated: twenty mixtures of three peaks, with much noise, clipped at zero:
from dataclasses import dataclass

import numpy as np
from matplotlib import pyplot as plt

import partwise as pw
from partwise.extend import Term
from partwise.terms import GraphSmoothness

rng = np.random.default_rng(0)
wavelengths = np.linspace(400, 900, 120)  # in nm
true = np.exp(-0.5 * ((wavelengths - [[500], [620], [780]]) / 40) ** 2)
X = np.maximum(
    rng.dirichlet([0.4] * 3, 20) @ true + 0.3 * rng.normal(size=(20, 120)), 0
)


# %%
# The penalty on a factor F is :math:`\tfrac{\lambda}{2} \sum_j \|f_{j+1} - f_j\|^2`. A
# half-step solves least squares with a cross product and a Gram matrix, and a term
# gives what it adds to both. The curvature of the penalty is at most :math:`4 \lambda`.
# A quadratic with this curvature touches the penalty at the point, and is nowhere below
# it, so no half-step can raise the objective.
@dataclass(frozen=True)
class Smooth(Term):
    weight: float

    def linear(self, point, other):
        steps = np.diff(point, axis=0, prepend=point[:1], append=point[-1:])
        gradient = steps[:-1] - steps[1:]
        return (self.weight * (4 * point - gradient)).astype(point.dtype)

    def quadratic(self, gram):
        return 4 * self.weight * np.eye(len(gram))

    def value(self, point, gram, other):
        return (
            0.5
            * self.weight
            * float(np.square(np.diff(point, axis=0), dtype=np.float64).sum())
        )

    def in_units(self, unit, log_loss):
        return Smooth(self.weight * unit**2 / 2.0**log_loss)


# %%
# A smaller H has a smaller penalty, and W would grow in turn. So W has a penalty too.
# Beside the peaks, parts are slightly above zero because negative noise was clipped;
# smoothness cannot remove that.
options = {"init": "random", "random_state": 0, "penalty_W": pw.Penalty(l2=1.0)}
plain = pw.factorize(X, 3, **options)
smooth = pw.factorize(X, 3, terms_H=[Smooth(3.0)], **options)
chain = np.eye(120, k=1) + np.eye(120, k=-1)  # column j is a neighbour of column j + 1
ready = pw.factorize(X, 3, terms_H=[GraphSmoothness(chain, weight=3.0)], **options)
print("same as GraphSmoothness:", np.allclose(smooth.H, ready.H))

figure, axes = plt.subplots(1, 3, figsize=(8, 2.8), sharey=True, layout="constrained")
for fit, colour, label in (
    (plain, "#56B4E9", "without"),
    (smooth, "#D55E00", "with the penalty"),
):
    for planted, found in pw.match(true, fit).pairs:
        part = fit.H[found] / np.linalg.norm(fit.H[found])
        axes[planted].plot(wavelengths, part, color=colour, label=label)
for ax, peak, place in zip(axes, true, (500, 620, 780), strict=True):
    ax.plot(wavelengths, peak / np.linalg.norm(peak), "k--", label="true")
    ax.set(xlabel="wavelength in nm", title=f"peak at {place} nm")
axes[0].set_ylabel("part, at length 1")
axes[0].legend(fontsize=8)
figure.suptitle("Parts without and with the penalty, and the true peaks")

# %%
# Which weight is best? Too large a weight makes the peaks too wide:
weights = [0.0, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]
fits = [pw.factorize(X, 3, terms_H=[Smooth(weight)], **options) for weight in weights]
figure, ax = plt.subplots(figsize=(6.4, 2.8), layout="constrained")
ax.plot(
    range(7),
    [pw.match(true, fit).similarity.mean() for fit in fits],
    "o-",
    color="#0072B2",
)
ax.set_xticks(range(7), weights)
ax.set(
    xlabel="weight of the penalty",
    ylabel="cosine",
    title="Mean cosine of the parts with the true peaks",
)
