"""
Starts compared
===============

The loss of NMF has many local minima, so where a fit begins decides where it ends. Are the ends far apart, and do they
have the same parts?
"""

# %%
# Ten parts of 1,797 digits from seven starts: five random ones, ``nndsvda``, which is made of an SVD, and
# ``separable``, which begins at some of the images:
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits

import partwise as pw

X = load_digits().data
starts = {f"random {seed}": ("random", seed) for seed in range(5)}
starts |= {name: (name, 0) for name in ("nndsvda", "separable")}
pw.factorize(X, 10, max_iter=1)  # what is loaded at the first fit counts for none of them
fits = {
    name: pw.factorize(X, 10, init=init, random_state=seed, tol=1e-5, max_iter=1000)
    for name, (init, seed) in starts.items()
}
lowest = min(fit.loss for fit in fits.values())
for name, fit in fits.items():
    print(
        f"{name:<9} loss {fit.loss:,.0f}, {fit.loss / lowest - 1:.1%} above the lowest, after {fit.n_iter} iterations"
    )

# %%
# Their losses by iteration and by second; the time to compute a start counts:
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for ax, by in zip(axes, ("iterations", "seconds"), strict=True):
    pw.plot.convergence(*fits.values(), labels=list(fits), by=by, ax=ax)
    ax.set(title=f"by {by}", ylim=(0.99 * lowest, 1.3 * lowest))
figure.suptitle("Loss of seven starts")

# %%
# The parts of the lowest loss and of the highest, matched. The losses are a few percent apart, yet most parts differ.
# So start several times before you read anything into parts: ``n_init=5`` keeps the best of five random starts, and
# ``consensus`` tells which parts come again.
ends = sorted(fits.values(), key=lambda fit: fit.loss)
found = pw.plot.comparison(ends[0], ends[-1], (8, 8), kind="pairs", names=("best", "worst"))
found.flat[0].figure.suptitle("Parts of the best and of the worst end, and their cosines")
