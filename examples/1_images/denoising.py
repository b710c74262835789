"""
Denoising images
================

Parts describe what images have in common. Noise differs from image to image, so an
image made of parts has less of it.
"""

# %%
# The data are a thousand images of clothes in little light. A camera counts the photons
# at each pixel, and the counts have a Poisson distribution: two photons on average at a
# white pixel. The camera counts up to eight, which becomes 1:
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
# How many parts are best? Few parts leave out detail, and many parts also model the
# noise. Here the clean images are known, so we can measure the error:
counts = (2, 4, 8, 16, 32, 64)
denoised = [
    ImageParts(k, max_iter=1000).fit(noisy).denoise(noisy, strength=1) for k in counts
]
errors = [error(images) for images in denoised]
figure, ax = plt.subplots(figsize=(6.4, 3), layout="constrained")
ax.semilogx(counts, errors, "o-", base=2, color="#0072B2", label="made of parts")
ax.axhline(error(noisy), linestyle="--", color="#D55E00", label="noisy")
ax.set_xticks(counts, counts)
ax.set(
    xlabel="number of parts",
    ylabel="relative error",
    ylim=(0, 1),
    title="Error of denoised images",
)
ax.legend(frameon=False)

# %%
# The picture shows images before and after, for the best number of parts, each column
# on one scale. Details that few images have are lost, such as the handle of the bag:
best = int(np.argmin(errors))
print(
    f"relative error of noisy images {error(noisy):.2f}, "
    f"made of {counts[best]} parts {errors[best]:.2f}"
)

shown = range(0, 1000, 125)
figure, axes = plt.subplots(3, len(shown), figsize=(8, 3.3), layout="constrained")
for row, images, name in zip(
    axes, (clean, noisy, denoised[best]), ("clean", "noisy", "denoised"), strict=True
):
    for ax, i in zip(row, shown, strict=True):
        ax.imshow(images[i], cmap="gray", vmin=0, vmax=clean[i].max())
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(name)
figure.suptitle("Images before and after denoising")
