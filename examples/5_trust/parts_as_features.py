"""
NMF as a step before something else
===================================

A classifier, a regression and a clustering can work on a few parts instead of all
columns. Does that help? Compare it with the same step without NMF, and with PCA.
"""

# %%
# We use three tasks on images of digits: classify the digit by its nearest neighbours;
# predict from the upper half of an image how much ink the lower half has; and find
# groups of images, which are compared with the digits.
import numpy as np
from matplotlib import pyplot as plt
from scipy.stats import t
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeCV
from sklearn.metrics import adjusted_mutual_info_score, make_scorer
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

import partwise as pw

X, digit = load_digits(return_X_y=True)
tasks = {
    "which digit": (X, digit, KNeighborsClassifier(5), "accuracy"),
    "ink below": (
        X[:, :32],
        X[:, 32:].sum(axis=1),
        RidgeCV(np.logspace(-3, 4, 15)),
        "r2",
    ),
    "groups": (
        X,
        digit,
        KMeans(10, n_init=2, random_state=0),
        make_scorer(adjusted_mutual_info_score),
    ),
}
measures = ["accuracy", "R2", "mutual information"]

# %%
# The scales of NMF weights differ, and parts overlap. ``PartFeatures`` corrects for
# both: the distances between its rows are the same as between rows of the model.
nmf = pw.NMF(16, random_state=0)
steps = {
    "raw": [],
    "PCA": [PCA(16, random_state=0)],
    "NMF": [nmf],
    "PartFeatures(NMF)": [pw.PartFeatures(nmf)],
}
folds = KFold(5, shuffle=True, random_state=0)

figure, axes = plt.subplots(1, 3, figsize=(8, 2.6), sharey=True, layout="constrained")
for ax, (task, (data, target, last, scoring)), measure in zip(
    axes, tasks.items(), measures, strict=True
):
    for name, before in steps.items():
        scores = cross_val_score(
            make_pipeline(*before, last), data, target, cv=folds, scoring=scoring
        )
        # folds share rows: Nadeau, Bengio 2003
        half = t.ppf(0.975, 4) * np.sqrt((1 / 5 + 1 / 4) * scores.var(ddof=1))
        ax.barh(
            name,
            scores.mean(),
            xerr=half,
            capsize=3,
            color="#E69F00" if "NMF" in name else "#0072B2",
        )
        print(f"{task:<12}{name:<18}{scores.mean():.3f} ± {half:.3f}")
    ax.set(title=task, xlabel=measure)
axes[0].invert_yaxis()
figure.suptitle("Digits with 16 features or all, with intervals for 95 %")

# %%
# Here no method is clearly better than the raw columns: the intervals of a task
# overlap, or nearly so. The advantage of NMF is that its columns can be interpreted.
