"""
A fit that continues later
==========================

A long fit can be stopped, or killed, and continue from its last checkpoint. The result
has the same bits as a fit that was never stopped.
"""

# %%
# X is simulated, and the fit has at most 10 iterations. Every five iterations it writes
# a file into ``checkpoint_dir``:
import tempfile
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

import partwise as pw

rng = np.random.default_rng(0)
X = (
    rng.gamma(0.3, 1.0, (300, 5))
    @ rng.gamma(0.3, 1.0, (5, 100))
    * rng.uniform(0.5, 1.5, (300, 100))
)
folder = tempfile.TemporaryDirectory()
options = {
    "loss": "kullback-leibler",
    "solver": "mu",
    "init": "random",
    "random_state": 0,
}
stopped = pw.factorize(
    X, 5, max_iter=10, checkpoint_dir=folder.name, checkpoint_every=5, **options
)
print(stopped.reason)
print(*(path.name for path in Path(folder.name).iterdir()))

# %%
# The same call with ``resume=True`` and more iterations continues where the first call
# ended, as after a kill:
resumed = pw.factorize(
    X, 5, max_iter=1000, checkpoint_dir=folder.name, resume=True, **options
)
print(resumed.reason, resumed.n_iter)
straight = pw.factorize(X, 5, max_iter=1000, **options)
print("same bits:", (resumed.W == straight.W).all() and (resumed.H == straight.H).all())

# %%
# A checkpoint contains the curve too, so the resumed fit has the whole curve. Each fit
# ends with the best W for its H. So the curve of the stopped fit has a step down at its
# end.
figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
pw.plot.convergence(resumed, stopped, labels=["resumed", "stopped"], ax=ax)
ax.axvline(10, color="black", linewidth=1, linestyle=":")
ax.set_title("The curve goes on after iteration 10, where the first fit stopped")

# %%
# With a checkpoint of another fit, ``factorize`` raises an error, so that nothing is
# mixed up or overwritten:
try:
    pw.factorize(X, 6, checkpoint_dir=folder.name, resume=True, **options)
except pw.exceptions.CheckpointError as error:
    print(str(error).replace(folder.name, "run"))
folder.cleanup()
