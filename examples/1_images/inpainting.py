"""
Filling in hidden pixels
========================

Unknown pixels are left out of the fit. The parts then predict them.
"""

# %%
# In each of a thousand images of clothes, a square of 10 x 10 pixels is hidden, at a
# random place:
import numpy as np
from matplotlib import pyplot as plt

import partwise as pw
from partwise.images import ImageParts

images = pw.datasets.load_fashion_mnist().images / 255
rng = np.random.default_rng(0)
known = np.ones(images.shape, bool)
for mask, (top, left) in zip(known, rng.integers(4, 15, (1000, 2)), strict=True):
    mask[top : top + 10, left : left + 10] = False

# %%
# A mask says which pixels are known. The model has forty parts, and a small penalty on
# the weights. If many pixels of an image are hidden, the penalty keeps the weights from
# growing too much.
model = ImageParts(40, alpha_W=0.002).fit(images, mask=known)
filled = model.inpaint(images, mask=known)

# %%
# Compare with a simple rule: each hidden pixel gets the mean of the known pixels at the
# same place. The parts have a lower error:
means = np.broadcast_to(
    np.nanmean(np.where(known, images, np.nan), axis=0), images.shape
)
for name, guess in {"made of parts": filled, "mean of the place": means}.items():
    print(f"{name:<17} {np.sqrt(np.mean(np.square(guess - images)[~known])):.3f}")

shown = range(0, 1000, 125)
figure, axes = plt.subplots(3, len(shown), figsize=(8, 3.3), layout="constrained")
rows = {"hidden": np.where(known, images, np.nan), "filled": filled, "true": images}
for row, (name, pictures) in zip(axes, rows.items(), strict=True):
    for ax, i in zip(row, shown, strict=True):
        ax.imshow(pictures[i], cmap="gray", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[], facecolor="#E69F00")
    row[0].set_ylabel(name)
figure.suptitle("Images with a hidden square, filled in, and true")
