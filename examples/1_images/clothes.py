"""
Clothes: parts beside PCA
=========================

NMF finds the parts that clothes share: sleeves, legs, soles. PCA describes the same images with a lower error, but its
components take pixels away again, so none of them is a piece of clothing.
"""

# %%
# A thousand images of 28 x 28 pixels come with partwise, a hundred of each of ten classes:
from matplotlib import pyplot as plt
from sklearn.decomposition import PCA

import partwise as pw

clothes = pw.datasets.load_fashion_mnist()
X = clothes.images.reshape(1000, 784) / 255
print(clothes)

# %%
# Sixteen parts, from a start without randomness. Darker is more:
model = pw.NMF(16, init="nndsvda", max_iter=500).fit(X)
axes = pw.plot.components(model, shape=(28, 28), labels=[""] * 16)
axes[0].figure.suptitle("Sixteen parts of clothes by NMF: sleeves, legs, soles, bags")

# %%
# Sixteen components of PCA. Orange adds to a pixel, violet takes away from it:
pca = PCA(16, random_state=0).fit(X)
figure, axes = plt.subplots(2, 8, figsize=(6.4, 2.0), layout="constrained")
for ax, component in zip(axes.flat, pca.components_, strict=True):
    limit = abs(component).max()
    ax.imshow(component.reshape(28, 28), cmap="PuOr_r", vmin=-limit, vmax=limit)
    ax.set(xticks=[], yticks=[])
figure.suptitle("Sixteen components of PCA: orange adds, violet takes away")

# %%
# The weights of all images, by class: trousers are mostly part 7, and sneakers mostly part 9. Coats, pullovers and
# shirts share theirs: these are the classes that are hard to tell apart.
ax = pw.plot.weights(model, groups=[clothes.names[c] for c in clothes.labels])
ax.set_title("What each image is made of, by class")

# %%
# What the parts cost in error, beside the best that 16 components can do:
print(pw.compare_with_svd(X, 16, random_state=0))
