"""
Denoising images
================

Parts describe what images share. Noise is shared by none, so an image made of parts has less of it.
"""

# %%
# A thousand images of clothes, taken with little light: a camera counts the photons at each pixel, two on average where
# it is white. Counts scatter as Poisson numbers do. The camera counts up to eight, which is 1:
import numpy as np
from matplotlib import pyplot as plt

import partwise as pw
from partwise.images import ImageParts

clean = pw.datasets.load_fashion_mnist().images / 255 / 4
noisy = np.minimum(np.random.default_rng(0).poisson(8 * clean) / 8, 1)


def error(images):
    """Return the distance from the clean images, relative to them."""
    return np.linalg.norm(images - clean) / np.linalg.norm(clean)


# %%
# How many parts? Few leave out detail, and many model the noise as well. Here the clean images are known, so the error
# can be measured:
counts = (2, 4, 8, 16, 32, 64)
denoised = [ImageParts(k, max_iter=1000).fit(noisy).denoise(noisy, strength=1) for k in counts]
errors = [error(images) for images in denoised]
figure, ax = plt.subplots(figsize=(6.4, 3), layout="constrained")
ax.semilogx(counts, errors, "o-", base=2, color="#0072B2", label="made of parts")
ax.axhline(error(noisy), linestyle="--", color="#D55E00", label="noisy")
ax.set_xticks(counts, counts)
ax.set(xlabel="number of parts", ylabel="relative error", ylim=(0, 1), title="Error of denoised images")
ax.legend(frameon=False)

# %%
# The best of these, and images before and after, each column on one scale. Details that few images have are lost, such
# as the handle of the bag:
best = int(np.argmin(errors))
print(f"relative error of noisy images {error(noisy):.2f}, made of {counts[best]} parts {errors[best]:.2f}")

shown = range(0, 1000, 125)
figure, axes = plt.subplots(3, len(shown), figsize=(8, 3.3), layout="constrained")
for row, images, name in zip(axes, (clean, noisy, denoised[best]), ("clean", "noisy", "denoised"), strict=True):
    for ax, i in zip(row, shown, strict=True):
        ax.imshow(images[i], cmap="gray", vmin=0, vmax=clean[i].max())
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(name)
figure.suptitle("Images before and after denoising")
