"""
Mutational signatures, with intervals
=====================================

Each process that mutates cells leaves its own pattern over the 96 contexts of a
mutation. NMF of the counts finds the patterns, and how many mutations each process made
in each sample.
"""

# %%
# The data are simulated: three signatures (not of real processes), each strong for one
# or two substitutions, and the counts of 40 samples with about 500 mutations each.
# Columns have names such as ``A[C>A]G``, in COSMIC's order:
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

import partwise as pw

rng = np.random.default_rng(0)
substitutions = ["C>A", "C>G", "C>T", "T>A", "T>C", "T>G"]
contexts = [
    f"{before}[{change}]{after}"
    for change in substitutions
    for before in "ACGT"
    for after in "ACGT"
]
strength = np.array(
    [[8, 1, 1, 1, 1, 1], [0.2, 0.2, 8, 0.2, 4, 0.2], [1, 6, 1, 4, 1, 4]]
)
true = np.repeat(strength, 16, axis=1) * rng.gamma(0.7, 1.0, (3, 96))
true /= true.sum(axis=1, keepdims=True)
exposures = 170 * rng.gamma(1.0, 1.0, (40, 3))
counts = pd.DataFrame(rng.poisson(exposures @ true), columns=contexts)

# %%
# Counts have a Poisson distribution, so the loss is the Kullback-Leibler divergence.
# ``match`` pairs the parts found with the true ones by their cosine:
model = pw.NMF(3, beta_loss="kullback-leibler", random_state=0).fit(counts)
found = pw.match(true, model)
print(found)
order = found.pairs[:, 1]
axes = pw.plot.signature(model.components_[order], contexts, labels=["a", "b", "c"])
axes[0].figure.suptitle("Three signatures found: percent of each of 96 contexts")

# %%
# How exactly is a signature known? For each of 40 runs, ``consensus`` draws new counts
# around those of the data, and fits them. The picture shows the middle 95 % of the runs
# for each context, and the true values:
agreed = pw.consensus(counts, 3, n_runs=40, resample="poisson", random_state=0)
t = pw.match(true, agreed).pairs[2, 1]
scale = 100 / agreed.components_[t].sum()
low, middle, high = (
    scale * values[t] for values in (agreed.lower, agreed.components_, agreed.upper)
)
largest = np.argsort(-middle)[:12]


figure, ax = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
ax.vlines(
    range(12),
    low[largest],
    high[largest],
    linewidth=6,
    color="0.75",
    label="95 % of runs",
)
ax.plot(range(12), middle[largest], "o", color="#0072B2", label="found")
ax.plot(range(12), 100 * true[2, largest], "x", color="black", label="true")
ax.set_xticks(range(12), np.array(contexts)[largest], rotation=60)
ax.set(
    ylabel="% of signature c",
    title="The twelve largest contexts of signature c, with intervals",
)
ax.legend(frameon=False)
