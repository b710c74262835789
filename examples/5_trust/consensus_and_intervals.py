"""
How sure is each part?
======================

Another start, or other rows, would give other parts. ``consensus`` fits many times. It
shows how well each part is found again, and in which interval each entry lies.
"""

# %%
# X is simulated from four parts. We ask for six. Each run fits rows that are drawn at
# random from X:
import numpy as np
from matplotlib import pyplot as plt

import partwise as pw

rng = np.random.default_rng(0)
true = rng.gamma(0.4, 1.0, (4, 60))
X = rng.poisson(3 * rng.gamma(0.4, 1.0, (200, 4)) @ true)
options = {"loss": "kullback-leibler", "resample": "bootstrap", "random_state": 0}
crowded = pw.consensus(X, 6, **options)
ax = crowded.plot()
ax.set_title("Six parts for data that have four: two are not found again")

# %%
# With four parts, every run finds all of them again:
agreed = pw.consensus(X, 4, n_runs=50, **options)
print("reproducibility", agreed.reproducibility.round(2))

# %%
# ``lower`` and ``upper`` enclose the middle 95 % of the runs for each entry of a part.
# The picture also shows the true part, in the same scale. A true entry can be outside
# of its interval: about one of ten is.
found = pw.match(true, agreed)
planted, t = found.pairs[0]
part = agreed.components_[t]
same = true[planted] * (part @ true[planted]) / (true[planted] @ true[planted])
order = np.argsort(-part)[:15]
figure, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
bars = [part[order] - agreed.lower[t, order], agreed.upper[t, order] - part[order]]
ax.bar(
    range(15),
    part[order],
    color="#56B4E9",
    yerr=bars,
    capsize=3,
    label="found, with its interval",
)
ax.plot(range(15), same[order], "D", color="#D55E00", label="true")
ax.set_xticks(range(15), order)
ax.set(
    xlabel="column of X",
    ylabel="entry of the part",
    title="The largest entries of one part, and how sure they are",
)
ax.legend()
