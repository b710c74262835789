"""
Known parts: fix one spectrum, find the rest
============================================

Every measurement contains a background, and its spectrum is known. If it is fixed, the
fit must find only the unknown spectra.
"""

# %%
# The measurements are simulated: 150 mixtures of a rising background and three peaks,
# with noise:
import numpy as np
from matplotlib import pyplot as plt

import partwise as pw

rng = np.random.default_rng(0)
band = np.linspace(0, 1, 80)
background = 0.5 + 0.3 * band
peaks = np.exp(-0.5 * ((band[:, None] - [0.25, 0.4, 0.55]) / [0.05, 0.06, 0.12]) ** 2).T
true = np.vstack([background, peaks])
X = rng.gamma(1.0, 1.0, (150, 4)) @ true + rng.normal(0, 0.05, (150, 80))

figure, ax = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
ax.plot(band, X[:6].T)
ax.set(
    xlabel="band",
    ylabel="intensity",
    title="Six of 150 measurements: peaks on a background",
)

# %%
# Noise makes a few entries negative; ``negatives="clip"`` raises them to 0. We fit
# twice: with all parts free, and with the background as the first part. The numbers are
# the cosines of the parts with the true ones:
options = {
    "negatives": "clip",
    "init": "random",
    "n_init": 5,
    "random_state": 0,
    "max_iter": 1000,
}
free = pw.NMF(4, **options).fit(X)
fixed = pw.NMF(4, fixed_components=background[None], **options).fit(X)
for name, model in {"free": free, "background fixed": fixed}.items():
    print(f"{name:<17} {pw.match(true, model).similarity.round(3)}")

# %%
# The picture shows the parts and the true ones (dotted), each divided by its largest
# entry. In the free fit, the background is too low at the peaks, because the peaks
# contain some of it.
figure, axes = plt.subplots(1, 2, figsize=(8, 3.3), layout="constrained", sharey=True)
for ax, (name, model) in zip(
    axes, {"free": free, "background fixed": fixed}.items(), strict=True
):
    order = pw.match(true, model).pairs[:, 1]
    labels = ["background", "peak 1", "peak 2", "peak 3"]
    pw.plot.endmembers(
        model.components_[order],
        band,
        unit="",
        quantity="intensity",
        labels=labels,
        ax=ax,
    )
    ax.plot(band, (true / true.max(axis=1, keepdims=True)).T, ":", color="black")
    ax.set(title=name, xlabel="band")
figure.suptitle("Parts found, and the true ones dotted")
