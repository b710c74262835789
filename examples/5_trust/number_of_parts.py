"""
Choosing the number of parts
============================

How many parts does X have? ``choose_rank`` hides entries of X, and chooses the number
of parts that predicts them best. Here X is simulated with four parts, so the answer is
known.
"""

# %%
# X has Poisson counts in 100 rows and 60 columns; their means are a sum of four parts:
import numpy as np
from matplotlib import pyplot as plt
from scipy.ndimage import gaussian_filter1d

import partwise as pw

rng = np.random.default_rng(0)
X = rng.poisson(3 * rng.gamma(0.4, 1.0, (100, 4)) @ rng.gamma(0.4, 1.0, (4, 60)))
choice = pw.choose_rank(X, range(1, 8), loss="kullback-leibler", random_state=0)
print(choice.reason)
ax = choice.plot()
ax.set_title("The data have four parts, and the held-out error finds them")

# %%
# The loss on the fitted data cannot choose the number: it falls with every part.
ranks = range(1, 8)
losses = [
    pw.factorize(X, k, loss="kullback-leibler", random_state=0).loss for k in ranks
]
figure, ax = plt.subplots(figsize=(6.4, 3), layout="constrained")
ax.plot(ranks, losses, "o-", color="#0072B2")
ax.set(
    xlabel="number of parts",
    ylabel="loss of the fit",
    title="The loss of the fit itself falls with every part",
)

# %%
# Not all data have a clear answer. Noise that is smooth along the columns looks like
# parts, and ``reason`` says so:
waves = 1 + np.sin(np.outer([1, 2, 3], np.linspace(0, 6, 60)))
noise = gaussian_filter1d(rng.normal(size=(100, 60)), 3, axis=1)
curves = np.maximum(rng.gamma(1.0, 1.0, (100, 3)) @ waves + noise, 0)
smooth = pw.choose_rank(curves, range(1, 7), random_state=0)
print(smooth.reason)
ax = smooth.plot()
ax.set_title("Three parts and smooth noise: no clear answer")
