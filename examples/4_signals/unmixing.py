"""
Unmixing a scene: materials and where they are
==============================================

In an aerial image, the spectrum of a pixel is a mixture of the spectra of its
materials: soil, water, leaves. If no pixel has one material alone, many sets of spectra
explain the scene equally well. ``min_volume`` chooses the set with the smallest volume.
"""

# %%
# The scene is simulated, with 60 x 60 pixels and 80 bands: three smooth spectra, shares
# that change slowly over the scene, 2 % of noise, and no pixel with more than 80 % of
# one material:
import numpy as np
from matplotlib import pyplot as plt
from scipy.ndimage import gaussian_filter
from sklearn.preprocessing import normalize

import partwise as pw

rng = np.random.default_rng(0)
wavelengths = np.linspace(400, 900, 80)  # in nm
true = 0.3 + np.exp(-0.5 * ((wavelengths - [[500], [650], [800]]) / 100) ** 2)
true = normalize(true, norm="l1")
hills = np.array(
    [
        gaussian_filter(rng.normal(size=(60, 60)), 5, mode="wrap").ravel()
        for _ in range(3)
    ]
)
shares = np.exp(60 * hills.T)
shares /= shares.sum(axis=1, keepdims=True)
most = shares.max(axis=1, keepdims=True)
shares = np.where(
    shares == most, np.minimum(most, 0.8), shares * np.maximum(1, 0.2 / (1 - most))
)
X = (shares @ true) * rng.normal(1, 0.02, (3600, 80))

# %%
# Shares say nothing about brightness, so each pixel is divided by its sum. Then we fit
# the model, once without and once with the penalty on the volume:
X = normalize(X, norm="l1")
found = {}
for name, strength in {"without min_volume": 0, "min_volume=0.3": 0.3}.items():
    model = pw.NMF(
        3, sum_to_one=True, min_volume=strength, random_state=0, max_iter=1000
    )
    weights, same = model.fit_transform(X), pw.match(true, model)
    found[name] = model.components_[same.pairs[:, 1]], weights[:, same.pairs[:, 1]]
    angles = np.degrees(np.arccos(same.similarity))
    off = np.abs(found[name][1] - shares).mean()
    print(f"{name}: spectra are off by {angles.round(1)} degrees, shares by {off:.1%}")

# %%
# The picture shows the spectra found (in colour) and the true ones (dotted). Without
# the penalty, the spectra are too far apart:
figure, axes = plt.subplots(1, 2, figsize=(8, 3.3), layout="constrained", sharey=True)
for ax, (name, (spectra, _)) in zip(axes, found.items(), strict=True):
    pw.plot.endmembers(
        spectra,
        wavelengths,
        scale=False,
        labels=["a", "b", "c"],
        quantity="share of the sum",
        ax=ax,
    )
    ax.plot(wavelengths, true.T, ":", color="black")
    ax.set_title(name)
figure.suptitle("Spectra of three materials, found and true (dotted)")

# %%
# The maps show where the materials are, for the fit with the penalty:
figure, axes = plt.subplots(2, 3, figsize=(6.4, 4.4), layout="constrained")
for row, values in zip(axes, (shares, found["min_volume=0.3"][1]), strict=True):
    for ax, share in zip(row, values.T, strict=True):
        shades = ax.imshow(share.reshape(60, 60), cmap="cividis", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
axes[0, 0].set_ylabel("true")
axes[1, 0].set_ylabel("found")
figure.colorbar(shades, ax=axes, label="share of the pixel")
figure.suptitle("Shares of the materials a, b and c over the scene")
