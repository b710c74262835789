"""
Digits: parts beside PCA
========================

NMF writes each image of a digit as a sum of parts. PCA has a lower error, but it also
subtracts, so its components are hard to interpret.
"""

# %%
# The picture shows sixteen parts of 1,797 images of 8 x 8 pixels:
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

import partwise as pw

X = load_digits().data
model = pw.NMF(16, random_state=0).fit(X)
pca = PCA(16, random_state=0).fit(X)

figure, axes = plt.subplots(2, 16, figsize=(8, 1.7), layout="constrained")
for part, (ours, theirs) in enumerate(axes.T):
    ours.imshow(model.components_[part].reshape(8, 8), cmap="gray_r")
    theirs.imshow(pca.components_[part].reshape(8, 8), cmap="PuOr", vmin=-0.4, vmax=0.4)
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
figure.suptitle(
    "Sixteen parts of digits by NMF, and sixteen components of PCA", fontsize="medium"
)
axes[0, 0].set_ylabel("NMF")
axes[1, 0].set_ylabel("PCA")

# %%
# The table compares the errors, and the share of entries that are about zero:
print(pw.compare_with_svd(X, 16, random_state=0))
