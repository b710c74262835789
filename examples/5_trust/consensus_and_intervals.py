"""
How sure is each part?
======================

Another start, or other rows, would give other parts. ``consensus`` fits many times and tells how often each part comes
again, and within which limits its entries lie.
"""

# %%
# X is simulated from four parts. We ask for six, on rows that are drawn anew for each run:
import numpy as np
from matplotlib import pyplot as plt

import partwise as pw

rng = np.random.default_rng(0)
true = rng.gamma(0.4, 1.0, (4, 60))
X = rng.poisson(3 * rng.gamma(0.4, 1.0, (200, 4)) @ true)
options = {"loss": "kullback-leibler", "resample": "bootstrap", "random_state": 0}
crowded = pw.consensus(X, 6, **options)
ax = crowded.plot()
ax.set_title("Six parts where four are planted: two do not come again")

# %%
# With four parts, all of them come again:
agreed = pw.consensus(X, 4, n_runs=50, **options)
print("reproducibility", agreed.reproducibility.round(2))

# %%
# Each entry of a part lies between ``lower`` and ``upper``, which hold the middle 95 % of the runs. The planted part,
# in the same scale, stands beside it. A planted entry may lie outside of its interval: about one of ten does.
found = pw.match(true, agreed)
planted, t = found.pairs[0]
part = agreed.components_[t]
same = true[planted] * (part @ true[planted]) / (true[planted] @ true[planted])
order = np.argsort(-part)[:15]
figure, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
bars = [part[order] - agreed.lower[t, order], agreed.upper[t, order] - part[order]]
ax.bar(range(15), part[order], color="#56B4E9", yerr=bars, capsize=3, label="found, with its interval")
ax.plot(range(15), same[order], "D", color="#D55E00", label="planted")
ax.set_xticks(range(15), order)
ax.set(xlabel="column of X", ylabel="entry of the part", title="The largest entries of one part, and how sure they are")
ax.legend()
