"""
Files larger than memory, and Dask
==================================

``open_blocks`` opens a matrix that stays in its file. A fit reads a block of rows at a
time, and finds the same parts as a fit in memory. The same is true of a Dask array.
"""

# %%
# The matrix is simulated. It has 15 MiB in a file, and the fit can use 8 MiB of memory.
# ``plan`` shows how it is read:
import tempfile
from pathlib import Path

import dask.array as da
import numpy as np
from matplotlib import pyplot as plt

import partwise as pw

folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "x.npy"
rng = np.random.default_rng(0)
np.save(
    path,
    rng.gamma(0.3, 1.0, (20_000, 5))
    @ rng.gamma(0.3, 1.0, (5, 100))
    * rng.uniform(0.5, 1.5, (20_000, 100)),
)

X = pw.open_blocks(path, max_memory="8MiB")
print(X.plan)

# %%
# A fit needs memory for blocks, W and H, and copies of these. If it needs more than
# ``max_memory``, it raises an error before it reads anything. ``plan.peak`` gives the
# memory for any number of parts:
parts = range(1, 13)
peaks = [X.plan.peak(k, init="random") / 2**20 for k in parts]
figure, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
ax.bar(parts, peaks, color="#56B4E9", label="a fit by blocks, at most")
ax.axhline(
    path.stat().st_size / 2**20,
    color="black",
    linestyle="--",
    label="X in memory, without any fit",
)
ax.axhline(8, color="#D55E00", label="allowed: max_memory")
ax.set(
    xlabel="number of parts",
    ylabel="MiB",
    title="Memory that a fit of the file needs",
    ylim=(0, 23),
)
ax.legend()

# %%
# We make the same fit three times: of the array in memory, of the file, and of a Dask
# array without a cluster, whose chunks are read when needed. H is the same except for
# rounding:
options = {"init": "random", "random_state": 0}
fits = {
    "in memory": pw.NMF(5, **options).fit(np.load(path)),
    "blocks of a file": pw.NMF(5, **options).fit(X),
    "Dask array": pw.NMF(5, **options).fit(
        da.from_array(np.load(path, mmap_mode="r"), chunks=(5000, -1))
    ),
}
H = fits["in memory"].components_
for name, model in fits.items():
    off = np.abs(model.components_ - H).max() / H.max()
    print(f"{name:<17}{model.n_iter_} iterations, {off:.0e} from memory")

ax = pw.plot.convergence(*fits.values(), labels=[*fits])
ax.set_title("The three fits have the same curve")
folder.cleanup()
