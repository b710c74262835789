"""
Weights: uncertain entries count less
=====================================

Each entry has an error bar of its own. If the weight of an entry is the inverse of its
variance, the fit depends mostly on entries that were measured well.
"""

# %%
# The measurements are simulated: 100 mixtures of three spectra with 60 bands. Rows have
# standard deviations from 0.02 to 2, and three times as much in the last 20 bands:
import numpy as np
from matplotlib import pyplot as plt

import partwise as pw

rng = np.random.default_rng(0)
band = np.linspace(0, 1, 60)
true = np.exp(-0.5 * ((band - [[0.2], [0.5], [0.8]]) / 0.12) ** 2)
clean = rng.gamma(1.0, 1.0, (100, 3)) @ true
sigma = 0.02 * 100 ** rng.random((100, 1)) * np.where(band > 2 / 3, 3, 1)
X = clean + rng.normal(size=clean.shape) * sigma

figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
shown = {
    "measured": (X, -2, 6),
    "standard deviation, log10": (np.log10(sigma), None, None),
}
for ax, (title, (values, low, high)) in zip(axes, shown.items(), strict=True):
    options = {
        "cmap": "cividis",
        "vmin": low,
        "vmax": high,
        "aspect": "auto",
        "interpolation": "nearest",
    }
    figure.colorbar(
        ax.imshow(values, **options), ax=ax, extend="neither" if low is None else "both"
    )
    ax.set(title=title, xlabel="band", ylabel="row")
figure.suptitle("100 mixtures of three spectra, noisier in some rows and bands")

# %%
# The loss of an entry is its squared error times its weight. So with weights of ``1 /
# sigma**2`` the fit maximises the likelihood under normal noise. Each fit has five
# starts:
options = {
    "negatives": "clip",
    "init": "random",
    "n_init": 5,
    "random_state": 0,
    "max_iter": 1000,
}
plain = pw.NMF(3, **options).fit(X)
weighted = pw.NMF(3, **options)
weighted.fit(X, entry_weight=1 / sigma**2)
for name, model in {"without weights": plain, "with weights": weighted}.items():
    off = model.factorization_.W @ model.components_ - clean
    cosines = pw.match(true, model).similarity.round(3)
    error = np.sqrt(np.mean(off**2))
    print(f"{name:<16} error {error:.3f}, cosines with the true spectra {cosines}")

# %%
# The picture shows the spectra found, and the true ones (dotted):
figure, axes = plt.subplots(1, 2, figsize=(8, 3.3), layout="constrained", sharey=True)
for ax, (name, model) in zip(
    axes, {"without weights": plain, "with weights": weighted}.items(), strict=True
):
    spectra = model.components_[pw.match(true, model).pairs[:, 1]]
    pw.plot.endmembers(spectra, band, unit="", quantity="intensity", ax=ax)
    ax.plot(band, (true / true.max(axis=1, keepdims=True)).T, ":", color="black")
    ax.set(title=name, xlabel="band")
figure.suptitle("Spectra found, and the true ones dotted")
