"""
Starts compared
===============

The loss of NMF has many local minima, so the result of a fit depends on its start. How
much do the losses differ, and do the results have the same parts?
"""

# %%
# We fit ten parts to 1,797 digits from seven starts: five random ones, ``nndsvda``,
# which is computed from an SVD, and ``separable``, which uses some of the images as
# parts:
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits

import partwise as pw

X = load_digits().data
starts = {f"random {seed}": ("random", seed) for seed in range(5)}
starts |= {name: (name, 0) for name in ("nndsvda", "separable")}
pw.factorize(X, 10, max_iter=1)  # the first fit loads libraries, so it is not timed
fits = {
    name: pw.factorize(X, 10, init=init, random_state=seed, tol=1e-5, max_iter=1000)
    for name, (init, seed) in starts.items()
}
lowest = min(fit.loss for fit in fits.values())
for name, fit in fits.items():
    print(
        f"{name:<9} loss {fit.loss:,.0f}, {fit.loss / lowest - 1:.1%} above "
        f"the lowest, after {fit.n_iter} iterations"
    )

# %%
# The picture shows their losses by iteration and by second. The seconds include the
# time to compute the start:
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for ax, by in zip(axes, ("iterations", "seconds"), strict=True):
    pw.plot.convergence(*fits.values(), labels=list(fits), by=by, ax=ax)
    ax.set(title=f"by {by}", ylim=(0.99 * lowest, 1.3 * lowest))
figure.suptitle("Loss of seven starts")

# %%
# The last picture pairs the parts of the fit with the lowest loss and of the fit with
# the highest. The losses differ by a few percent, but most parts differ. So use several
# starts before you interpret parts: ``n_init=5`` keeps the best of five random starts,
# and ``consensus`` shows which parts are found again.
ends = sorted(fits.values(), key=lambda fit: fit.loss)
found = pw.plot.comparison(
    ends[0], ends[-1], (8, 8), kind="pairs", names=("best", "worst")
)
found.flat[0].figure.suptitle(
    "Parts of the best and of the worst fit, and their cosines"
)
